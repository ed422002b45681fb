"""Deleting messages: what to ask for, how to find what is refused, and the calls themselves.

What decides: ``routes``, ``windows``, ``suspicion``, ``plan``, ``refusal_rate``, ``group_testing``, ``rights``,
``requests`` and ``answers``. What acts: ``ledger``, ``pacing``, ``asker``, ``place``, ``run`` and ``executor``.
"""
