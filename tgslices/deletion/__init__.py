"""Deleting messages: what to ask for, how to find what is refused, and the calls themselves.

What decides: ``routes``, ``windows``, ``suspicion``, ``plan``, ``estimate``, ``search``, ``rights``, ``requests`` and
``faults``. What acts: ``ledger``, ``pacing``, ``asking``, ``work``, ``run`` and ``executor``.
"""
