"""Slices in an SQL database: SQLite as the embedded default, PostgreSQL when a bot outgrows one machine."""

from tgslices.storage.sqlalchemy.storage import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.tables.schema import build_tables

__all__ = ["SQLAlchemySessionStorage", "build_tables"]
