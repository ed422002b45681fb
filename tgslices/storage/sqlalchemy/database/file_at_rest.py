"""An SQLite file that nobody has open, read by a process that may not write it."""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

_AT_REST: Final = "tgslices_at_rest"


def read_at_rest(engine: AsyncEngine) -> None:
    """Let an engine read a file that it may not write and that nobody has open, as long as that is so.

    In the journal mode WAL SQLite wants to write beside the file, also to read it, unless told that nobody changes it.
    Source: https://www.sqlite.org/wal.html#readonly
    """

    # SQLAlchemy 2.0 hands out what was changed for an earlier connection, 2.1 what was given.
    given: list[tuple[str, bool]] = []

    @event.listens_for(engine.sync_engine, "do_connect")
    def choose(_: object, record: ConnectionPoolEntry, words: list[Any], options: dict[str, Any]) -> None:
        if not given:
            given.append((words[0], options.get("uri", False)))
        [(path, is_uri)] = given
        words[0], options["uri"] = path, is_uri
        if _is_at_rest(path):
            record.info[_AT_REST] = path
            words[0], options["uri"] = f"file:{quote(path)}?immutable=1", True

    @event.listens_for(engine.sync_engine, "checkout")
    def look_again(_: object, record: ConnectionPoolEntry, __: object) -> None:
        if (path := record.info.get(_AT_REST)) is not None and not _is_at_rest(path):
            raise DisconnectionError  # the pool opens another connection


def _is_at_rest(path: str) -> bool:
    """Tell whether a database is there that this process may not write, and that nobody has open or has left open."""
    if not os.path.isfile(path) or os.path.exists(f"{path}-wal"):  # noqa: PTH110, PTH113 - the path is a text
        return False
    return not (os.access(path, os.W_OK) and os.access(os.path.dirname(path) or ".", os.W_OK))  # noqa: PTH120
