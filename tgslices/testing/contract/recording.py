"""What a durable storage must do with what arrives, and with keys that end."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tgslices.model import IfClosed
from tgslices.testing.contract.entries import WRITERS
from tgslices.testing.contract.samples import KEY, MESSAGES, NOW, OTHER_KEYS, exactly, sent
from tgslices.testing.contract.upkeep import IN_PRIVATE, UpkeepContract


class RecordingContract(UpkeepContract):
    """Tests of recording and closing."""

    async def test_a_record_goes_to_every_open_key_of_its_scope(self, storage: Any) -> None:
        keys = [replace(KEY, qualifier=text, user_id=user) for text in (None, "", "order") for user in (None, 7, 8)]
        for key in keys:
            await storage.open(key, at=NOW)
        assert await storage.record(IN_PRIVATE, sent(1)) == 6
        assert [len(await storage.list(key)) for key in keys] == [1, 1, 0] * 3

    async def test_a_redelivered_record_changes_nothing_and_still_matches(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        assert await storage.record(IN_PRIVATE, sent(1)) == 1
        assert await storage.record(IN_PRIVATE, sent(1, date=None)) == 1
        assert [exactly(it) for it in await storage.list(KEY)] == [exactly(sent(1))]

    @pytest.mark.parametrize("kind", MESSAGES)
    async def test_every_field_of_a_recorded_message_comes_back_as_it_was(self, storage: Any, kind: str) -> None:
        await storage.open(KEY, at=NOW)
        await storage.record(IN_PRIVATE, MESSAGES[kind])
        assert [exactly(it) for it in await storage.list(KEY)] == [exactly(MESSAGES[kind])]

    async def test_recording_where_nothing_is_open_leaves_nothing(self, storage: Any) -> None:
        assert await storage.record(IN_PRIVATE, sent(1)) == 0
        assert not await storage.add(KEY, sent(1), if_closed=IfClosed.SKIP)
        assert await self.left(storage) == 0

    async def test_adding_with_opening_does_both(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        assert await storage.open_keys(KEY.bot_id) == []
        await storage.add(KEY, sent(2), if_closed=IfClosed.OPEN)
        await storage.add(KEY, sent(2), if_closed=IfClosed.OPEN)
        assert await storage.open_keys(KEY.bot_id) == [KEY]
        assert await storage.list(KEY) == [sent(1), sent(2)]
        assert await storage.record(IN_PRIVATE, sent(3)) == 1

    async def test_adding_only_if_open_says_whether_it_is(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        assert not await storage.add(KEY, sent(2), if_closed=IfClosed.SKIP)
        await storage.open(KEY, at=NOW)
        assert await storage.add(KEY, sent(2), if_closed=IfClosed.SKIP)
        assert await storage.add(KEY, sent(2), if_closed=IfClosed.SKIP)
        assert not await storage.add(replace(KEY, qualifier=""), sent(3), if_closed=IfClosed.SKIP)
        assert await storage.list(KEY) == [sent(1), sent(2)]

    async def test_records_at_the_same_time_lose_nothing_and_repeat_nothing(self, storage: Any) -> None:
        keys = [replace(KEY, user_id=user, qualifier=text) for user in range(WRITERS) for text in (None, "order")]
        await asyncio.gather(*(storage.open(key, at=NOW) for key in keys))
        scopes = [replace(IN_PRIVATE, user_id=user) for user in range(WRITERS)]
        counts = await asyncio.gather(
            *(storage.record(scope, sent(number)) for number in range(WRITERS) for scope in scopes for _ in range(2))
        )
        assert set(counts) == {2}
        for key in keys:
            assert sorted(it.message_id for it in await storage.list(key)) == list(range(WRITERS))

    async def test_what_one_task_sends_is_listed_in_its_order_whatever_others_do(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)

        async def write(writer: int) -> None:
            for number in range(WRITERS):
                await storage.record(IN_PRIVATE, sent(writer * 1_000 + number))

        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        listed = [it.message_id for it in await storage.list(KEY)]
        for writer in range(WRITERS):
            mine = [it % 1_000 for it in listed if it // 1_000 == writer]
            assert mine == list(range(WRITERS))

    # Closing

    async def test_closing_stops_tracking_drops_the_entries_and_leaves_nothing(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await storage.add(key, sent(1), if_closed=IfClosed.OPEN)
            await storage.add(key, sent(2))
        for key in (KEY, *OTHER_KEYS):
            assert (await storage.close(key, at=NOW)).dropped == 2
            assert (await storage.close(key, at=NOW)).dropped == 0
        assert await storage.matching(IN_PRIVATE) == []
        assert await self.raw_list(storage, KEY) == []
        assert await self.left(storage) == 0

    async def test_closing_a_key_that_was_never_open_drops_its_entries(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        assert (await storage.close(KEY, at=NOW)).dropped == 1
        assert await self.left(storage) == 0

    async def test_unsubscribing_keeps_the_entries(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.unsubscribe(KEY)
        await storage.unsubscribe(KEY)
        assert await storage.open_keys(KEY.bot_id) == []
        assert await storage.record(IN_PRIVATE, sent(2)) == 0
        assert await storage.list(KEY) == [sent(1)]
        await storage.open(KEY, at=NOW)
        assert await storage.record(IN_PRIVATE, sent(2)) == 1
        assert await storage.list(KEY) == [sent(1), sent(2)]

    async def test_unsubscribing_an_empty_key_leaves_nothing(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        await storage.unsubscribe(KEY)
        assert await self.left(storage) == 0

    async def test_an_emptied_key_stays_open(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.clear(KEY)
        assert await storage.record(IN_PRIVATE, sent(2)) == 1
        await storage.remove(KEY, [sent(2)])
        assert await storage.record(IN_PRIVATE, sent(3)) == 1
        assert await storage.list(KEY) == [sent(3)]

    async def test_a_closed_key_opens_anew_and_empty(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.close(KEY, at=NOW)
        await storage.open(KEY, at=NOW)
        assert await storage.list(KEY) == []

    async def test_closing_while_others_record_leaves_nothing_behind(self, storage: Any) -> None:
        for _ in range(5):
            await storage.open(KEY, at=NOW)
            recording = [asyncio.create_task(storage.record(IN_PRIVATE, sent(number))) for number in range(WRITERS)]
            closing = asyncio.create_task(storage.close(KEY, at=NOW))
            recording += [asyncio.create_task(storage.record(IN_PRIVATE, sent(-number))) for number in range(WRITERS)]
            await asyncio.gather(*recording, closing)
            assert await storage.list(KEY) == []
            assert await self.left(storage) == 0
