"""What Telegram allows, as small pure functions, each with its source.

Nothing here knows the world, HTTP or time: everything that a decision needs is an argument. A function named
``*_refusal`` returns the error that the server would answer, or None if it would do the work.
"""
