"""What went wrong in a database, as a :class:`StorageError` that names the cause and the remedy, and what to do next.

The texts of drivers are quoted as far as they help; a password is never part of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tgslices.errors import StorageError, TgslicesError, ValueRefused
from tgslices.storage.group_commit import Verdict
from tgslices.storage.sqlalchemy.database.urls import masked, secrets_of

INTACT: Final = "What was recorded before is intact."

_SQLITE: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_BUSY: (
        "is locked by another process or connection",
        "Find out who keeps a transaction open on it, or give the storage a longer timeout.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "is locked within this process",
        "End the transaction that is open on it, or give the storage an engine of its own.",
    ),
    sqlite3.SQLITE_READONLY: (
        "is read-only",
        "Give this process the right to write the file and its directory, or name another file.",
    ),
    sqlite3.SQLITE_FULL: ("cannot grow, because the disk is full", f"{INTACT} Free some space; writing goes on then."),
    sqlite3.SQLITE_IOERR: ("could not be read or written", "Look at the disk and at the space that is left on it."),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "Name a file in a directory that exists and that this process may write.",
    ),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Restore it from a backup, or move it away to start anew."),
    sqlite3.SQLITE_NOTADB: ("is no SQLite database", "Name another file, or move this one away to start anew."),
}
"""By primary result code. Source: https://www.sqlite.org/rescode.html"""

_POSTGRESQL: Final[dict[str, tuple[str, str]]] = {
    "28": ("refused the user or the password", "Check the credentials of the URL and the server's pg_hba.conf."),
    "3D": ("knows no such database", "Create it, or correct the name in the URL."),
    "3F": ("knows no such schema", "Create it, or correct the name that the storage was given."),
    "42501": (
        "refuses this user the right to do that",
        "Grant it, or create the tables beforehand and pass create=False.",
    ),
    "42P01": ("misses a table", "Restore it from a backup, or create it as storage.metadata describes it."),
    "42703": ("misses a column", "Bring the tables up to storage.metadata with your migrations."),
    "25006": ("is read-only", "Connect to the primary server, or let the user write."),
    "53100": ("cannot grow, because its disk is full", f"{INTACT} Free some space; writing goes on then."),
    "53300": ("has no connection left", "Lower the pools of its clients, or raise max_connections."),
    "57014": ("cancelled a statement that took too long", "Raise statement_timeout, or see what keeps it waiting."),
    "55P03": ("is locked by another transaction", "See who keeps a transaction open on the storage's tables."),
    "08": ("lost the connection", "The next call connects anew; look at the server and the network."),
    "57P": ("is shutting down or starting", "The next call connects anew; look at the server."),
}
"""By SQLSTATE, or the beginning of one. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html"""

_MISSED_BY_SQLITE: Final = {"no such table": "42P01", "no such column": "42703", "has no column named": "42703"}
"""What PostgreSQL would say. SQLite has one code for every statement that it does not understand."""

_TRANSIENT: Final = ("40001", "40P01")
"""Serialization failure and deadlock: the same again succeeds."""

MAX_ATTEMPTS: Final = 8


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made of."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = (seen.orig if isinstance(seen, StatementError) else None) or seen.__cause__


def sqlstate_of(error: BaseException) -> str:
    """Return PostgreSQL's code of an error, or an empty string."""
    for part in _chain(error):
        state = getattr(part, "sqlstate", None)
        if isinstance(state, str):
            return state
    return ""


def sqlite_code_of(error: BaseException) -> int | None:
    """Return SQLite's primary result code of an error."""
    for part in _chain(error):
        code = getattr(part, "sqlite_errorcode", None)
        if isinstance(code, int):
            return code & 0xFF
    return None


def is_stale_connection(error: BaseException) -> bool:
    """Tell whether a pooled connection turned out to be dead, which says nothing about the next one."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    # asyncpg raises it before it sends anything, when the server has said goodbye and has not hung up yet. SQLAlchemy
    # before 2.0.50 lets it through as it is.
    return type(error).__name__ == "InternalClientError"


def is_transient(error: BaseException) -> bool:
    """Tell whether two transactions got into each other's way."""
    return sqlstate_of(error) in _TRANSIENT


