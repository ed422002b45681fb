"""What is written under a hold, past one, and after one was lost."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import pytest

from tgslices.model import MAX_INT
from tgslices.storage.data_protocol import HOLD_KEPT
from tgslices.testing.contract.data_holds import END, LATE, DataHoldContract, held, stored
from tgslices.testing.contract.opened import Opener
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS, STRINGS

TEXTS: Final = (
    "null",
    "{}",
    "",
    '{"a": [1, 2.5, true, null, "\\u0000", "\\ud83e"]}',
    '"🧾👩‍👩‍👧‍👦 e\u0301 \u00e9 \u202eright to left"',
    '"\'; DROP TABLE data; -- %s ? $1 :name {0} \\\\ \\\\u0041"',
    " [1,\n\t2]\r\n",
    f'"{"x" * 300_000}"',
)
"""JSON of every kind, which comes back to the letter."""

STORED: Final = {
    "an ordinary one": stored(),
    "a version of none": stored(version=0),
    "the largest version": stored(version=MAX_INT),
    "one that outlives": stored(outlives_close=True),
    "one that expires": stored(expires_at=NOW + timedelta(days=36_500, microseconds=1)),
    "times of other zones": stored(
        written_at=datetime(2026, 3, 29, 2, 30, 0, 1, timezone(timedelta(hours=14))),
        expires_at=datetime(2026, 10, 25, 2, 30, 0, 999999, timezone(-timedelta(hours=11, minutes=59))),
    ),
}
"""Fragments whose every field must come back as it was."""


class DataWriteContract(DataHoldContract):
    """Tests of reading and writing."""

    async def test_what_was_never_written_is_not_there(self, storage: Any) -> None:
        assert await storage.read_data(KEY, now=NOW) == {}
        assert await storage.read_data(KEY, ["form"], now=NOW) == {}
        assert await storage.read_data(KEY, [], now=NOW) == {}

    async def test_merely_reading_creates_nothing(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await storage.read_data(key, now=NOW)
            await storage.read_data(key, ["form"], now=NOW)
            await storage.write_data(held(key=key), {"form": stored()})
            await storage.put_data(key, {"form": None})
            await storage.close_data(key)
        assert await self.raw_data_count(storage) == 0

    async def test_some_or_all_fragments_are_read(self, storage: Any) -> None:
        every = {name: stored(f'"{name}"') for name in "abc"}
        await storage.put_data(KEY, every)
        assert await storage.read_data(KEY, now=NOW) == every
        assert await storage.read_data(KEY, ["a", "c", "d"], now=NOW) == {name: every[name] for name in "ac"}
        assert await storage.read_data(KEY, [], now=NOW) == {}

    async def test_reading_waits_for_no_holder(self, storage: Any) -> None:
        await storage.put_data(KEY, {"form": stored()})
        await storage.hold_data(held("form", "cart"), now=NOW, until=END)
        assert await storage.read_data(KEY, now=NOW) == {"form": stored()}

    @pytest.mark.parametrize("kind", STORED)
    async def test_every_field_of_a_fragment_comes_back_as_it_was(self, storage: Any, kind: str) -> None:
        await storage.hold_data(held("put", "written"), now=NOW, until=END)
        assert await storage.write_data(held("put", "written"), {"written": STORED[kind]}) is True
        await storage.put_data(KEY, {"put": STORED[kind]})
        found = await storage.read_data(KEY, now=NOW)
        assert found == {"put": STORED[kind], "written": STORED[kind]}
        assert await storage.hold_data(held("put", "written"), now=NOW, until=END) == found
        times = [time for it in found.values() for time in (it.written_at, it.expires_at) if time is not None]
        assert all(time.tzinfo is not None for time in times)

    async def test_text_comes_back_to_the_letter(self, storage: Any) -> None:
        names = [str(number) for number in range(len(TEXTS))]
        every = {name: stored(text) for name, text in zip(names, TEXTS, strict=True)}
        await storage.hold_data(held(*names), now=NOW, until=END)
        assert await storage.write_data(held(*names), every) is True
        assert await storage.read_data(KEY, now=NOW) == every

    async def test_names_keys_and_holders_may_be_any_strings(self, storage: Any) -> None:
        keys = [KEY, *(replace(KEY, qualifier=text, business_connection_id=text) for text in STRINGS)]
        every = {name: stored(f'"{number}"') for number, name in enumerate(STRINGS)}
        for key, holder in zip(keys, ("one", *STRINGS), strict=True):
            hold = held(*STRINGS, key=key, by=f"of {holder.encode('utf-8', 'backslashreplace')!r}"[:100])
            assert await storage.hold_data(hold, now=NOW, until=END) == {}
            assert await storage.write_data(hold, every) is True
        for key in keys:
            assert await storage.read_data(key, now=NOW) == every
            assert await storage.read_data(key, STRINGS, now=NOW) == every

    async def test_a_write_changes_what_it_names_and_leaves_the_rest(self, storage: Any) -> None:
        await storage.put_data(KEY, {"a": stored("1"), "b": stored("2"), "c": stored("3"), "d": stored("4")})
        await storage.put_data(OTHER_KEYS[0], {"a": stored("5")})
        await storage.hold_data(held("a", "b", "c"), now=NOW, until=END)
        assert await storage.write_data(held("a", "b", "c"), {"a": stored("6"), "b": None}) is True
        assert await storage.read_data(KEY, now=NOW) == {"a": stored("6"), "c": stored("3"), "d": stored("4")}
        assert await storage.read_data(OTHER_KEYS[0], now=NOW) == {"a": stored("5")}
        assert await self.raw_data_count(storage) == 4

    async def test_who_does_not_release_may_write_again(self, storage: Any) -> None:
        hold = held("a", "b")
        await storage.hold_data(hold, now=NOW, until=END)
        assert await storage.write_data(hold, {"a": stored("1")}, release=False) is True
        assert await storage.write_data(hold, {"a": None, "b": stored("2")}, release=False) is True
        assert await storage.write_data(hold, {}, release=False) is True
        assert await storage.hold_data(held("a", by="other"), now=NOW, until=END) is None
        assert await storage.read_data(KEY, now=NOW) == {"b": stored("2")}
        assert await storage.write_data(hold, {"a": stored("3")}) is True
        assert await storage.hold_data(held("a", "b", by="other"), now=NOW, until=END) is not None

    async def test_nothing_is_written_without_a_hold(self, storage: Any) -> None:
        await storage.put_data(KEY, {"a": stored("1")})
        assert await storage.write_data(held("a"), {"a": stored("2")}) is False
        await storage.hold_data(held("a"), now=NOW, until=END)
        assert await storage.write_data(held("a", "b"), {"a": stored("2"), "b": stored("2")}) is False
        assert await storage.read_data(KEY, now=NOW) == {"a": stored("1")}
        assert await self.raw_data_count(storage) == 1

    async def test_a_holder_that_is_late_may_write_until_another_has_taken_it(self, storage: Any) -> None:
        await storage.hold_data(held(by="slow"), now=NOW, until=END)
        await storage.sweep_data(KEY.bot_id, now=END + HOLD_KEPT - MINUTE, limit=100)
        assert await storage.write_data(held(by="slow"), {"form": stored("1")}, release=False) is True
        assert await storage.hold_data(held(by="next"), now=LATE, until=LATE + MINUTE) == {"form": stored("1")}
        assert await storage.write_data(held(by="slow"), {"form": stored("2")}) is False
        assert await storage.write_data(held(by="next"), {}) is True
        assert await storage.write_data(held(by="slow"), {"form": stored("2")}) is False
        assert await storage.read_data(KEY, now=NOW) == {"form": stored("1")}

    async def test_of_several_changes_none_is_written_when_one_is_lost(self, storage: Any) -> None:
        await storage.hold_data(held("a", "b", by="slow"), now=NOW, until=END)
        await storage.hold_data(held("b", by="next"), now=END, until=LATE)
        assert await storage.write_data(held("a", "b", by="slow"), {"a": stored(), "b": stored()}) is False
        assert await storage.read_data(KEY, now=NOW) == {}
        assert await storage.hold_data(held("a", by="next"), now=NOW, until=LATE) == {}, "it let go of the rest"
        assert await storage.write_data(held("a", "b", by="next"), {"a": stored("2"), "b": stored("3")}) is True

    async def test_a_write_that_is_repeated_after_its_answer_was_lost_is_done(self, storage: Any) -> None:
        await storage.put_data(KEY, {"b": stored("1")})
        await storage.hold_data(held("a", "b"), now=NOW, until=END)
        for _ in range(2):
            assert await storage.write_data(held("a", "b"), {"a": stored("2"), "b": None}) is True
        await storage.hold_data(held("a", by="next"), now=NOW, until=END)
        assert await storage.write_data(held("a", by="next"), {"a": stored("3")}) is True
        assert await storage.write_data(held("a", "b"), {"a": stored("2"), "b": None}) is False
        assert await storage.read_data(KEY, now=NOW) == {"a": stored("3")}

    async def test_what_is_put_takes_a_hold_away(self, storage: Any) -> None:
        await storage.hold_data(held("a", "b", "c"), now=NOW, until=END)
        await storage.put_data(KEY, {"a": stored("1"), "b": None})
        for name in "ab":
            assert await storage.write_data(held(name), {name: stored("2")}, release=False) is False
            assert await storage.hold_data(held(name, by="other"), now=NOW, until=END) is not None
        assert await storage.write_data(held("a", "b", "c"), {"c": stored("3")}) is True
        assert await storage.read_data(KEY, now=NOW) == {"a": stored("1"), "c": stored("3")}

    async def test_a_fragment_that_has_expired_is_not_there(self, storage: Any) -> None:
        await storage.put_data(KEY, {"form": stored(expires_at=END), "cart": stored(expires_at=LATE)})
        assert [*await storage.read_data(KEY, now=END)] == ["cart"]
        assert {*await storage.read_data(KEY, now=END - MINUTE)} == {"form", "cart"}
        assert [*await storage.hold_data(held("form", "cart"), now=END, until=LATE)] == ["cart"]
        assert await storage.write_data(held("form", "cart"), {"form": stored("2", expires_at=LATE)}) is True
        assert (await storage.read_data(KEY, now=END))["form"] == stored("2", expires_at=LATE)

    async def test_what_was_written_is_there_after_reopening(self, opened: Opener) -> None:
        storage = await opened()
        await storage.put_data(KEY, STORED)
        await self.close_storage(storage)
        after = await (await opened()).read_data(KEY, now=NOW)
        assert after == (STORED if self.survives_reopening else {})
