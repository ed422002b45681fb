"""The client of a storage: one of its own, made from a URL, or the user's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeAlias, cast

from redis.asyncio import BlockingConnectionPool, Connection, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tgslices.errors import StorageError

Client: TypeAlias = "Redis | RedisCluster"
"""A client of ``redis.asyncio``."""

CONNECTIONS: Final = 32
"""How many connections a client of one's own opens at most; a call waits when all are busy."""

SCANNED: Final = 1_000
"""Names that the server looks at in one step, about."""

_CLUSTER: Final = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
_EXAMPLES: Final = (
    "Write it like redis://user:password@host:6379/0, rediss://host, unix:///path or redis+cluster://host."
)
_PASSWORD_IN_QUERY: Final = re.compile(r"(?<=password=)[^&]*")


class Clients:
    """Makes clients of one URL, or hands out the user's; tells what server that is, without its password."""

    def __init__(self, url_or_client: object, *, timeout: float) -> None:
        """Look at what was given; nothing is connected. ``timeout`` is in seconds.

        Raises:
            StorageError: it is no URL of Redis and no client that can be used.
        """
        self._timeout = timeout
        self.is_own = isinstance(url_or_client, str)
        if isinstance(url_or_client, str):
            self.where = masked(url_or_client)
            self.is_cluster = url_or_client.partition("://")[0] in _CLUSTER
            self.make = self._maker(url_or_client)
        elif isinstance(url_or_client, Redis | RedisCluster):
            _require_bytes(url_or_client)
            client = url_or_client
            self.where = _address_of(client)
            self.is_cluster = isinstance(client, RedisCluster)
            self.make = lambda: client
        else:
            raise StorageError(
                f"An object of the type {type(url_or_client).__name__} is neither a URL nor a client of redis.asyncio.",
                "Pass redis.asyncio.Redis(...), redis.asyncio.RedisCluster(...) or a URL like redis://localhost.",
            )

    def _maker(self, url: str) -> Callable[[], Client]:
        options: dict[str, Any] = {
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": self._timeout,
            "socket_connect_timeout": self._timeout,
            "protocol": 2,
        }
        scheme, _, rest = url.partition("://")
        try:
            if scheme in _CLUSTER:
                address = f"{_CLUSTER[scheme]}://{rest}"
                BlockingConnectionPool.from_url(address)  # refuses a wrong one now, and opens nothing
                return lambda: RedisCluster.from_url(address, **options)
            pool: dict[str, Any] = {**options, "max_connections": CONNECTIONS, "timeout": self._timeout}
            _require_bytes(Redis.from_pool(BlockingConnectionPool.from_url(url, **pool)))
            return lambda: Redis.from_pool(BlockingConnectionPool.from_url(url, **pool))
        except (ValueError, TypeError) as error:
            if "@" in rest and "@" not in re.split("[/?#]", rest, maxsplit=1)[0]:  # the error quotes what is before
                what, remedy = "its password has one of / ? #", "Write them as %2F, %3F and %23."
            else:
                what, remedy = str(error), _EXAMPLES
            raise StorageError(f"The URL {self.where!r} cannot be used ({what}).", remedy) from None


def masked(url: str) -> str:
    """Return a URL with its password, wherever it stands, replaced."""
    scheme, separator, rest = url.partition("://")
    credentials, at, address = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    shown = f"{user}:***" if colon else credentials
    return f"{scheme}{separator}{shown}{at}{_PASSWORD_IN_QUERY.sub('***', address)}"


def database_of(client: Client) -> int:
    """Return the number of the database that a client uses."""
    return 0 if isinstance(client, RedisCluster) else int(client.connection_pool.connection_kwargs.get("db") or 0)


def listener(client: Client) -> Callable[[], Connection] | None:
    """Return what makes connections to a client's server outside of its pool, not yet connected; None in a cluster.

    A cluster tells notices to all of its nodes, and promises nobody that they arrive.
    """
    if isinstance(client, RedisCluster):
        return None
    pool = client.connection_pool

    def connect() -> Connection:
        made: Any = pool.connection_class(**{**pool.connection_kwargs, "protocol": 2, "socket_timeout": None})
        return cast(Connection, made)

    return connect


async def leave(client: Client) -> None:
    """Hang up connections that nobody uses: they lead to a server that is a replica now, and its address elsewhere.

    A cluster tells by itself where a slot is served.
    """
    if isinstance(client, Redis):
        await client.connection_pool.disconnect(inuse_connections=False)


def abandon(client: Client) -> None:
    """Let go of connections that belong to an event loop that is closed: nobody can close them any more."""
    if isinstance(client, RedisCluster):
        return
    pool: Any = client.connection_pool
    for connection in (*pool._available_connections, *pool._in_use_connections):
        writer, connection._writer, connection._reader = connection._writer, None, None
        if writer is not None:
            _hang_up(writer.transport)


def _hang_up(transport: Any) -> None:
    """Close the socket of a transport whose event loop is closed, and would be asked to close it otherwise."""
    with suppress(RuntimeError, AttributeError):
        transport.abort()
    socket, transport._sock = getattr(transport, "_sock", None), None
    if socket is not None:
        socket.close()


def _address_of(client: Client) -> str:
    if isinstance(client, RedisCluster):
        return "a Redis cluster"
    options = client.connection_pool.connection_kwargs
    return str(options["path"]) if "path" in options else f"{options.get('host', 'Redis')}:{options.get('port', 6379)}"


def _require_bytes(client: Client) -> None:
    """Refuse a client that makes text of every answer: entries are no text."""
    if client.get_encoder().decode_responses:
        raise StorageError(
            "The client decodes responses to text, and the entries of sessions are no text.",
            "Make a client for the storage without decode_responses=True.",
        )


async def close(client: Client) -> None:
    """Close a client and its connections."""
    await client.aclose()
    if isinstance(client, Redis):
        await asyncio.shield(client.connection_pool.disconnect())


async def scan(client: Any, place: bytes, cursor: int, pattern: bytes) -> tuple[int | None, list[bytes]]:
    """Return some names that a pattern fits, on the server that has ``place``, and where to go on; None at the end."""
    words = ("SCAN", cursor, "MATCH", pattern, "COUNT", SCANNED)
    if not isinstance(client, RedisCluster):
        after, found = await client.execute_command(*words)
    else:
        after, found = await client.execute_command(*words, target_nodes=client.get_node_from_key(place))  # type: ignore[arg-type]  # bytes are hashed alike
        if isinstance(after, dict):
            [after] = after.values()
    return int(after) or None, found
