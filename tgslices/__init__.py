"""Sessions for aiogram 3."""
