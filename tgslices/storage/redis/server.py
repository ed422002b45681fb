"""What a server must be, looked at once when a storage starts."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from redis.asyncio import RedisCluster

from tgslices.errors import OtherSchema, StorageError
from tgslices.storage.redis.clients import Client

LAYOUT: Final = b"1"
"""Which layout of keys this release reads and writes."""

MIN_VERSION: Final = (6, 2)

logger: Final = logging.getLogger("tgslices")


async def check(client: Client, where: str, version_key: bytes, *, writes: bool = True) -> None:
    """Look at a server and at the layout of what it holds; warn if it may evict keys.

    An empty one is told the layout, if the storage ``writes``.

    Raises:
        StorageError: it is too old, is a cluster or none against the URL, or holds a layout of another release.
    """
    is_for_cluster = isinstance(client, RedisCluster)
    info = await _info(client)
    _require_version(info, where)
    if bool(info.get("cluster_enabled")) and not is_for_cluster:
        raise StorageError(
            f"Redis at {where} is a cluster, and the client is for a single server.",
            "Write redis+cluster:// instead of redis://, or pass a RedisCluster.",
        )
    if policy := _evicting(info):
        logger.warning(
            "Redis at %s may evict keys (maxmemory-policy %s): messages in them could never be deleted. "
            "Set maxmemory-policy to noeviction.",
            where,
            policy,
        )
    found = await client.get(version_key)
    if writes and found is None and info.get("role") != "slave":
        await client.set(version_key, LAYOUT, nx=True)
        found = await client.get(version_key)
    if found not in {None, LAYOUT}:
        raise OtherSchema(
            f"Redis at {where} holds sessions in the layout {found!r}, which this release does not know.",
            "Install the release of tgslices that wrote them, or give the storage another prefix.",
        )


async def warnings(client: Client) -> list[str]:
    """Return what is wrong with a server that is used all the same, in whole sentences."""
    policy = _evicting(await _info(client))
    if policy is None:
        return []
    remedy = "Set maxmemory-policy to noeviction."
    return [f"The server may evict keys (maxmemory-policy {policy}), and with them messages. {remedy}"]


async def _info(client: Client) -> dict[str, Any]:
    if isinstance(client, RedisCluster):
        await client.initialize()
        of_one: dict[str, Any] = await client.info(target_nodes=client.get_default_node())
        return of_one
    told: dict[str, Any] = await client.info()
    return told


def _require_version(info: dict[str, Any], where: str) -> None:
    """Refuse a server whose commands do not suffice."""
    told = str(info.get("redis_version", ""))
    numbers = re.match(r"(\d+)\.(\d+)", told)
    if numbers and (int(numbers[1]), int(numbers[2])) < MIN_VERSION:
        raise StorageError(f"Redis at {where} is of version {told}.", "Use Redis 6.2 or Valkey 7.2, or newer.")


def _evicting(info: dict[str, Any]) -> str | None:
    """Return the eviction policy if keys may be lost by it. Managed servers tell it without CONFIG rights, too."""
    policy = str(info.get("maxmemory_policy", "noeviction"))
    # The volatile ones evict keys with an expiry alone, and none that holds messages has one.
    return policy if policy.startswith("allkeys") else None
