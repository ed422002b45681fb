"""Replaying: the slice copied to another place.

What decides: ``obstacles``, ``plan``, ``requests``, ``originals`` and ``answers``. What acts: ``run`` and
``replayer``. What it gives back: ``result``.
"""
