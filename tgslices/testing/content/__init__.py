"""What messages hold: texts, media, markup, and all of it in words."""
