"""Deleting messages: what to ask for, how to find what is refused, and the calls themselves.

``routes``, ``windows``, ``suspicion``, ``plan``, ``estimate``, ``search``, ``rights``, ``requests`` and ``faults`` decide;
``ledger``, ``pacing``, ``asking``, ``work``, ``run`` and ``executor`` act.
"""
