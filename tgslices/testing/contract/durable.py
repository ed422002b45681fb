"""What a durable storage must do: open keys, recording, closing, migration, and pending deletions."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from tgslices.model import Scope, SessionKey
from tgslices.testing.contract.durable_machine import DurableMachine
from tgslices.testing.contract.entries import WRITERS, Opener
from tgslices.testing.contract.machine import EntriesMachine
from tgslices.testing.contract.pending import PendingDeletionContract
from tgslices.testing.contract.samples import KEY, MESSAGES, MINUTE, NOW, OTHER_KEYS, STRINGS, exactly, sent

IN_PRIVATE = Scope(42, 7, "private", 7)
IN_TOPIC = Scope(42, -100, "supergroup", 7, 5)
OF_CHANNEL = Scope(42, -100, "channel")
OF_BUSINESS = Scope(42, 7, "private", 7, None, "c")

MATCHES = {
    "a chat's key and any user": (SessionKey(42, 7), IN_PRIVATE, True),
    "a user's key and that user": (SessionKey(42, 7, 7), IN_PRIVATE, True),
    "a user's key and another user": (SessionKey(42, 7, 8), IN_PRIVATE, False),
    "a user's key and no user": (SessionKey(42, -100, 7), OF_CHANNEL, False),
    "user zero's key and no user": (SessionKey(42, -100, 0), OF_CHANNEL, False),
    "a chat's key and a channel": (SessionKey(42, -100), OF_CHANNEL, True),
    "another bot's key": (SessionKey(43, 7), IN_PRIVATE, False),
    "another chat's key": (SessionKey(42, -7), IN_PRIVATE, False),
    "a key without a topic and any topic": (SessionKey(42, -100, 7), IN_TOPIC, True),
    "a topic's key and that topic": (SessionKey(42, -100, None, 5), IN_TOPIC, True),
    "a topic's and user's key and both": (SessionKey(42, -100, 7, 5), IN_TOPIC, True),
    "a topic's and user's key and another user": (SessionKey(42, -100, 8, 5), IN_TOPIC, False),
    "a topic's key and another topic": (SessionKey(42, -100, 7, 6), IN_TOPIC, False),
    "a topic's key and no topic": (SessionKey(42, 7, 7, 5), IN_PRIVATE, False),
    "a connection's key and that connection": (SessionKey(42, 7, 7, None, "c"), OF_BUSINESS, True),
    "a connection's key and another": (SessionKey(42, 7, 7, None, "d"), OF_BUSINESS, False),
    "a connection's key and none": (SessionKey(42, 7, 7, None, "c"), IN_PRIVATE, False),
    "an empty connection's key and none": (SessionKey(42, 7, 7, None, ""), IN_PRIVATE, False),
    "a key without a connection and one": (SessionKey(42, 7, 7), OF_BUSINESS, False),
    "a qualified key": (SessionKey(42, 7, 7, None, None, "order"), IN_PRIVATE, True),
    "a key with an empty qualifier": (SessionKey(42, 7, 7, None, None, ""), IN_PRIVATE, True),
}
"""A key, a scope, and whether they belong together."""


class DurableStorageContract(PendingDeletionContract):
    """Tests of the whole durable protocol, those of the four methods included."""

    machine: ClassVar[type[EntriesMachine]] = DurableMachine

    shared: ClassVar[bool] = False
    """Whether storages that are open at one place at the same time see each other's work."""

    knows_idleness: ClassVar[bool] = True
    """Whether ``is_idle`` is ever true: a storage that is shared cannot be certain."""

    # Opening and matching

    @pytest.mark.parametrize("case", MATCHES)
    async def test_an_open_key_matches_the_scopes_that_belong_to_it(self, storage: Any, case: str) -> None:
        key, scope, belongs = MATCHES[case]
        await storage.open(key)
        assert await storage.matching(scope) == ([key] if belongs else [])
        assert await storage.record(scope, sent(1)) == int(belongs)
        assert await storage.list(key) == ([sent(1)] if belongs else [])

    async def test_opening_twice_is_opening_once(self, storage: Any) -> None:
        await asyncio.gather(*(storage.open(KEY) for _ in range(WRITERS)))
        await storage.open(KEY)
        assert await storage.open_keys(KEY.bot_id) == [KEY]
        assert await storage.record(IN_PRIVATE, sent(1)) == 1

    async def test_open_keys_are_listed_for_each_bot(self, storage: Any) -> None:
        assert await storage.open_keys(KEY.bot_id) == []
        for key in (KEY, *OTHER_KEYS):
            await storage.open(key)
        mine = {key for key in (KEY, *OTHER_KEYS) if key.bot_id == KEY.bot_id}
        listed = await storage.open_keys(KEY.bot_id)
        assert len(listed) == len(mine)
        assert set(listed) == mine
        assert await storage.open_keys(43) == [OTHER_KEYS[0]]

    async def test_keys_with_any_strings_can_be_opened_and_found(self, storage: Any) -> None:
        for text in STRINGS:
            await storage.open(replace(KEY, qualifier=text))
            await storage.open(replace(KEY, business_connection_id=text))
        assert set(await storage.matching(IN_PRIVATE)) == {replace(KEY, qualifier=text) for text in STRINGS}
        for text in STRINGS:
            scope = replace(IN_PRIVATE, business_connection_id=text)
            assert await storage.matching(scope) == [replace(KEY, business_connection_id=text)]

    async def test_idleness_is_claimed_only_when_it_is_certain(self, storage: Any) -> None:
        await storage.start()
        assert storage.is_idle(KEY.bot_id) is self.knows_idleness
        await storage.open(KEY)
        assert not storage.is_idle(KEY.bot_id)
        assert storage.is_idle(43) is self.knows_idleness
        await storage.close(KEY)
        assert storage.is_idle(KEY.bot_id) is self.knows_idleness

    # Recording

    async def test_a_record_goes_to_every_open_key_of_its_scope(self, storage: Any) -> None:
        keys = [replace(KEY, qualifier=text, user_id=user) for text in (None, "", "order") for user in (None, 7, 8)]
        for key in keys:
            await storage.open(key)
        assert await storage.record(IN_PRIVATE, sent(1)) == 6
        assert [len(await storage.list(key)) for key in keys] == [1, 1, 0] * 3

    async def test_a_redelivered_record_changes_nothing_and_still_matches(self, storage: Any) -> None:
        await storage.open(KEY)
        assert await storage.record(IN_PRIVATE, sent(1)) == 1
        assert await storage.record(IN_PRIVATE, sent(1, date=None)) == 1
        assert [exactly(it) for it in await storage.list(KEY)] == [exactly(sent(1))]

    @pytest.mark.parametrize("kind", MESSAGES)
    async def test_every_field_of_a_recorded_message_comes_back_as_it_was(self, storage: Any, kind: str) -> None:
        await storage.open(KEY)
        await storage.record(IN_PRIVATE, MESSAGES[kind])
        assert [exactly(it) for it in await storage.list(KEY)] == [exactly(MESSAGES[kind])]

    async def test_recording_where_nothing_is_open_leaves_nothing(self, storage: Any) -> None:
        assert await storage.record(IN_PRIVATE, sent(1)) == 0
        assert not await storage.add_if_open(KEY, sent(1))
        assert await self.raw_count(storage) == 0

    async def test_adding_with_opening_does_both(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        assert await storage.open_keys(KEY.bot_id) == []
        await storage.add_opening(KEY, sent(2))
        await storage.add_opening(KEY, sent(2))
        assert await storage.open_keys(KEY.bot_id) == [KEY]
        assert await storage.list(KEY) == [sent(1), sent(2)]
        assert await storage.record(IN_PRIVATE, sent(3)) == 1

    async def test_adding_only_if_open_says_whether_it_is(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        assert await storage.add_if_open(KEY, sent(2)) is False
        await storage.open(KEY)
        assert await storage.add_if_open(KEY, sent(2)) is True
        assert await storage.add_if_open(KEY, sent(2)) is True
        assert await storage.add_if_open(replace(KEY, qualifier=""), sent(3)) is False
        assert await storage.list(KEY) == [sent(1), sent(2)]

    async def test_records_at_the_same_time_lose_nothing_and_repeat_nothing(self, storage: Any) -> None:
        keys = [replace(KEY, user_id=user, qualifier=text) for user in range(WRITERS) for text in (None, "order")]
        await asyncio.gather(*(storage.open(key) for key in keys))
        scopes = [replace(IN_PRIVATE, user_id=user) for user in range(WRITERS)]
        counts = await asyncio.gather(
            *(storage.record(scope, sent(number)) for number in range(WRITERS) for scope in scopes for _ in range(2))
        )
        assert set(counts) == {2}
        for key in keys:
            assert sorted(it.message_id for it in await storage.list(key)) == list(range(WRITERS))

    async def test_what_one_task_sends_is_listed_in_its_order_whatever_others_do(self, storage: Any) -> None:
        await storage.open(KEY)

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
            await storage.add_opening(key, sent(1))
            await storage.add(key, sent(2))
        for key in (KEY, *OTHER_KEYS):
            assert await storage.close(key) == 2
            assert await storage.close(key) == 0
        assert await storage.matching(IN_PRIVATE) == []
        assert await self.raw_list(storage, KEY) == []
        assert await self.raw_count(storage) == 0

    async def test_closing_a_key_that_was_never_open_drops_its_entries(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        assert await storage.close(KEY) == 1
        assert await self.raw_count(storage) == 0

    async def test_unsubscribing_keeps_the_entries(self, storage: Any) -> None:
        await storage.add_opening(KEY, sent(1))
        await storage.unsubscribe(KEY)
        await storage.unsubscribe(KEY)
        assert await storage.open_keys(KEY.bot_id) == []
        assert await storage.record(IN_PRIVATE, sent(2)) == 0
        assert await storage.list(KEY) == [sent(1)]
        await storage.open(KEY)
        assert await storage.record(IN_PRIVATE, sent(2)) == 1
        assert await storage.list(KEY) == [sent(1), sent(2)]

    async def test_unsubscribing_an_empty_key_leaves_nothing(self, storage: Any) -> None:
        await storage.open(KEY)
        await storage.unsubscribe(KEY)
        assert await self.raw_count(storage) == 0

    async def test_an_emptied_key_stays_open(self, storage: Any) -> None:
        await storage.add_opening(KEY, sent(1))
        await storage.clear(KEY)
        assert await storage.record(IN_PRIVATE, sent(2)) == 1
        await storage.remove(KEY, [sent(2)])
        assert await storage.record(IN_PRIVATE, sent(3)) == 1
        assert await storage.list(KEY) == [sent(3)]

    async def test_a_closed_key_opens_anew_and_empty(self, storage: Any) -> None:
        await storage.add_opening(KEY, sent(1))
        await storage.close(KEY)
        await storage.open(KEY)
        assert await storage.list(KEY) == []

    async def test_closing_while_others_record_leaves_nothing_behind(self, storage: Any) -> None:
        for _ in range(5):
            await storage.open(KEY)
            recording = [asyncio.create_task(storage.record(IN_PRIVATE, sent(number))) for number in range(WRITERS)]
            closing = asyncio.create_task(storage.close(KEY))
            recording += [asyncio.create_task(storage.record(IN_PRIVATE, sent(-number))) for number in range(WRITERS)]
            await asyncio.gather(*recording, closing)
            assert await storage.list(KEY) == []
            assert await self.raw_count(storage) == 0

    # What Telegram reports

    async def test_discarding_drops_messages_from_every_key_of_the_bot_and_from_what_is_pending(
        self, storage: Any
    ) -> None:
        business = [sent(number, business_connection_id="c") for number in range(4)]
        elsewhere = replace(KEY, chat_id=1000, qualifier="order")
        for key in (replace(KEY, business_connection_id="c"), elsewhere, OTHER_KEYS[0]):
            await storage.open(key)
            for message in [*business, sent(1), sent(1, chat_id=8), sent(1, business_connection_id="d")]:
                await storage.add(key, message)
        await storage.claim(elsewhere, [business[0], business[1]], now=NOW, until=NOW + MINUTE)
        assert await storage.discard(KEY.bot_id, "c", KEY.chat_id, [1, 2, 77]) == 4
        kept = [sent(1), sent(1, chat_id=8), sent(1, business_connection_id="d")]
        assert await storage.list(replace(KEY, business_connection_id="c")) == [business[0], business[3], *kept]
        assert await storage.list(elsewhere) == [business[3], *kept]
        assert await storage.list(OTHER_KEYS[0]) == [*business, *kept]
        assert [pending.message for pending in await storage.pending(KEY.bot_id)] == [business[0]]

    async def test_discarding_what_belongs_to_no_connection_leaves_business_messages(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        await storage.add(KEY, sent(1, business_connection_id="c"))
        assert await storage.discard(KEY.bot_id, None, KEY.chat_id, [1]) == 1
        assert await storage.list(KEY) == [sent(1, business_connection_id="c")]
        assert await storage.discard(KEY.bot_id, "c", KEY.chat_id, range(2_000)) == 1
        assert await storage.discard(KEY.bot_id, "c", KEY.chat_id, []) == 0
        assert await self.raw_count(storage) == 0

    async def test_a_migrated_chat_takes_its_keys_entries_and_pending_deletions_along(self, storage: Any) -> None:
        order, closed, other = replace(KEY, qualifier="order"), replace(KEY, qualifier="x"), replace(KEY, bot_id=43)
        for key in (KEY, order, other):
            await storage.open(key)
        for key in (KEY, order, closed, other):
            await storage.add(key, sent(1))
            await storage.add(key, sent(2))
        await storage.claim(order, [sent(2)], now=NOW, until=NOW + MINUTE)
        moved = await storage.migrate(KEY.bot_id, KEY.chat_id, -1007)
        assert sorted(moved, key=repr) == sorted([KEY, order], key=repr)
        for key, entries in ((KEY, [1, 2]), (order, [1]), (closed, [1, 2])):
            assert await storage.list(key) == []
            new = replace(key, chat_id=-1007)
            assert [exactly(it) for it in await storage.list(new)] == [exactly(sent(number)) for number in entries]
        assert set(await storage.open_keys(42)) == {replace(key, chat_id=-1007) for key in (KEY, order)}
        assert [it.key for it in await storage.pending(42)] == [replace(order, chat_id=-1007)]
        assert await storage.settle(await storage.pending(42)) == 1
        assert await storage.list(other) == [sent(1), sent(2)]
        assert await storage.record(replace(IN_PRIVATE, chat_id=-1007), sent(3, -1007)) == 2
        assert await storage.record(IN_PRIVATE, sent(3)) == 0

    async def test_a_key_that_exists_in_the_new_chat_already_gets_the_old_entries_behind_its_own(
        self, storage: Any
    ) -> None:
        new, closed = replace(KEY, chat_id=-1007), replace(KEY, chat_id=-1007, qualifier="closed")
        await storage.add_opening(KEY, sent(1))
        await storage.add(KEY, sent(2))
        await storage.add_opening(replace(KEY, qualifier="closed"), sent(8))
        await storage.add(new, sent(9, -1007))
        await storage.add(new, sent(2, date=None))
        await storage.add(closed, sent(7))
        assert len(await storage.migrate(KEY.bot_id, KEY.chat_id, -1007)) == 2
        assert await storage.list(new) == [sent(9, -1007), sent(2), sent(1)]
        assert (await storage.list(new))[1].date is None
        assert await storage.list(closed) == [sent(7), sent(8)]
        assert set(await storage.open_keys(KEY.bot_id)) == {new, closed}
        assert await storage.close(new) == 3
        assert await storage.close(closed) == 2
        assert await self.raw_count(storage) == 0

    async def test_which_chats_migrated_is_remembered(self, opened: Opener) -> None:
        storage = await opened()
        assert await storage.migrated(KEY.bot_id, [KEY.chat_id]) == set()
        await storage.migrate(KEY.bot_id, KEY.chat_id, -1007)
        await storage.migrate(KEY.bot_id, KEY.chat_id, -1007)
        await storage.migrate(43, 8, -1008)
        await storage.migrate(KEY.bot_id, 9, 9)
        assert await storage.migrated(KEY.bot_id, [KEY.chat_id, 8, 9, -1007]) == {KEY.chat_id}
        assert await storage.migrated(43, range(2_000)) == {8}
        assert await storage.migrated(KEY.bot_id, []) == set()
        await self.close_storage(storage)
        known = await (await opened()).migrated(KEY.bot_id, [KEY.chat_id])
        assert known == ({KEY.chat_id} if self.survives_reopening else set())

    async def test_a_migration_that_is_reported_twice_is_done_once(self, storage: Any) -> None:
        await storage.add_opening(KEY, sent(1))
        await storage.claim(KEY, [sent(1)], now=NOW, until=NOW + MINUTE)
        await storage.add(KEY, sent(2))
        both = await asyncio.gather(*(storage.migrate(KEY.bot_id, KEY.chat_id, -1007) for _ in range(2)))
        assert sorted(map(len, both)) == [0, 1]
        new = replace(KEY, chat_id=-1007)
        assert await storage.list(new) == [sent(2)]
        assert [it.key for it in await storage.pending(KEY.bot_id)] == [new]

    # Lifetime

    async def test_starting_and_closing_are_harmless_when_repeated(self, storage: Any) -> None:
        await asyncio.gather(storage.start(), storage.start())
        await storage.open(KEY)
        await storage.start()
        assert await storage.open_keys(KEY.bot_id) == [KEY]
        await storage.aclose()
        await storage.aclose()

    async def test_open_keys_and_pending_deletions_are_there_after_reopening(self, opened: Opener) -> None:
        storage = await opened()
        for key in (KEY, *OTHER_KEYS):
            await storage.add_opening(key, sent(1))
        await storage.unsubscribe(OTHER_KEYS[1])
        await storage.claim(KEY, [sent(1)], now=NOW, until=NOW + MINUTE)
        await self.close_storage(storage)
        again = await opened()
        keys = {*await again.open_keys(KEY.bot_id), *await again.open_keys(43)}
        assert keys == ({KEY, *OTHER_KEYS} - {OTHER_KEYS[1]} if self.survives_reopening else set())
        assert [it.key for it in await again.pending(KEY.bot_id)] == ([KEY] if self.survives_reopening else [])
        assert await again.record(IN_PRIVATE, sent(5)) == (5 if self.survives_reopening else 0)

    async def test_storages_at_one_place_see_each_other_if_they_share_it(self, opened: Opener) -> None:
        if not self.shared:
            await self._expect_storages_at_one_place_to_be_apart(opened)
            return
        one, other = await opened(), await opened()
        await one.open(KEY)
        assert await other.record(IN_PRIVATE, sent(1)) == 1
        assert await other.add_if_open(KEY, sent(2))
        assert await one.list(KEY) == [sent(1), sent(2)]
        assert await other.close(KEY) == 2
        assert await one.record(IN_PRIVATE, sent(3)) == 0
        assert await one.matching(IN_PRIVATE) == []
        assert await one.open_keys(KEY.bot_id) == []

    async def _expect_storages_at_one_place_to_be_apart(self, opened: Opener) -> None:
        """Who promises no sharing refuses it, or shares nothing: each would miss what the other opens."""
        one = await opened()
        await one.open(KEY)
        try:
            other = await opened()
        except Exception:  # noqa: BLE001, S110  # whatever a plugin refuses it with
            pass
        else:
            assert await other.record(IN_PRIVATE, sent(1)) == 0
            assert await other.open_keys(KEY.bot_id) == []
        assert await one.list(KEY) == []
        assert await one.open_keys(KEY.bot_id) == [KEY]

    async def test_storages_at_one_place_record_claim_and_lease_everything_once(self, opened: Opener) -> None:
        workers = [await opened() for _ in range(4 if self.shared else 1)]
        await workers[0].open(KEY)
        await asyncio.gather(
            *(worker.record(IN_PRIVATE, sent(number)) for number in range(WRITERS) for worker in workers)
        )
        listed = await workers[0].list(KEY)
        assert sorted(it.message_id for it in listed) == list(range(WRITERS))
        claimed = await asyncio.gather(
            *(worker.claim(KEY, listed, now=NOW, until=NOW + MINUTE) for worker in workers for _ in range(3))
        )
        assert sorted(it.message_id for part in claimed for it in part) == list(range(WRITERS))
        later = NOW + 2 * MINUTE
        leased = await asyncio.gather(
            *(
                worker.lease(KEY.bot_id, now=later, until=later + MINUTE, limit=3)
                for worker in workers
                for _ in range(WRITERS)
            )
        )
        assert sorted(it.message.message_id for part in leased for it in part) == list(range(WRITERS))
