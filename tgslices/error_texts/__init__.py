"""Texts of errors: in one line and without secrets, and what somebody probably meant."""
