"""The contract on Valkey, by a URL and with a user's client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.storage.redis.servers import RedisServer, prefix_of, raw_count, raw_data_count, raw_messages
from tests.thoroughness import tries
from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.redis import RedisSessionStorage
from tgslices.testing.contract import DurableStorageContract


class RedisContract(DurableStorageContract):
    examples = tries(10)
    shared = True
    knows_idleness = False

    @pytest.fixture(autouse=True)
    def _use_server(self, redis_server: RedisServer) -> None:
        self.server = redis_server

    async def open_storage(self, place: Path) -> RedisSessionStorage:
        self.prefix = prefix_of(place)
        storage = RedisSessionStorage(self.server.url, prefix=self.prefix)
        await storage.start()
        return storage

    async def raw_list(self, storage: RedisSessionStorage, key: SessionKey) -> list[TrackedMessage]:
        with self.server.client() as client:
            return raw_messages(client, self.prefix, key)

    async def raw_count(self, storage: RedisSessionStorage) -> int:
        with self.server.client() as client:
            return raw_count(client, self.prefix)

    async def raw_data_count(self, storage: RedisSessionStorage) -> int:
        with self.server.client() as client:
            return raw_data_count(client, self.prefix)


class TestRedis(RedisContract):
    pass


@pytest.mark.sampled
class TestRedisOfUser(RedisContract):
    """A user's client, which repeats what it takes for lost, and may open few connections."""

    examples = tries(5)

    async def open_storage(self, place: Path) -> RedisSessionStorage:
        self.prefix = prefix_of(place)
        client: Any = Redis.from_url(self.server.url)
        storage = RedisSessionStorage(client, prefix=self.prefix)
        self.clients = [*getattr(self, "clients", ()), client]
        await storage.start()
        return storage

    async def close_storage(self, storage: RedisSessionStorage) -> None:
        await storage.aclose()
        for client in self.clients:
            await client.aclose()
