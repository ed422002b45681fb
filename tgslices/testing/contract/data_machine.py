"""Session data and a plain model under the same random calls: they must never differ."""

# ruff: noqa: S101 - a failed comparison is a failed test

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.testing.contract.machine import StorageOpener
from tgslices.testing.contract.samples import MINUTE, NOW

T = TypeVar("T")

Place: TypeAlias = tuple[SessionKey, str]

KEYS: Final = tuple(
    SessionKey(bot_id, chat_id, user_id) for bot_id, user_id in ((42, None), (42, 5), (43, None)) for chat_id in (1, 2)
)
keys = st.sampled_from(KEYS)
names = st.sampled_from(["form", "cart", ""])
holds = st.builds(DataHold, key=keys, names=st.frozensets(names), holder=st.sampled_from(["one", "two", "three"]))
minutes = st.integers(0, 5).map(lambda number: NOW + number * MINUTE)
fragments = st.builds(
    StoredData,
    text=st.sampled_from(["1", "2"]),
    version=st.sampled_from([1, 2]),
    written_at=st.just(NOW),
    expires_at=st.none() | minutes,
    outlives_close=st.booleans(),
)
some_changes = st.dictionaries(names, st.none() | fragments)


@dataclass
class Held:
    """Who holds a fragment, until when, and whether its key was closed since."""

    holder: str
    until: datetime
    is_closed: bool = False