def verdict_on(error: Exception, failures: int) -> Verdict:
    """Decide what to do with a group of writes that has failed for the given number of times."""
    if is_stale_connection(error) and failures == 1:
        return Verdict.AGAIN
    if is_transient(error) and failures < MAX_ATTEMPTS:
        return Verdict.AGAIN
    # A plain error of values or types may also be what a driver says of a connection that was closed.
    if is_about_a_value(error) or type(error) in (ValueError, TypeError):
        return Verdict.ALONE
    return Verdict.FAIL


_SQLITE_VALUES: Final = (sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH)
_POSTGRESQL_VALUES: Final = ("22", "23", "P0001")
"""Data that cannot be kept, a constraint that forbids it, and a trigger of the user's that does."""


def is_about_a_value(error: BaseException) -> bool:
    """Tell whether the database or its driver refuses what was to be written, and would refuse it again."""
    if is_stale_connection(error):
        return False
    if sqlite_code_of(error) in _SQLITE_VALUES or sqlstate_of(error).startswith(_POSTGRESQL_VALUES):
        return True
    return any(
        isinstance(part, OverflowError | UnicodeEncodeError) or _is_refused_by_driver(part) for part in _chain(error)
    )


def _is_refused_by_driver(error: BaseException) -> bool:
    """Tell whether a driver could not put a value into its own form: asyncpg's DataError has no SQLSTATE then."""
    if isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError):
        return "binding parameter" in str(error)
    return isinstance(error, ValueError) and type(error).__name__ == "DataError"


class ErrorTexts:
    """Makes errors of one database presentable."""

    def __init__(self, url: URL, timeout: float) -> None:
        """Speak of the database at this URL; ``timeout`` is in seconds."""
        self._where = f"The storage at {masked(url)}"
        self._secrets = tuple(secrets_of(url))
        self._timeout = timeout
        self._is_file = url.get_backend_name() == "sqlite"

    def __call__(self, error: BaseException) -> Exception:
        """Return what a caller gets for an error of the driver; our own errors stay as they are."""
        if isinstance(error, TgslicesError):
            return error
        told = (ValueRefused if is_about_a_value(error) else StorageError)(*self._describe(error))
        told.__cause__ = error
        return told

    def _describe(self, error: BaseException) -> tuple[str, str]:
        if isinstance(error, TimeoutError):
            return (
                f"{self._where} did not answer within {self._timeout:g} seconds.",
                "See who keeps locks in it, or give the storage a longer timeout."
                if self._is_file
                else "Check that the server can be reached and who keeps locks in the database, "
                "or give the storage a longer timeout.",
            )
        if isinstance(error, PoolTimeout):
            return (
                f"{self._where} got no connection, because all of the engine's pool are in use.",
                "Give connections back sooner, make the pool larger, or give the storage an engine of its own.",
            )
        code = sqlite_code_of(error)
        state = sqlstate_of(error)
        if code == sqlite3.SQLITE_ERROR:
            text = self._quote(error)
            state = next((state for words, state in _MISSED_BY_SQLITE.items() if words in text), "")
        known = _SQLITE.get(code) if code is not None else None
        for length in (5, 3, 2):
            known = known or _POSTGRESQL.get(state[:length])
        if known is not None:
            return (f"{self._where} {known[0]} ({self._quote(error)}).", known[1])
        if is_about_a_value(error):
            return (
                f"{self._where} refuses what was to be written ({self._quote(error)}).",
                "Everything else is written; see which constraint, trigger or type of a column refuses it.",
            )
        if self._is_file and any(isinstance(part, OSError) for part in _chain(error)):
            return (
                f"{self._where} could not be read or written ({self._quote(error)}).",
                "Look at the disk, at the space that is left on it, and at this process's rights there.",
            )
        if any(isinstance(part, OSError) for part in _chain(error)):
            return (
                f"{self._where} cannot be reached ({self._quote(error)}).",
                "Check that the server runs and that host and port of the URL are right.",
            )
        return (f"{self._where} failed ({self._quote(error)}).", "The cause is chained to this error.")

    def _quote(self, error: BaseException) -> str:
        *_, innermost = _chain(error)
        text = (str(innermost).strip().splitlines() or [""])[0]
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return f"{type(innermost).__name__}: {text}" if text else type(innermost).__name__
