"""Bots worth copying, each with a rehearsal that needs neither a token nor a network."""