class DataMachine(RuleBasedStateMachine):
    """Makes the same calls to a storage and to two dictionaries."""

    opener: ClassVar[StorageOpener]
    places: ClassVar[Path]
    _numbers: ClassVar[Any] = count()

    def __init__(self) -> None:
        """Open an empty storage, in an event loop of its own."""
        super().__init__()
        self._runner = asyncio.Runner()
        self._place = self.places / f"run{next(self._numbers)}"
        self._place.mkdir()
        self.storage = self.run(self.opener.open_storage(self._place))
        self.data: dict[Place, StoredData] = {}
        self.holds: dict[Place, Held] = {}

    def run(self, call: Awaitable[T]) -> T:
        """Await a call to the storage."""

        async def awaited() -> T:
            return await call

        return self._runner.run(awaited())

    def teardown(self) -> None:
        """Close everything."""
        self.run(self.opener.close_storage(self.storage))
        self._runner.close()

    def living(self, key: SessionKey, now: datetime) -> dict[str, StoredData]:
        """Return what the model has under a key at a time."""
        of_key = {name: stored for (its, name), stored in self.data.items() if its == key}
        return {name: it for name, it in of_key.items() if it.expires_at is None or it.expires_at > now}

    def put_into_model(self, key: SessionKey, name: str, stored: StoredData | None) -> None:
        """Write one fragment."""
        if stored is None:
            self.data.pop((key, name), None)
        else:
            self.data[key, name] = stored

    @rule(hold=holds, now=minutes, until=minutes)
    def hold(self, hold: DataHold, now: datetime, until: datetime) -> None:
        """Take fragments."""
        there = [self.holds.get((hold.key, name)) for name in hold.names]
        is_busy = any(it is not None and it.holder != hold.holder and it.until > now for it in there)
        found = self.run(self.storage.hold_data(hold, now=now, until=until))
        if is_busy:
            assert found is None
            return
        living = self.living(hold.key, now)
        assert found == {name: living[name] for name in hold.names if name in living}
        self.holds.update({(hold.key, name): Held(hold.holder, until) for name in hold.names})

    @rule(renewed=st.lists(holds, max_size=3), until=minutes)
    def renew(self, renewed: list[DataHold], until: datetime) -> None:
        """Move the ends of holds, whole ones, as a holder does."""
        whole = [self.whole(hold) for hold in renewed]
        self.run(self.storage.renew_data(whole, until=until))
        for hold in whole:
            for name in hold.names:
                self.holds[hold.key, name].until = until

    def whole(self, hold: DataHold) -> DataHold:
        """Return everything that a holder has of a key."""
        mine = [name for (key, name), it in self.holds.items() if (key, it.holder) == (hold.key, hold.holder)]
        return replace(hold, names=frozenset(mine))

    @rule(hold=holds, changes=some_changes, release=st.booleans())
    def write(self, hold: DataHold, changes: dict[str, StoredData | None], release: bool) -> None:
        """Write what may be held, or may be not."""
        key, places = hold.key, {name: self.holds.get((hold.key, name)) for name in changes}
        is_held = all(it is not None and it.holder == hold.holder for it in places.values())
        is_done = all(self.data.get((key, name)) == stored for name, stored in changes.items())
        written = self.run(self.storage.write_data(hold, changes, release=release))
        assert written is (is_held or is_done)
        for name, it in places.items() if is_held else ():
            stored = changes[name]
            if stored is None or stored.outlives_close or (it is not None and not it.is_closed):
                self.put_into_model(key, name, stored)
        if release:
            for name in self.whole(hold).names:
                del self.holds[key, name]

    @rule(hold=holds, data=st.data(), release=st.booleans())
    def write_what_is_held(self, hold: DataHold, data: st.DataObject, release: bool) -> None:
        """Write what a holder has."""
        mine = self.whole(hold)
        if mine.names:
            some = st.dictionaries(st.sampled_from(sorted(mine.names)), st.none() | fragments, min_size=1)
            self.write(mine, data.draw(some), release)

    @rule(key=keys, changes=some_changes)
    def put(self, key: SessionKey, changes: dict[str, StoredData | None]) -> None:
        """Write past every holder."""
        self.run(self.storage.put_data(key, changes))
        for name, stored in changes.items():
            self.put_into_model(key, name, stored)
            self.holds.pop((key, name), None)

    @rule(key=keys)
    def close(self, key: SessionKey) -> None:
        """Close a key."""
        self.run(self.storage.close_data(key))
        self.data = {place: it for place, it in self.data.items() if place[0] != key or it.outlives_close}
        for place, it in self.holds.items():
            if place[0] == key:
                it.is_closed = True

    @rule(bot=st.sampled_from([42, 43]), chats=st.permutations([1, 2]))
    def migrate(self, bot: int, chats: list[int]) -> None:
        """Move a chat."""
        self.run(self.storage.migrate_data(bot, *chats))
        for place in {*self.data, *self.holds}:
            key, name = place
            if (key.bot_id, key.chat_id) == (bot, chats[0]):
                self.move(place, (key.in_chat(chats[1]), name))

    def move(self, old: Place, new: Place) -> None:
        """Move a fragment with its holder, unless the new place has it, or has it held and the old one has no more."""
        stored, held = self.data.pop(old, None), self.holds.pop(old, None)
        if new in self.data or (stored is None and new in self.holds):
            return
        self.holds.pop(new, None)
        if stored is not None:
            self.data[new] = stored
        if held is not None:
            self.holds[new] = held

    @rule(bot=st.sampled_from([42, 43]), now=minutes)
    def sweep(self, bot: int, now: datetime) -> None:
        """Forget what has expired and has no hold, not even one that ended."""
        past = [
            place
            for place, it in self.data.items()
            if place[0].bot_id == bot and it.expires_at is not None and it.expires_at <= now and place not in self.holds
        ]
        assert self.run(self.storage.sweep_data(bot, now=now, limit=100)) == len(past)
        for place in past:
            del self.data[place]

    @rule()
    def reopen(self) -> None:
        """Let go of everything, close the storage and open it anew, if that is to change nothing."""
        if self.opener.survives_reopening:
            for key, held in {(place[0], it.holder) for place, it in self.holds.items()}:
                self.write(DataHold(key, frozenset(), held), {}, True)
            self.run(self.opener.close_storage(self.storage))
            self.storage = self.run(self.opener.open_storage(self._place))

    @rule(key=keys, some=st.none() | st.lists(names, unique=True), now=minutes)
    def read(self, key: SessionKey, some: list[str] | None, now: datetime) -> None:
        """Look at some fragments."""
        living = self.living(key, now)
        wanted = {name: it for name, it in living.items() if some is None or name in some}
        assert self.run(self.storage.read_data(key, some, now=now)) == wanted

    @invariant()
    def everything_is_there(self) -> None:
        """Compare all that the model has."""
        for key in {key for key, _ in self.data}:
            assert self.run(self.storage.read_data(key, now=NOW - MINUTE)) == self.living(key, NOW - MINUTE)
