"""A bot that takes an order and leaves no trail: ``python -m examples.order_flow``.

Read ``slices``, ``order``, ``leaving`` and ``support`` first. ``rehearsal/`` plays the bot's customers; leave it out
when you copy the bot.
"""
