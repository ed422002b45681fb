"""Locks that exist only while they are used."""

from __future__ import annotations

import asyncio

import pytest

from tgslices.model import SessionKey
from tgslices.storage.inprocess.key_locks import KeyLocks

A, B = SessionKey(1, 2), SessionKey(1, 3)


async def test_holders_of_one_key_take_turns_in_the_order_in_which_they_came() -> None:
    locks, log = KeyLocks(), list[str]()

    async def work(name: str, key: SessionKey) -> None:
        async with locks.hold(key):
            log.append(f"{name} in")
            await asyncio.sleep(0)
            log.append(f"{name} out")

    await asyncio.gather(work("first", A), work("second", A), work("third", A))
    assert log == ["first in", "first out", "second in", "second out", "third in", "third out"]
    log.clear()
    await asyncio.gather(work("one", A), work("other", B))
    assert log == ["one in", "other in", "one out", "other out"]
    assert len(locks) == 0


async def test_nothing_is_left_of_a_holder_that_fails_or_is_cancelled() -> None:
    locks, entered = KeyLocks(), asyncio.Event()

    async def forever() -> None:
        async with locks.hold(A):
            entered.set()
            await asyncio.Event().wait()

    holder, waiter = asyncio.create_task(forever()), asyncio.create_task(forever())
    await entered.wait()
    waiter.cancel()
    holder.cancel()
    assert [type(it) for it in await asyncio.gather(holder, waiter, return_exceptions=True)] == [
        asyncio.CancelledError,
        asyncio.CancelledError,
    ]
    with pytest.raises(LookupError):
        async with locks.hold(A):
            raise LookupError
    assert len(locks) == len(locks._users) == 0


async def test_several_keys_are_held_at_once_and_never_in_a_circle() -> None:
    locks = KeyLocks()

    async def work(keys: list[SessionKey]) -> None:
        async with locks.hold_all(keys):
            assert len(locks) >= len(set(keys))
            await asyncio.sleep(0)

    async with asyncio.timeout(30):
        await asyncio.gather(*(work(keys) for keys in ([A, B], [B, A], [A, A], [B], []) * 5))
    assert len(locks) == 0
