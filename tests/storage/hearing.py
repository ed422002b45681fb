"""What workers of any shared storage hear of each other; each kind of storage derives its tests from these."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tgslices.model import IfClosed, Scope, SessionKey
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.testing.contract.samples import KEY, NOW, sent

SCOPE = Scope(42, 7, "private", 7)
ELSEWHERE = Scope(42, 8, "private", 8)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def until_idle(worker: DurableSessionStorage) -> None:
    await until(lambda: worker.is_idle(KEY.bot_id))


def may_match(worker: Any, scope: Scope) -> bool:
    """Tell whether a worker of either kind takes an open key in a chat for possible."""
    knowing = worker._open_keys if hasattr(worker, "_open_keys") else worker._hearing
    return bool(knowing.may_match(scope))


async def until_known(worker: DurableSessionStorage, key: SessionKey) -> None:
    """Let a worker learn that a key is open, and nothing else in another chat."""
    await until(lambda: not worker.is_idle(KEY.bot_id) and not may_match(worker, ELSEWHERE))
    await worker.open(key, at=NOW)
    await until(lambda: worker.knows_open(key))


class HearingTests:
    """Two workers that know that nothing is open: the fixture ``workers``."""

    async def test_what_a_worker_opens_it_knows_at_once_and_the_others_soon(
        self, workers: list[DurableSessionStorage]
    ) -> None:
        mine, other = workers
        await mine.open(KEY, at=NOW)
        assert not mine.is_idle(KEY.bot_id)
        assert mine.knows_open(KEY)
        assert await mine.record(SCOPE, sent(1)) == 1
        await until(lambda: not other.is_idle(KEY.bot_id))
        assert await other.record(SCOPE, sent(2)) == 1
        assert await mine.list(KEY) == [sent(1), sent(2)]

    async def test_a_session_that_is_opened_by_an_entry_is_heard_of_too(
        self, workers: list[DurableSessionStorage]
    ) -> None:
        mine, other = workers
        await mine.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        assert not mine.is_idle(KEY.bot_id)
        await until(lambda: not other.is_idle(KEY.bot_id))
        assert await other.record(SCOPE, sent(2)) == 1

    @pytest.mark.parametrize("how", ["close", "unsubscribe"])
    async def test_what_a_worker_closes_the_others_open_again(
        self, workers: list[DurableSessionStorage], how: str
    ) -> None:
        mine, other = workers
        await mine.open(KEY, at=NOW)
        await until_known(other, KEY)
        await (mine.close(KEY, at=NOW) if how == "close" else mine.unsubscribe(KEY))
        assert not mine.knows_open(KEY)
        await until(lambda: not other.knows_open(KEY))
        for worker in workers:
            await until_idle(worker)
        assert await other.open(KEY, at=NOW) is True
        await until(lambda: not mine.is_idle(KEY.bot_id))

    async def test_a_chat_that_moves_is_heard_of_under_its_new_id(self, workers: list[DurableSessionStorage]) -> None:
        mine, other = workers
        await mine.open(KEY, at=NOW)
        await until_known(other, KEY)
        assert await mine.migrate(42, 7, 8) == [KEY]
        assert not mine.knows_open(KEY)
        assert may_match(mine, ELSEWHERE)
        await until(lambda: not other.knows_open(KEY))
        await until(lambda: may_match(other, ELSEWHERE) and not may_match(other, SCOPE))
        assert await other.record(Scope(42, 8, "private", 7), sent(1, 8)) == 1

    async def test_two_sessions_of_a_chat_are_told_apart(self, workers: list[DurableSessionStorage]) -> None:
        mine, other = workers
        order = replace(KEY, qualifier="order")
        for key in (KEY, order):
            await mine.open(key, at=NOW)
            await until_known(other, key)
        await mine.close(order, at=NOW)
        await until(lambda: not other.knows_open(order))
        await until_known(other, KEY)
        assert may_match(other, SCOPE)
        await mine.close(KEY, at=NOW)
        await until_idle(other)


async def opens_while_read(mine: DurableSessionStorage, make: Callable[[], DurableSessionStorage]) -> None:
    """Open each key at another moment of another worker's start; it is never missed."""
    await mine.start()
    for number in range(20):
        key = replace(KEY, qualifier=str(number))
        other = make()
        starting = asyncio.create_task(other.start())
        for _ in range(number * 3):
            await asyncio.sleep(0)
        await mine.open(key, at=NOW)
        await starting
        for _ in range(20):
            assert not other.is_idle(KEY.bot_id)
            await asyncio.sleep(0.001)
        await mine.close(key, at=NOW)
        await other.aclose()
    await mine.aclose()
