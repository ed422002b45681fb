"""Holds of fragments of data: how they are taken, renewed and let go of, and how they end."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from typing import Any, Final

from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.testing.contract.opened import OpensStorages
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS

END: Final = NOW + MINUTE
LATE: Final = END + MINUTE


def stored(text: str = "1", **fields: Any) -> StoredData:
    """Return an ordinary fragment, with other fields where given."""
    return StoredData(**{"text": text, "version": 1, "written_at": NOW, **fields})


def held(*names: str, by: str = "one", key: SessionKey = KEY) -> DataHold:
    """Return a hold of fragments; of ``form`` if none is named."""
    return DataHold(key, frozenset(names or ("form",)), by)


class DataHoldContract(OpensStorages):
    """Tests of holds. The data that they are about is kept by any of the other methods."""

    async def raw_data_count(self, storage: Any) -> int:
        """Return how many fragments lie behind the storage, there or merely held, read without its own methods."""
        raise NotImplementedError("Override raw_data_count(storage) and count what lies behind the storage.")

    async def test_a_hold_returns_what_is_there(self, storage: Any) -> None:
        assert await storage.hold_data(held("form", "cart"), now=NOW, until=END) == {}
        changes = {"form": stored('{"item": "pizza"}', version=3, outlives_close=True), "other": stored()}
        await storage.put_data(KEY, changes)
        found = await storage.hold_data(held("form", "cart"), now=NOW, until=END)
        assert found == {"form": changes["form"]}

    async def test_what_one_holds_nobody_else_gets(self, storage: Any) -> None:
        await storage.put_data(KEY, {"form": stored()})
        assert await storage.hold_data(held(by="one"), now=NOW, until=END) is not None
        assert await storage.hold_data(held(by="other"), now=NOW, until=LATE) is None
        assert await storage.hold_data(held(by="other"), now=END - MINUTE / 60, until=LATE) is None
        assert await storage.write_data(held(by="other"), {"form": stored("2")}) is False
        assert await storage.read_data(KEY, now=NOW) == {"form": stored()}

    async def test_a_hold_ends_by_itself(self, storage: Any) -> None:
        await storage.hold_data(held(by="one"), now=NOW, until=END)
        assert await storage.hold_data(held(by="other"), now=END, until=LATE) == {}
        assert await storage.hold_data(held(by="one"), now=END, until=LATE) is None

    async def test_what_is_let_go_of_is_free_at_once(self, storage: Any) -> None:
        await storage.hold_data(held(by="one"), now=NOW, until=END)
        assert await storage.write_data(held(by="one"), {}) is True
        assert await storage.hold_data(held(by="other"), now=NOW, until=END) == {}
        assert await storage.write_data(held(by="other"), {"form": stored()}) is True
        assert await storage.hold_data(held(by="third"), now=NOW, until=END) == {"form": stored()}

    async def test_of_several_fragments_all_are_taken_or_none(self, storage: Any) -> None:
        await storage.put_data(KEY, {"b": stored("b")})
        assert await storage.hold_data(held("b", by="one"), now=NOW, until=END) == {"b": stored("b")}
        assert await storage.hold_data(held("a", "b", "c", by="other"), now=NOW, until=LATE) is None
        assert await storage.hold_data(held("a", "c", by="third"), now=NOW, until=LATE) == {}
        assert await storage.write_data(held("b", by="one"), {}) is True
        assert await storage.hold_data(held("a", "b", "c", by="other"), now=NOW, until=LATE) is None
        assert await storage.hold_data(held("b", by="third"), now=NOW, until=LATE) == {"b": stored("b")}

    async def test_a_hundred_fragments_are_held_and_written_at_once(self, storage: Any) -> None:
        every = {f"{number:03}": stored(str(number)) for number in range(100)}
        assert await storage.hold_data(held(*every), now=NOW, until=END) == {}
        assert await storage.write_data(held(*every), every) is True
        assert await storage.hold_data(held(*every), now=NOW, until=END) == every
        assert await storage.hold_data(held("050", by="other"), now=NOW, until=END) is None
        assert await storage.write_data(held(*every), dict.fromkeys(every)) is True
        assert await self.raw_data_count(storage) == 0

    async def test_a_holder_may_take_more_and_what_it_has_once_more(self, storage: Any) -> None:
        assert await storage.hold_data(held("a"), now=NOW, until=END) == {}
        assert await storage.hold_data(held("a", "b"), now=NOW, until=LATE) == {}
        for name in "ab":
            assert await storage.hold_data(held(name, by="other"), now=END, until=LATE) is None
        assert await storage.write_data(held("a", "b"), {"b": stored()}) is True
        assert await storage.hold_data(held("a", "b", by="other"), now=NOW, until=LATE) == {"b": stored()}

    async def test_a_hold_that_cannot_be_extended_stays_as_it_was(self, storage: Any) -> None:
        await storage.hold_data(held("a", by="one"), now=NOW, until=END)
        await storage.hold_data(held("b", by="other"), now=NOW, until=LATE)
        assert await storage.hold_data(held("a", "b", by="one"), now=NOW, until=LATE) is None
        assert await storage.hold_data(held("a", by="third"), now=END, until=LATE) == {}

    async def test_a_renewed_hold_ends_later(self, storage: Any) -> None:
        await storage.hold_data(held("a", "b"), now=NOW, until=END)
        await storage.hold_data(held(key=OTHER_KEYS[0]), now=NOW, until=END)
        await storage.renew_data([held("a", "b"), held(key=OTHER_KEYS[0])], until=LATE)
        await storage.renew_data([], until=NOW)
        for wanted in (held("a", by="other"), held("b", by="other"), held(by="other", key=OTHER_KEYS[0])):
            assert await storage.hold_data(wanted, now=END, until=LATE) is None
            assert await storage.hold_data(wanted, now=LATE, until=LATE + MINUTE) == {}

    async def test_renewing_takes_nothing_from_anybody(self, storage: Any) -> None:
        await storage.hold_data(held(by="one"), now=NOW, until=NOW)
        await storage.hold_data(held(by="other"), now=NOW, until=END)
        await storage.renew_data([held(by="one"), held("free", by="one")], until=LATE + MINUTE)
        assert await storage.hold_data(held(by="third"), now=END, until=LATE) == {}
        assert await storage.hold_data(held("free", by="third"), now=NOW, until=LATE) == {}

    async def test_keys_and_names_that_differ_are_held_apart(self, storage: Any) -> None:
        for number, key in enumerate((KEY, *OTHER_KEYS)):
            assert await storage.hold_data(held(by=str(number), key=key), now=NOW, until=END) == {}
        for number, name in enumerate(("Form", "form ", "", "form\0")):
            assert await storage.hold_data(held(name, by=str(number)), now=NOW, until=END) == {}

    async def test_a_hold_of_nothing_is_always_there(self, storage: Any) -> None:
        nothing = DataHold(KEY, frozenset(), "one")
        assert await storage.hold_data(nothing, now=NOW, until=END) == {}
        assert await storage.write_data(nothing, {}) is True
        assert await self.raw_data_count(storage) == 0

    async def test_nothing_is_left_of_a_hold_of_nothing_that_was_there(self, storage: Any) -> None:
        await storage.hold_data(held("a", "b"), now=NOW, until=END)
        assert await storage.write_data(held("a", "b"), {}) is True
        assert await self.raw_data_count(storage) == 0
