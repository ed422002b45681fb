"""The bot itself, in as many ways as there are to keep the ids of a conversation until they are deleted.

Each answers every message with one, and ``/done`` by deleting what was said since the ``/done`` before. A module has
``build(dispatcher, bot, place)``.
"""
