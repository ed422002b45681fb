"""What every storage must do: the four methods."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest

from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.testing.contract.machine import EntriesMachine, run_machine
from tgslices.testing.contract.opened import Opener, OpensStorages
from tgslices.testing.contract.samples import KEY, MESSAGES, NOW, OTHER_KEYS, STRINGS, TWINS, exactly, sent

WRITERS: Final = 20


class SessionStorageContract(OpensStorages):
    """Tests of the four methods. A subclass says how to open its storage, and how to look behind it.

    Flags tell what the storage promises beyond that; nothing is skipped: where a promise is not made, the test sees to
    it that it is not kept by accident either.
    """

    machine: ClassVar[type[EntriesMachine]] = EntriesMachine

    async def raw_list(self, storage: Any, key: SessionKey) -> list[TrackedMessage]:
        """Return what lies under a key, in order, read without the storage's own methods."""
        raise NotImplementedError("Override raw_list(storage, key) and read what lies behind the storage.")

    async def raw_count(self, storage: Any) -> int:
        """Return how many keys, entries, pending deletions and known messages lie behind the storage, in all.

        Which chats migrated is not counted.
        """
        raise NotImplementedError("Override raw_count(storage) and count what lies behind the storage.")

    async def left(self, storage: Any) -> int:
        """Return what :meth:`raw_count` does once everything was forgotten that may be."""
        return await self.raw_count(storage)

    # Adding and listing

    async def test_an_unknown_key_holds_nothing(self, storage: Any) -> None:
        assert await storage.list(KEY) == []

    async def test_what_is_added_lies_behind_the_storage(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        await storage.add(KEY, sent(2))
        assert [exactly(it) for it in await self.raw_list(storage, KEY)] == [exactly(sent(1)), exactly(sent(2))]

    async def test_entries_are_listed_in_the_order_in_which_they_were_added(self, storage: Any) -> None:
        added = [sent(5), sent(3), sent(9, chat_id=-1), sent(4), sent(1)]
        for message in added:
            await storage.add(KEY, message)
        assert await storage.list(KEY) == added

    async def test_adding_the_same_message_again_keeps_the_first_record(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        await storage.add(KEY, sent(2))
        await storage.add(KEY, sent(1, direction=Direction.OUTGOING, date=None, user_id=None))
        assert [exactly(it) for it in await storage.list(KEY)] == [exactly(sent(1)), exactly(sent(2))]

    async def test_messages_that_look_alike_are_kept_apart(self, storage: Any) -> None:
        for message in TWINS:
            await storage.add(KEY, message)
        assert await storage.list(KEY) == list(TWINS)

    @pytest.mark.parametrize("kind", MESSAGES)
    async def test_every_field_of_a_message_comes_back_as_it_was(self, storage: Any, kind: str) -> None:
        await storage.add(KEY, MESSAGES[kind])
        [listed] = await storage.list(KEY)
        assert exactly(listed) == exactly(MESSAGES[kind])
        assert all(time.tzinfo is not None for time in (listed.date, listed.at) if time is not None)

    async def test_keys_that_differ_in_one_part_are_kept_apart(self, storage: Any) -> None:
        for number, key in enumerate((KEY, *OTHER_KEYS)):
            await storage.add(key, sent(number))
        for number, key in enumerate((KEY, *OTHER_KEYS)):
            assert await storage.list(key) == [sent(number)]

    async def test_a_qualifier_and_a_connection_may_be_any_strings(self, storage: Any) -> None:
        keys = [replace(KEY, qualifier=text) for text in STRINGS]
        keys += [replace(KEY, business_connection_id=text) for text in STRINGS]
        for number, key in enumerate(keys):
            await storage.add(key, sent(number, business_connection_id=STRINGS[number % len(STRINGS)]))
        for number, key in enumerate(keys):
            assert await storage.list(key) == [sent(number, business_connection_id=STRINGS[number % len(STRINGS)])]

    async def test_a_list_belongs_to_its_caller(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        (await storage.list(KEY)).clear()
        assert await storage.list(KEY) == [sent(1)]

    async def test_a_thousand_entries_are_no_special_case(self, storage: Any) -> None:
        for message_id in range(1_000):
            await storage.add(KEY, sent(message_id))
        listed = await storage.list(KEY)
        assert listed == [sent(message_id) for message_id in range(1_000)]
        assert await storage.remove(KEY, listed[1:]) == 999
        assert await storage.list(KEY) == [sent(0)]

    # Removing

    async def test_removal_is_by_identity_and_counts_what_was_there(self, storage: Any) -> None:
        for message in TWINS:
            await storage.add(KEY, message)
        others = [replace(TWINS[0], user_id=None, date=None, at=NOW, kind=None), TWINS[4], sent(77), TWINS[4]]
        assert await storage.remove(KEY, others) == 2
        assert await storage.list(KEY) == [*TWINS[1:4], *TWINS[5:]]
        assert await storage.remove(KEY, others) == 0
        assert await storage.remove(KEY, []) == 0

    async def test_what_was_recorded_after_a_look_survives_the_removal_of_what_was_seen(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        seen = await storage.list(KEY)
        await storage.add(KEY, sent(2))
        assert await storage.remove(KEY, seen) == 1
        assert await storage.list(KEY) == [sent(2)]

    async def test_removing_under_one_key_leaves_the_others(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await storage.add(key, sent(1))
        assert await storage.remove(KEY, [sent(1)]) == 1
        assert [len(await storage.list(key)) for key in (KEY, *OTHER_KEYS)] == [0] + [1] * len(OTHER_KEYS)

    async def test_clearing_one_key_leaves_the_others(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await storage.add(key, sent(1))
        await storage.clear(KEY)
        assert [len(await storage.list(key)) for key in (KEY, *OTHER_KEYS)] == [0] + [1] * len(OTHER_KEYS)

    async def test_what_was_removed_can_be_added_again_and_stands_last(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        await storage.add(KEY, sent(2))
        await storage.remove(KEY, [sent(1)])
        await storage.add(KEY, sent(1))
        assert await storage.list(KEY) == [sent(2), sent(1)]

    async def test_merely_reading_creates_nothing(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await storage.list(key)
            await storage.remove(key, [sent(1)])
            await storage.clear(key)
        assert await self.left(storage) == 0

    async def test_nothing_is_left_of_what_was_removed_or_cleared(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await storage.add(key, sent(1))
            await storage.add(key, sent(2))
        await storage.remove(KEY, [sent(1), sent(2)])
        for key in OTHER_KEYS:
            await storage.clear(key)
        assert await self.raw_list(storage, KEY) == []
        assert await self.left(storage) == 0

    # Many at once

    async def test_additions_at_the_same_time_lose_nothing_and_repeat_nothing(self, storage: Any) -> None:
        async def write(writer: int) -> None:
            for number in range(WRITERS):
                await storage.add(KEY, sent(number))
                await storage.add(KEY, sent(1_000 + writer * WRITERS + number))

        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        listed = await storage.list(KEY)
        assert len(listed) == len(set(listed)) == WRITERS + WRITERS * WRITERS

    async def test_removals_at_the_same_time_count_each_entry_once(self, storage: Any) -> None:
        for number in range(WRITERS):
            await storage.add(KEY, sent(number))
        listed = await storage.list(KEY)
        counts = await asyncio.gather(*(storage.remove(KEY, listed) for _ in range(WRITERS)))
        assert sum(counts) == WRITERS
        assert await storage.list(KEY) == []

    async def test_a_caller_who_is_cancelled_disturbs_nobody_else(self, storage: Any) -> None:
        writing = [asyncio.create_task(storage.add(KEY, sent(number))) for number in range(WRITERS)]
        await asyncio.sleep(0)
        for task in writing[::2]:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)
        await storage.add(KEY, sent(1_000))
        listed = {message.message_id for message in await storage.list(KEY)}
        assert {1_000, *range(1, WRITERS, 2)} <= listed

    # Beyond

    async def test_what_was_written_is_there_after_reopening(self, opened: Opener) -> None:
        storage = await opened()
        for message in MESSAGES.values():
            await storage.add(KEY, message)
        before = await storage.list(KEY)
        await self.close_storage(storage)
        after = await (await opened()).list(KEY)
        assert [exactly(it) for it in after] == ([exactly(it) for it in before] if self.survives_reopening else [])

    async def test_it_does_what_a_plain_model_does_under_random_calls(self, tmp_path: Path) -> None:
        await asyncio.to_thread(run_machine, self, self.machine, tmp_path, self.examples)
