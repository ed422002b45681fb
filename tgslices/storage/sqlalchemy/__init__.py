"""Slices in an SQL database: SQLite as the embedded default, PostgreSQL when a bot outgrows one machine."""

from tgslices.storage.sqlalchemy.schema import build_tables
from tgslices.storage.sqlalchemy.storage import SQLAlchemySessionStorage

__all__ = ["SQLAlchemySessionStorage", "build_tables"]
