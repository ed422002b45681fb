"""Engines, connections and transactions, and where SQLite and PostgreSQL differ."""
