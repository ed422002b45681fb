"""Deleting messages: what to ask for, how to find what is refused, and the calls themselves.

``routes``, ``windows``, ``suspicion``, ``plan``, ``estimate``, ``search`` and ``faults`` decide and do no I/O;
``ledger``, ``pacing``, ``work`` and ``executor`` act.
"""
