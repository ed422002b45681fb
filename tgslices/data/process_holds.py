"""The fragments that this process holds for one bot: taken, renewed, written and let go of."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeAlias

from tgslices.clock import Clock
from tgslices.data.declaration import SessionData
from tgslices.data.held_fragment import DataPlace, Held, Hold, Wanted, by_session, in_common_order
from tgslices.data.queues import Name, Queues
from tgslices.data.renewal import Renewal
from tgslices.data.shapes import become
from tgslices.data.stored_places import Moves, StoredPlaces
from tgslices.errors import DataBusy, DataConflict
from tgslices.event_loop.growing_waits import Doubling
from tgslices.event_loop.kept_tasks import KeptTasks
from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataHold, DataStorage, StoredData
from tgslices.storage.erasing_protocol import is_of

ASK_AGAIN: Final = Doubling(first=timedelta(milliseconds=4), most=timedelta(milliseconds=64))
"""How long to wait for another worker that holds what is wanted; each wait is shortened at random, by half at most."""


Decide: TypeAlias = Callable[[Mapping[str, StoredData]], Mapping[str, StoredData | None]]
"""From what is stored to what becomes of it; None where it is dropped."""


class Taken:
    """What one task took together: its turns in this process, and a hold for each session."""

    __slots__ = ("holds", "loop", "names", "task")

    def __init__(self, names: Sequence[Name]) -> None:
        self.task = task = asyncio.current_task()
        # Asking for the running one is a call of the system; a task knows its own.
        self.loop = asyncio.get_running_loop() if task is None else task.get_loop()
        self.names = names
        """As they were when the turns came; a chat may have migrated since."""
        self.holds: list[Hold] = []


class Holds:
    """Takes fragments for tasks, in the order of asking, and gives them back."""

    def __init__(
        self,
        storage: DataStorage,
        *,
        clock: Clock,
        patience: timedelta,
        moves: Moves | None = None,
    ) -> None:
        """``patience``: how long to wait for a fragment that somebody else has. ``moves`` tells of migrations."""
        self.places = StoredPlaces(storage, clock, moves)
        self.storage = storage
        self.clock = clock
        self.patience = patience
        self._queues = Queues()
        self._by_task: dict[asyncio.Task[Any] | None, list[Taken]] = {}
        self._renewal = Renewal(storage, self._all, clock)
        self._releases = KeptTasks()

    def __len__(self) -> int:
        """Return how many fragments are held in this process."""
        return len(self._queues)

    def is_held(self, key: SessionKey) -> bool:
        """Tell whether a task of this process has data of a session, or is about to."""
        return any(hold.key == key for hold in self._all())

    def of_this_task(self, wanted: Wanted) -> tuple[Hold, Held | None] | None:
        """Return the hold by which the running task has a fragment, and what was loaded of it, if it was."""
        taken = self._by_task.get(asyncio.current_task()) if self._by_task else None
        if taken is None:
            return None
        key, name = wanted.name
        for hold in (hold for each in taken for hold in each.holds):
            if name in hold.names and hold.place.key == key:
                return hold, next((held for held in hold.helds if held.wanted.fragment.name == name), None)
        return None

    def unwritten(self, place: DataPlace) -> dict[str, StoredData]:
        """Return what the running task has of a session's data, as it would be written now.

        Raises:
            DataRefused: a value cannot be kept.
        """
        now = self.clock()
        changes = [_changes(hold, now) for hold in self._of_this_task(place)]
        return {name: change for found in changes for name, change in found.items() if change is not None}

    def of_this_task_in(self, place: DataPlace) -> dict[str, Held]:
        """Return what the running task has loaded of a session's data, by name."""
        return {held.wanted.fragment.name: held for hold in self._of_this_task(place) for held in hold.helds}

    def _of_this_task(self, place: DataPlace) -> list[Hold]:
        taken = self._by_task.get(asyncio.current_task(), ())
        return [hold for each in taken for hold in each.holds if hold.place.key == place.key]

    def _all(self) -> Iterable[DataHold]:
        """Return what tasks of the running event loop hold; those of one that was abandoned will not go on."""
        loop = asyncio.get_running_loop()
        living = [taken for task, taken in self._by_task.items() if task is None or task.get_loop() is loop]
        return (hold.told() for taken in living for each in taken for hold in each.holds)

    # Taking

    async def take(self, wanted: Sequence[Wanted], *, load: bool = True) -> Taken:
        """Take fragments together, so that others who do the same cannot wait for each other in a circle.

        Raises:
            DataBusy: somebody else has one of them for too long; nothing is held.
            DataRefused: what is stored of one cannot be read; nothing is held.
        """
        ordered = in_common_order(wanted)
        taken = Taken([each.name for each in ordered])
        loop = taken.loop
        begun = loop.time()
        if len(ordered) > 1 or not self._queues.take_now(taken.names[0], loop):
            await self._wait_for_turns(taken, begun)
        # From now on, because what is held already is renewed while the rest is waited for.
        self._by_task.setdefault(taken.task, []).append(taken)
        self._renewal.begin(loop)
        try:
            for together in by_session(ordered):
                hold = Hold(together[0].place, frozenset([each.fragment.name for each in together]))
                taken.holds.append(hold)
                there = await self.places.hold(hold)
                found = await self._hold_later(hold, begun) if there is None else there
                hold.found = found
                if load:
                    hold.helds = [Held(each, found.get(each.fragment.name)) for each in together]
        except BaseException:
            self.give_back(taken)
            raise
        return taken

    async def _wait_for_turns(self, taken: Taken, begun: float) -> None:
        deadline = begun + self.patience.total_seconds()
        had, names = 0, taken.names
        try:
            for name in names:
                if not self._queues.take_now(name, taken.loop):
                    async with asyncio.timeout_at(deadline):
                        await self._queues.take(name)
                had += 1
        except BaseException as error:
            for name in names[:had]:
                self._queues.give_back(name, taken.loop)
            if isinstance(error, TimeoutError):
                raise self._busy(names[had]) from None
            raise

    async def _hold_later(self, hold: Hold, begun: float) -> Mapping[str, StoredData]:
        """Hold what another worker has, as soon as it lets go."""
        deadline = begun + self.patience.total_seconds()
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            failures += 1
            wait = ASK_AGAIN.after(failures).total_seconds() * random.uniform(0.5, 1)  # noqa: S311  # no secret
            if loop.time() + wait > deadline:
                raise self._busy(*((hold.place.key, name) for name in sorted(hold.names)))
            await asyncio.sleep(wait)
            found = await self.places.hold(hold)
            if found is not None:
                return found

    def _busy(self, *names: Name) -> DataBusy:
        return DataBusy(tuple(name for _, name in names), names[0][0], self.patience)

    # What happens meanwhile

    async def note_closed(self, key: SessionKey) -> None:
        """Let the running task write what it changes from now on, although the session of its data was closed."""
        await self._note_dropped(lambda its: its == key, lambda held: held.ends_with_session)

    async def note_erased(self, user_id: int) -> None:
        """Let the running task write what it changes from now on, although all data of a person was dropped."""
        await self._note_dropped(lambda its: is_of(its, user_id), lambda held: True)

    async def _note_dropped(self, is_meant: Callable[[SessionKey], bool], is_dropped: Callable[[Held], bool]) -> None:
        for taken in self._by_task.get(asyncio.current_task(), ()):
            for hold in taken.holds:
                if is_meant(hold.place.key) and (dropped := [held for held in hold.helds if is_dropped(held)]):
                    for held in dropped:
                        held.regard_as_written(held.text_now())
                    await self.places.hold(hold)

    async def change(self, place: DataPlace, names: Collection[str], decide: Decide) -> None:
        """Write fragments of a session as it is decided when they are held, in one step.

        ``decide`` is told what is stored of them, and returns what becomes of each; what it leaves out stays. What the
        running task has becomes in place what is decided, and is written when its block ends, like any change. One of
        the ``names`` at least is no such one.

        Raises:
            DataBusy: somebody else has one of them for too long; nothing was written.
            DataRefused: what the running task has cannot become what is decided.
            DataConflict: this process stood still for longer than a lease.
        """
        mine = self.of_this_task_in(place)
        taken = await self.take([Wanted(place, _named(name)) for name in names if name not in mine], load=False)
        try:
            changes = dict(decide(taken.holds[0].found))
            for name, held in mine.items():
                if name in changes:
                    become(held.value, held.wanted.fragment.value_of(changes.pop(name)))
        except BaseException:
            self.give_back(taken)
            raise
        await self.write_changes(taken, [changes])

    # Giving back

    async def write(self, taken: Taken) -> None:
        """Write what has changed, and give everything back.

        Raises:
            DataRefused: a value cannot be kept; nothing was written.
            DataConflict: another holder has taken one since; nothing of its session was written.
        """
        now = self.clock()
        try:
            changes = [_changes(hold, now) for hold in taken.holds]
        except BaseException:
            self.give_back(taken)
            raise
        await self.write_changes(taken, changes)

    async def write_changes(self, taken: Taken, changes: Sequence[Mapping[str, StoredData | None]]) -> None:
        """Write what is told for each hold, and give everything back. Raises DataConflict as :meth:`write` does."""
        try:
            for changed in changes:
                hold = taken.holds[0]
                if not await self.places.write(hold, changed):
                    raise DataConflict(tuple(sorted(changed)), hold.place.key)
                del taken.holds[0]  # which the storage has let go of
        finally:
            self.give_back(taken)

    def give_back(self, taken: Taken) -> None:
        """Give back unwritten what is left."""
        mine = self._by_task[taken.task]
        if len(mine) > 1:
            mine.remove(taken)
        else:
            del self._by_task[taken.task]
        if taken.holds:
            self._releases.start(self._release(taken))
        else:
            self._end_turns(taken)

    async def _release(self, taken: Taken) -> None:
        """Let go in the storage first, so that who comes next does not find a hold that was just here."""
        try:
            for hold in taken.holds:
                with suppress(Exception):  # it ends by itself
                    await self.places.write(hold, {})
        finally:
            self._end_turns(taken)

    def _end_turns(self, taken: Taken) -> None:
        for name in taken.names:
            self._queues.give_back(name, taken.loop)

    async def aclose(self) -> None:
        """Wait until the storage knows of everything that was given back."""
        await self._releases.wait()
        await self._renewal.aclose()


@lru_cache(maxsize=256)
def _named(name: str) -> SessionData[Any]:
    """Return a fragment of which only the name matters."""
    return SessionData(dict, name=name)


def _changes(hold: Hold, now: datetime) -> dict[str, StoredData | None]:
    changes: dict[str, StoredData | None] = {}
    for held in hold.helds:
        if (change := held.change(now)) is not None:
            changes[held.wanted.fragment.name] = change
    return changes
