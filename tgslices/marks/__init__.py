"""Marks: named places in a slice to go back to, kept with the session's data."""
