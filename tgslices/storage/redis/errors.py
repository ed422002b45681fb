"""What went wrong in Redis, as a :class:`StorageError` that names the cause and the remedy, and what to do next.

The texts of the server are quoted as far as they help; no password is part of them.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from redis import exceptions

from tgslices.errors import StorageError, TgslicesError
from tgslices.storage.group_commit import Verdict

INTACT: Final = "What was recorded before is intact."

_READ_ONLY: Final = "read only replica"

_BY_TEXT: Final = (
    (
        r"when used memory > 'maxmemory'",
        "has no memory left for more",
        f"{INTACT} Raise maxmemory or free some; ending sessions frees it, too.",
    ),
    (_READ_ONLY, "is a read-only replica", "Connect to the primary server."),
    (r"loading the dataset", "is loading its data", "The next call finds out whether it has finished."),
    (r"MISCONF", "cannot save to its disk and refuses writes", f"{INTACT} Look at the server's disk."),
    (r"busy running a script", "is kept busy by a script of somebody", "The next call finds out whether it has ended."),
    (
        r"NOAUTH|Authentication required|WRONGPASS|invalid username-password|invalid password|without any password",
        "refused the user or the password",
        "Check the credentials of the URL.",
    ),
    (
        r"NOPERM|no permissions",
        "refuses this user the right to do that",
        "Grant it on the storage's keys, channels and commands.",
    ),
    (r"CLUSTERDOWN|cluster is down|slot not served", "is a cluster that cannot answer", "Look at the cluster's nodes."),
    (r"MASTERDOWN|Link with MASTER is down", "has lost its primary server", "Connect to the primary server."),
    (r"NOREPLICAS|good replicas", "has too few replicas to take a write", "Look at the replicas."),
    (
        r"CROSSSLOT|hash to the same slot|MOVED",
        "is a cluster, and the client is for a single server",
        "Write redis+cluster:// instead of redis://, or pass a RedisCluster.",
    ),
    (
        r"WRONGTYPE|wrong kind of value",
        "holds keys of somebody else under the storage's names",
        "Give the storage another prefix.",
    ),
    (r"unknown command", "is too old", "Use Redis 6.2 or Valkey 7.2, or newer."),
)
"""What texts of the server contain, whatever the client makes of their codes. Source: the server's ``src/server.c``."""


class ErrorTexts:
    """Makes of whatever a client raises what callers get."""

    def __init__(self, where: str, timeout: float) -> None:
        """Name a server. ``timeout`` is in seconds."""
        self._where = where
        self._timeout = timeout

    def __call__(self, error: BaseException) -> Exception:
        """Return what callers get; an error of this library stays as it is."""
        if isinstance(error, TgslicesError):
            return error
        told = StorageError(*self._describe(error))
        told.__cause__ = error
        return told

    def _describe(self, error: BaseException) -> tuple[str, str]:
        where = f"Redis at {self._where}"
        text = str(error)
        if isinstance(error, TimeoutError | asyncio.TimeoutError | exceptions.TimeoutError):
            return (
                f"{where} did not answer within {self._timeout:g} seconds.",
                "Look at the server and the network, or give the storage a longer timeout.",
            )
        if isinstance(error, exceptions.ResponseError | exceptions.BusyLoadingError | exceptions.AuthenticationError):
            for sign, problem, remedy in _BY_TEXT:
                if re.search(sign, text):
                    return f"{where} {problem}.", remedy
        if isinstance(error, exceptions.MaxConnectionsError) or "Too many connections" in text:
            return (
                f"The client of Redis at {self._where} has no connection left.",
                "Give it a BlockingConnectionPool, or a larger max_connections.",
            )
        if isinstance(error, exceptions.RedisClusterException | exceptions.ClusterError):
            return f"{where} is no cluster, or cannot be reached as one.", "Write redis:// for a single server."
        if isinstance(error, exceptions.ConnectionError | OSError | EOFError):
            return (
                f"{where} cannot be reached ({_first_line(text)}).",
                "The next call connects anew; look at the server and the network.",
            )
        return f"{where} failed ({type(error).__name__}: {_first_line(text)}).", "Look at the server's log."


def is_lost(error: BaseException) -> bool:
    """Tell whether a connection was lost, so that the same call, by its token, may be made again on another one."""
    if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError | exceptions.BusyLoadingError):
        return False
    return isinstance(error, exceptions.ConnectionError) and not isinstance(error, exceptions.MaxConnectionsError)


def is_demoted(error: BaseException) -> bool:
    """Tell whether a server refused to write because it is a replica: nothing was done, and another one is primary."""
    return isinstance(error, exceptions.ResponseError) and re.search(_READ_ONLY, str(error)) is not None


def verdict_on(error: Exception, failures: int) -> Verdict:
    """Tell what to do with a group of writes that failed: a single key may be somebody else's."""
    return Verdict.ALONE if re.search(r"WRONGTYPE|wrong kind of value", str(error.__cause__ or error)) else Verdict.FAIL


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:200]
