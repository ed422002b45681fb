"""Whole bots in processes of their own: killed, restarted, and several at once on one database."""
