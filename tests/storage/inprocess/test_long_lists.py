"""A long list is made in turns: what happens meanwhile neither disturbs it nor waits for it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.storage.samples import BOT, sent
from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.memory import MAX_AT_ONCE, MemorySessionStorage

KEY = SessionKey(BOT, 7, 7)
ENTRIES = 10_000
EVERYTHING = [sent(number, 7 if number % 3 else 8) for number in range(1, ENTRIES + 1)]


@pytest.fixture
async def storage() -> MemorySessionStorage:
    storage = MemorySessionStorage()
    for message in EVERYTHING:
        await storage.add(KEY, message)
    return storage


async def listed_while(storage: MemorySessionStorage, *removed: list[TrackedMessage]) -> list[TrackedMessage]:
    """List the key; whenever the list gives way, take some entries out, and add others, while there are any to take."""
    listing, left = asyncio.create_task(storage.list(KEY)), [*removed]
    await asyncio.sleep(0)
    while not listing.done():
        with contextlib.suppress(IndexError):
            await storage.remove(KEY, left.pop(0))
            await storage.add(KEY, sent(10**6 + len(left), 9))
        await asyncio.sleep(0)
    return await listing


async def test_a_long_list_gives_way_and_shows_what_was_there_when_it_began(storage: MemorySessionStorage) -> None:
    assert ENTRIES * 40 > MAX_AT_ONCE, "or nothing is done in turns"
    listing = asyncio.create_task(storage.list(KEY))
    await asyncio.sleep(0)
    assert not listing.done()
    await storage.add(KEY, sent(10**6))
    assert await listing == EVERYTHING
    assert len(await storage.list(KEY)) == ENTRIES + 1


async def test_what_leaves_meanwhile_is_in_no_list_of_later(storage: MemorySessionStorage) -> None:
    gone = [message for message in EVERYTHING if message.chat_id == 8]
    left = await listed_while(storage, gone)
    assert left in (EVERYTHING, [message for message in EVERYTHING if message.chat_id == 7] + [sent(10**6, 9)])


async def test_a_session_that_changes_all_the_time_is_listed_all_the_same(storage: MemorySessionStorage) -> None:
    one_by_one = [[message] for message in EVERYTHING[-300:]]
    listed = await listed_while(storage, *one_by_one)
    assert set(listed) >= set(EVERYTHING[:-300])
    assert set(listed) <= {*EVERYTHING, *(sent(10**6 + number, 9) for number in range(300))}


async def test_a_session_that_is_closed_meanwhile_has_nothing_to_list(storage: MemorySessionStorage) -> None:
    assert await listed_while(storage, EVERYTHING) in (EVERYTHING, [sent(10**6, 9)])
