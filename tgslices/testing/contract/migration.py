"""What a durable storage must do with a group that becomes a supergroup."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from tgslices.model import Gone, IfClosed
from tgslices.testing.contract.opened import Opener
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, exactly, sent
from tgslices.testing.contract.upkeep import BOT, IN_PRIVATE, UpkeepContract

NEW = replace(KEY, chat_id=-1007)


class MigrationContract(UpkeepContract):
    """Tests of moving keys."""

    async def test_a_migrated_chat_takes_its_keys_entries_and_pending_deletions_along(self, storage: Any) -> None:
        order, closed, other = replace(KEY, qualifier="order"), replace(KEY, qualifier="x"), replace(KEY, bot_id=43)
        for key in (KEY, order, other):
            await storage.open(key, at=NOW)
        for key in (KEY, order, closed, other):
            await storage.add(key, sent(1))
            await storage.add(key, sent(2))
        await storage.claim(order, [sent(2)], now=NOW, until=NOW + MINUTE)
        moved = await storage.migrate(KEY.bot_id, KEY.chat_id, -1007)
        assert sorted(moved, key=repr) == sorted([KEY, order], key=repr)
        for key, entries in ((KEY, [1, 2]), (order, [1]), (closed, [1, 2])):
            assert await storage.list(key) == []
            new = key.in_chat(-1007)
            assert [exactly(it) for it in await storage.list(new)] == [exactly(sent(number)) for number in entries]
        assert set(await storage.open_keys(42)) == {key.in_chat(-1007) for key in (KEY, order)}
        assert [it.key for it in await storage.pending(42)] == [order.in_chat(-1007)]
        assert await storage.settle(await storage.pending(42)) == 1
        assert await storage.list(other) == [sent(1), sent(2)]
        assert await storage.record(replace(IN_PRIVATE, chat_id=-1007), sent(3, -1007)) == 2
        assert await storage.record(IN_PRIVATE, sent(3)) == 0

    async def test_a_key_that_exists_in_the_new_chat_already_gets_the_old_entries_behind_its_own(
        self, storage: Any
    ) -> None:
        new, closed = replace(KEY, chat_id=-1007), replace(KEY, chat_id=-1007, qualifier="closed")
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.add(KEY, sent(2))
        await storage.add(replace(KEY, qualifier="closed"), sent(8), if_closed=IfClosed.OPEN)
        await storage.add(new, sent(9, -1007))
        await storage.add(new, sent(2, date=None))
        await storage.add(closed, sent(7))
        assert len(await storage.migrate(KEY.bot_id, KEY.chat_id, -1007)) == 2
        assert await storage.list(new) == [sent(9, -1007), sent(2), sent(1)]
        assert (await storage.list(new))[1].date is None
        assert await storage.list(closed) == [sent(7), sent(8)]
        assert set(await storage.open_keys(KEY.bot_id)) == {new, closed}
        assert (await storage.close(new, at=NOW)).dropped == 3
        assert (await storage.close(closed, at=NOW)).dropped == 2
        assert await self.left(storage) == 0

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
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.claim(KEY, [sent(1)], now=NOW, until=NOW + MINUTE)
        await storage.add(KEY, sent(2))
        both = await asyncio.gather(*(storage.migrate(KEY.bot_id, KEY.chat_id, -1007) for _ in range(2)))
        assert sorted(map(len, both)) == [0, 1]
        new = replace(KEY, chat_id=-1007)
        assert await storage.list(new) == [sent(2)]
        assert [it.key for it in await storage.pending(KEY.bot_id)] == [new]

    async def test_what_a_key_knows_and_what_was_deleted_by_hand_move_along(self, storage: Any) -> None:
        for number in (1, 2, 3):
            await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN)
        await storage.remove(KEY, [sent(1)])
        await storage.discard(BOT, Gone(KEY.chat_id, frozenset({2})), surely=False)
        await storage.migrate(BOT, KEY.chat_id, NEW.chat_id)
        for number in (1, 2):
            await storage.record(replace(IN_PRIVATE, chat_id=NEW.chat_id), sent(number))
        assert await storage.list(NEW) == [sent(3)]
        assert await storage.claim(NEW, None, now=NOW, until=NOW) == [sent(2), sent(3)]
        await storage.settle(await storage.pending(BOT))
        await storage.close(NEW, at=NOW)
        assert await self.left(storage) == 0

    async def test_ids_start_anew_in_the_new_chat(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, outside=sent(5))
        await storage.migrate(BOT, KEY.chat_id, NEW.chat_id)
        assert await storage.record(replace(IN_PRIVATE, chat_id=NEW.chat_id), sent(2, NEW.chat_id)) == 1
        assert await storage.list(NEW) == [sent(2, NEW.chat_id)]

    async def test_when_a_key_was_closed_moves_along(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        await storage.close(KEY, at=NOW)
        await storage.migrate(BOT, KEY.chat_id, NEW.chat_id)
        assert await storage.open(NEW, at=NOW, begun_at=NOW - MINUTE) is False
