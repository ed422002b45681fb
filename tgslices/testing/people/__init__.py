"""People: what they see, may do, and do in a chat."""
