"""A storage that is opened to be read only looks at what is there, and changes nothing, whoever owns it."""

from __future__ import annotations

import pytest

from tests.storage.redis.servers import RedisServer
from tgslices.errors import OtherSchema, StorageError
from tgslices.model import SessionKey
from tgslices.storage.acquiring import durable
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.opening import open_storage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent
from tgslices.testing.contract.upkeep import IN_PRIVATE


async def test_what_a_running_bot_writes_can_be_read_and_not_written(url: str) -> None:
    writer, reader = durable(open_storage(url)), durable(open_storage(url, reads_only=True))
    await writer.open(KEY, at=NOW)
    await writer.put_data(KEY, {"form": StoredData("1", 1, NOW)})
    for message_id in (1, 2):
        await writer.record(IN_PRIVATE, sent(message_id))
        assert len(await reader.list(KEY)) == message_id
    assert await reader.is_open(KEY)
    assert await reader.open_keys(KEY.bot_id) == await reader.matching(IN_PRIVATE) == [KEY]
    assert not reader.is_idle(KEY.bot_id)
    assert len((await reader.list_sessions(KEY.bot_id, limit=9)).sessions) == 1
    assert [*await reader.read_data(KEY, now=NOW)] == ["form"]
    assert await reader.pending(KEY.bot_id) == []
    for write in (
        reader.open(SessionKey(42, 8), at=NOW),
        reader.add(KEY, sent(3)),
        reader.record(IN_PRIVATE, sent(3)),
        reader.remove(KEY, [sent(1)]),
        reader.claim(KEY, None, now=NOW, until=NOW + MINUTE),
        reader.close(KEY, at=NOW),
        reader.put_data(KEY, {"form": None}),
        reader.unsubscribe(KEY),
    ):
        with pytest.raises(StorageError, match="opened to be read only"):
            await write
    await reader.aclose()
    assert len(await writer.list(KEY)) == 2
    await writer.aclose()


async def test_an_empty_server_is_left_empty(redis_url: str, redis_server: RedisServer) -> None:
    reader = durable(open_storage(redis_url, reads_only=True))
    assert await reader.open_keys(KEY.bot_id) == []
    await reader.aclose()
    with redis_server.client() as client:
        assert client.dbsize() == 0


async def test_tables_are_not_made(postgres_url: str) -> None:
    reader = durable(open_storage(postgres_url, reads_only=True))
    with pytest.raises(OtherSchema, match="tgslices_meta is missing"):
        await reader.open_keys(KEY.bot_id)
