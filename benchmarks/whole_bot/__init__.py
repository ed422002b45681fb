"""A whole bot behind webhooks, with sessions and without: what a user gets of a worker, and what sessions take of it.

``__main__`` has the command; ``contestants`` says which bots are compared, and the modules beside it are those bots;
``worker`` is a process that serves one; ``load`` is the other side, which posts updates and plays the Bot API.
"""
