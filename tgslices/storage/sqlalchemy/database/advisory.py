"""The advisory lock under which workers that start at the same moment take turns with the tables of a schema."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SCHEMA: Final = """
    SELECT coalesce(
        (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid = to_regclass(:table)),
        current_schema()
    )::text
"""
"""Where an unqualified table is, or else would be made."""


async def wait_for_schema(connection: AsyncConnection, prefix: str, schema: str | None) -> None:
    """Wait for the lock on the tables with a prefix, and hold it until the transaction ends."""
    found = await schema_of_tables(connection, prefix, schema)
    # A number that no other user of the database is likely to take.
    digest = blake2b(f"tgslices\0{found}\0{prefix}\0schema".encode(), digest_size=8).digest()
    key = int.from_bytes(digest, "big", signed=True)
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


async def schema_of_tables(connection: AsyncConnection, prefix: str, schema: str | None) -> str:
    """Return the schema that the tables are in, because two of one database are none of each other's business."""
    if schema is not None:
        return schema
    quoted = f"{prefix}meta".replace('"', '""')
    found: str | None = await connection.scalar(text(_SCHEMA), {"table": f'"{quoted}"'})
    return found or ""
