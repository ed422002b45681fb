"""What becomes of data when its key is closed, when its chat migrates, and when it is past."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tgslices.model import SessionKey
from tgslices.storage.data_protocol import HOLD_KEPT
from tgslices.testing.contract.data_holds import END, LATE, held, stored
from tgslices.testing.contract.data_writes import DataWriteContract
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS

BOT: Final = KEY.bot_id
GROUP: Final = SessionKey(BOT, -5)
SUPERGROUP: Final = SessionKey(BOT, -1_000_000_000_005)
MOVE: Final = (BOT, GROUP.chat_id, SUPERGROUP.chat_id)
PAST: Final = LATE + 2 * HOLD_KEPT
"""When every hold of these tests is forgotten."""

LASTING: Final = stored("1", outlives_close=True)


class DataUpkeepContract(DataWriteContract):
    """Tests of closing, migrating and sweeping."""

    # Closing

    async def test_closing_a_key_drops_its_data_but_for_what_outlives_it(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await storage.put_data(key, {"form": stored(), "count": LASTING})
        await storage.close_data(KEY)
        await storage.close_data(KEY)
        assert await storage.read_data(KEY, now=NOW) == {"count": LASTING}
        for key in OTHER_KEYS:
            assert await storage.read_data(key, now=NOW) == {"form": stored(), "count": LASTING}

    async def test_what_was_held_when_its_key_was_closed_is_not_written(self, storage: Any) -> None:
        await storage.put_data(KEY, {"form": stored()})
        await storage.hold_data(held("form", "new"), now=NOW, until=END)
        await storage.close_data(KEY)
        assert await storage.read_data(KEY, now=NOW) == {}
        assert await storage.write_data(held("form", "new"), {"form": stored("2"), "new": stored("3")}) is True
        assert await storage.read_data(KEY, now=NOW) == {}
        assert await self.raw_data_count(storage) == 0

    async def test_what_outlives_a_close_is_written_after_it(self, storage: Any) -> None:
        await storage.put_data(KEY, {"count": LASTING, "old": LASTING})
        await storage.hold_data(held("count", "new", "form", "old"), now=NOW, until=END)
        await storage.close_data(KEY)
        assert await storage.read_data(KEY, now=NOW) == {"count": LASTING, "old": LASTING}
        lasting = replace(LASTING, text="2")
        changes = {"count": lasting, "new": lasting, "form": stored(), "old": None}
        assert await storage.write_data(held("count", "new", "form", "old"), changes) is True
        assert await storage.read_data(KEY, now=NOW) == {"count": lasting, "new": lasting}

    async def test_a_close_leaves_the_holder_alone(self, storage: Any) -> None:
        await storage.hold_data(held(by="one"), now=NOW, until=END)
        await storage.close_data(KEY)
        assert await storage.hold_data(held(by="other"), now=NOW, until=END) is None
        assert await storage.hold_data(held(by="other"), now=END, until=LATE) == {}
        assert await storage.write_data(held(by="other"), {"form": stored()}) is True
        assert await storage.read_data(KEY, now=NOW) == {"form": stored()}

    async def test_who_holds_again_after_a_close_may_write(self, storage: Any) -> None:
        await storage.put_data(KEY, {"form": stored()})
        await storage.hold_data(held(), now=NOW, until=END)
        await storage.close_data(KEY)
        assert await storage.hold_data(held(), now=NOW, until=END) == {}
        assert await storage.write_data(held(), {"form": stored("2")}) is True
        assert await storage.read_data(KEY, now=NOW) == {"form": stored("2")}

    async def test_what_is_put_after_a_close_stays(self, storage: Any) -> None:
        await storage.hold_data(held("form", "cart"), now=NOW, until=END)
        await storage.close_data(KEY)
        await storage.put_data(KEY, {"form": stored("2")})
        assert await storage.write_data(held("form", "cart"), {"cart": stored()}) is True
        assert await storage.read_data(KEY, now=NOW) == {"form": stored("2")}
        await storage.hold_data(held("form", "cart", by="next"), now=NOW, until=END)
        assert await storage.write_data(held("form", "cart", by="next"), {"cart": stored("3")}) is True
        assert await storage.read_data(KEY, now=NOW) == {"form": stored("2"), "cart": stored("3")}

    # Migrating

    async def test_data_moves_with_its_chat(self, storage: Any) -> None:
        keys = [it.in_chat(GROUP.chat_id) for it in (KEY, *OTHER_KEYS) if it.chat_id == 7 and it.bot_id == BOT]
        for number, key in enumerate(keys):
            await storage.put_data(key, {"form": stored(f"{number}", outlives_close=number % 2 > 0), "x": stored()})
        others = [replace(GROUP, bot_id=43), replace(GROUP, chat_id=-6)]
        for key in others:
            await storage.put_data(key, {"form": stored("0")})
        for _ in range(2):
            await storage.migrate_data(*MOVE)
        for number, key in enumerate(keys):
            assert await storage.read_data(key, now=NOW) == {}
            found = await storage.read_data(key.in_chat(SUPERGROUP.chat_id), now=NOW)
            assert found == {"form": stored(f"{number}", outlives_close=number % 2 > 0), "x": stored()}
        for key in others:
            assert await storage.read_data(key, now=NOW) == {"form": stored("0")}

    async def test_what_the_new_chat_has_already_stays(self, storage: Any) -> None:
        await storage.put_data(GROUP, {"a": stored("1"), "b": stored("2")})
        await storage.put_data(SUPERGROUP, {"a": stored("3"), "c": stored("4")})
        await storage.hold_data(held("a", key=SUPERGROUP), now=NOW, until=END)
        await storage.hold_data(held("c", by="old", key=GROUP), now=NOW, until=END)
        await storage.migrate_data(*MOVE)
        every = {"a": stored("3"), "b": stored("2"), "c": stored("4")}
        assert await storage.read_data(SUPERGROUP, now=NOW) == every
        assert await storage.read_data(GROUP, now=NOW) == {}
        assert await storage.write_data(held("c", by="old", key=SUPERGROUP), {"c": stored("5")}) is False
        assert await storage.write_data(held("a", key=SUPERGROUP), {"a": stored("6")}) is True
        assert await self.raw_data_count(storage) == 3

    async def test_holders_move_along(self, storage: Any) -> None:
        await storage.put_data(GROUP, {"form": stored()})
        await storage.hold_data(held("form", "new", key=GROUP), now=NOW, until=END)
        await storage.migrate_data(*MOVE)
        assert await storage.hold_data(held("form", by="other", key=SUPERGROUP), now=NOW, until=END) is None
        assert await storage.hold_data(held("new", by="other", key=SUPERGROUP), now=NOW, until=END) is None
        assert await storage.write_data(held("form", "new", key=GROUP), {"form": stored("2")}) is False
        changes = {"form": stored("2"), "new": stored("3")}
        assert await storage.write_data(held("form", "new", key=SUPERGROUP), changes) is True
        assert await storage.read_data(SUPERGROUP, now=NOW) == changes

    async def test_a_key_that_was_closed_while_held_stays_closed_for_its_holder(self, storage: Any) -> None:
        await storage.hold_data(held(key=GROUP), now=NOW, until=END)
        await storage.close_data(GROUP)
        await storage.migrate_data(*MOVE)
        assert await storage.write_data(held(key=SUPERGROUP), {"form": stored()}) is True
        assert await storage.read_data(SUPERGROUP, now=NOW) == {}

    async def test_who_merely_holds_loses_it_to_what_moves_in(self, storage: Any) -> None:
        await storage.put_data(GROUP, {"form": stored("1")})
        await storage.hold_data(held(by="old", key=GROUP), now=NOW, until=END)
        await storage.hold_data(held(by="new", key=SUPERGROUP), now=NOW, until=END)
        await storage.migrate_data(*MOVE)
        assert await storage.write_data(held(by="new", key=SUPERGROUP), {"form": stored("2")}) is False
        assert await storage.read_data(SUPERGROUP, now=NOW) == {"form": stored("1")}
        assert await storage.write_data(held(by="old", key=SUPERGROUP), {"form": stored("3")}) is True

    async def test_of_two_who_merely_hold_the_one_in_the_new_chat_stays(self, storage: Any) -> None:
        await storage.hold_data(held(by="old", key=GROUP), now=NOW, until=END)
        await storage.hold_data(held(by="new", key=SUPERGROUP), now=NOW, until=END)
        await storage.migrate_data(*MOVE)
        assert await storage.write_data(held(by="old", key=SUPERGROUP), {"form": stored("1")}) is False
        assert await storage.write_data(held(by="new", key=SUPERGROUP), {"form": stored("2")}) is True
        assert await self.raw_data_count(storage) == 1

    async def test_a_chat_that_migrates_to_itself_keeps_its_data(self, storage: Any) -> None:
        await storage.put_data(GROUP, {"form": stored()})
        await storage.hold_data(held(key=GROUP), now=NOW, until=END)
        await storage.migrate_data(BOT, GROUP.chat_id, GROUP.chat_id)
        assert await storage.write_data(held(key=GROUP), {"form": stored("2")}) is True

    # Sweeping

    async def test_what_has_expired_is_forgotten(self, storage: Any) -> None:
        await storage.put_data(KEY, {"a": stored(expires_at=END), "b": stored(expires_at=LATE), "c": stored()})
        await storage.put_data(OTHER_KEYS[0], {"a": stored(expires_at=END)})
        assert await storage.sweep_data(BOT, now=END - MINUTE, limit=10) == 0
        assert await storage.sweep_data(BOT, now=END, limit=10) == 1
        assert await storage.sweep_data(BOT, now=END, limit=10) == 0
        assert {*await storage.read_data(KEY, now=NOW)} == {"b", "c"}
        assert {*await storage.read_data(OTHER_KEYS[0], now=NOW)} == {"a"}
        assert await self.raw_data_count(storage) == 3

    async def test_no_more_is_forgotten_at_once_than_was_asked_for(self, storage: Any) -> None:
        for number in range(9):
            await storage.put_data(replace(KEY, qualifier=str(number)), {"form": stored(expires_at=END)})
        assert await storage.sweep_data(BOT, now=END, limit=0) == 0
        assert [await storage.sweep_data(BOT, now=END, limit=4) for _ in range(4)] == [4, 4, 1, 0]
        assert await self.raw_data_count(storage) == 0

    async def test_what_is_held_is_not_forgotten_until_long_after_its_hold(self, storage: Any) -> None:
        await storage.put_data(KEY, {"a": stored(expires_at=END), "b": stored(expires_at=END)})
        await storage.hold_data(held("a", "b", "c"), now=NOW, until=END)
        await storage.renew_data([held("a", "b", "c")], until=LATE)
        assert await storage.sweep_data(BOT, now=LATE + HOLD_KEPT - MINUTE, limit=10) == 0
        changes = {"a": stored("2", expires_at=PAST), "b": None, "c": stored("3", expires_at=PAST)}
        assert await storage.write_data(held("a", "b", "c"), changes) is True
        assert await storage.sweep_data(BOT, now=PAST - MINUTE, limit=10) == 0
        assert await storage.sweep_data(BOT, now=PAST, limit=10) == 2

    async def test_what_has_expired_while_it_was_held_is_forgotten_when_it_is_let_go_of(self, storage: Any) -> None:
        await storage.put_data(KEY, {"form": stored(expires_at=END)})
        hold = held("form")
        assert await storage.hold_data(hold, now=NOW, until=LATE) is not None
        assert await storage.sweep_data(BOT, now=END, limit=10) == 0
        assert await storage.write_data(hold, {}, release=True)
        assert await storage.sweep_data(BOT, now=END, limit=10) == 1

    async def test_an_expiry_that_is_moved_or_taken_back_counts_as_it_is_now(self, storage: Any) -> None:
        for expires_at in (END, LATE, END, None):
            await storage.put_data(KEY, {"a": stored(expires_at=expires_at), "b": stored(expires_at=END)})
        await storage.put_data(KEY, {"b": stored(expires_at=LATE)})
        assert await storage.sweep_data(BOT, now=END, limit=10) == 0
        assert await storage.sweep_data(BOT, now=LATE, limit=10) == 1
        assert await storage.read_data(KEY, now=NOW) == {"a": stored()}

    async def test_a_hold_that_nobody_let_go_of_is_forgotten_in_the_end(self, storage: Any) -> None:
        await storage.put_data(KEY, {"there": stored()})
        await storage.hold_data(held("there", "new"), now=NOW, until=END)
        await storage.hold_data(held("other", by="other"), now=NOW, until=END)
        await storage.write_data(held("other", by="other"), {"other": stored()}, release=False)
        await storage.write_data(held("other", by="other"), {"other": None}, release=False)
        await storage.close_data(KEY)
        await storage.sweep_data(BOT, now=PAST, limit=10)
        assert await self.raw_data_count(storage) == 0
        assert await storage.write_data(held("new"), {"new": stored()}) is False
