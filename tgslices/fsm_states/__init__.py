"""Sessions that live as long as aiogram's state is one of a group: a states group, a scene, a dialog."""
