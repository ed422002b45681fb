"""A server in cluster mode: the contract, one slot a bot, and what is said of the wrong kind of client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.storage.conftest import running_redis
from tests.storage.redis.servers import RedisServer, prefix_of, raw_count, raw_data_count, raw_messages
from tests.thoroughness import tries
from tgslices.errors import StorageError
from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage import open_storage
from tgslices.storage.redis import RedisSessionStorage, scripts
from tgslices.testing.contract import DurableStorageContract
from tgslices.testing.contract.samples import KEY, NOW, sent


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisServer]:
    """A cluster of one node, which has all slots."""
    with running_redis("--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1") as server:
        with server.client() as client:
            client.execute_command("CLUSTER ADDSLOTS", *range(16_384))
            while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                time.sleep(0.01)
        yield server


class ClusterContract(DurableStorageContract):
    examples = tries(5)
    shared = True
    knows_idleness = False

    @pytest.fixture(autouse=True)
    def _use_server(self, cluster: RedisServer) -> None:
        self.server = cluster

    async def open_storage(self, place: Path) -> RedisSessionStorage:
        self.prefix = prefix_of(place)
        storage = RedisSessionStorage(f"redis+cluster://127.0.0.1:{self.server.port}", prefix=self.prefix)
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


@pytest.mark.sampled
class TestRedisCluster(ClusterContract):
    async def test_all_keys_of_a_bot_are_in_one_slot(self, storage: Any) -> None:
        for chat in range(20):
            await storage.open(SessionKey(42, chat, chat, qualifier="order"), at=NOW, outside=sent(1, chat))
            await storage.add(SessionKey(42, chat), sent(1, chat + 1))
        with self.server.client() as client:
            names = [*client.scan_iter(match=f"{{{self.prefix}:42}}*")]
            slots = {client.execute_command("CLUSTER KEYSLOT", name) for name in names}
        assert len(names) > 40
        assert len(slots) == 1


class TestStrictScripts(ClusterContract):
    """A script that says that it is Lua is refused each key that it did not declare, and each slot but one."""

    examples = tries(3)

    @pytest.fixture(autouse=True)
    def _be_strict(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def evaluate(client: Any, script: scripts.Script, keys: Any, args: Any) -> Any:
            return await client.execute_command("EVAL", "#!lua\n" + script.text, len(keys), *keys, *args)

        monkeypatch.setattr("tgslices.storage.redis.calls._evaluate", evaluate)


def test_a_script_that_is_strict_is_refused_another_slot(cluster: RedisServer) -> None:
    with cluster.client() as client, pytest.raises(redis.ResponseError, match="key"):
        client.eval("#!lua\nreturn {redis.call('GET', KEYS[1]), redis.call('GET', '{other}b')}", 1, "{one}a")


async def test_a_single_client_at_a_cluster_is_told_what_to_write(cluster: RedisServer) -> None:
    storage = open_storage(f"redis://127.0.0.1:{cluster.port}")
    with pytest.raises(StorageError) as caught:
        await storage.list(KEY)
    assert str(caught.value) == (
        f"Redis at redis://127.0.0.1:{cluster.port} is a cluster, and the client is for a single server. "
        "Write redis+cluster:// instead of redis://, or pass a RedisCluster."
    )


async def test_a_cluster_client_at_a_single_server_is_told_what_to_write(redis_server: RedisServer) -> None:
    storage = open_storage(f"redis+cluster://127.0.0.1:{redis_server.port}")
    with pytest.raises(StorageError) as caught:
        await storage.list(KEY)
    assert str(caught.value) == (
        f"Redis at redis+cluster://127.0.0.1:{redis_server.port} is no cluster, or cannot be reached as one. "
        "Write redis:// for a single server."
    )
