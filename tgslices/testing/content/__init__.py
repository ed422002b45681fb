"""Contents of messages: texts, media and markup, and the same in words."""
