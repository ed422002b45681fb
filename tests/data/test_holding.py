"""Whoever has data has it alone, in the order of asking, and what it changed is written once and whole."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import TypedDict

from tgslices import (
    ConfigurationError,
    DataBusy,
    DataConflict,
    DataHandle,
    DataRefused,
    DataTooNew,
    MemorySessionStorage,
    SessionData,
    SessionKey,
)
from tgslices.data.block import DataBlock
from tgslices.data.held_fragment import Wanted
from tgslices.data.process_holds import Holds
from tgslices.data.renewal import LEASE
from tgslices.storage.data_protocol import StoredData


@dataclasses.dataclass
class Count:
    n: int = 0


@dataclasses.dataclass
class Kinds:
    numbers: set[int] = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Place:
    key: SessionKey


@dataclasses.dataclass
class Priced:
    price: float | None = None
    parts: list[Count] = dataclasses.field(default_factory=lambda: [Count()])


class Loose(TypedDict, total=False):
    item: str


COUNT = SessionData(Count)
OTHER = SessionData(list[int], name="other")
LASTING = SessionData(Count, name="lasting", outlives_close=True)
KEY = SessionKey(42, 7, 7)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Worker:
    """One process, as far as data goes."""

    def __init__(self, storage: MemorySessionStorage, clock: Clock, *, patience: float = 5) -> None:
        self.holds = Holds(storage, clock=clock, patience=timedelta(seconds=patience))
        self.place = Place(KEY)

    def __call__(self, fragment: SessionData[Any] = COUNT) -> DataHandle[Any]:
        return DataHandle(self.holds, self.place, fragment)

    def together(self, *fragments: SessionData[Any]) -> DataBlock:
        return DataBlock(self.holds, [Wanted(self.place, fragment) for fragment in fragments])


@pytest.fixture
def storage() -> MemorySessionStorage:
    return MemorySessionStorage()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(storage: MemorySessionStorage, clock: Clock) -> Worker:
    return Worker(storage, clock)


@pytest.fixture
def other(storage: MemorySessionStorage, clock: Clock) -> Worker:
    return Worker(storage, clock)


async def add_one(worker: Worker) -> None:
    async with worker() as count:
        n = count.n
        await asyncio.sleep(0)
        count.n = n + 1


async def test_two_hundred_at_once_lose_nothing_and_leave_no_lock(worker: Worker) -> None:
    await asyncio.gather(*(add_one(worker) for _ in range(200)))
    assert (await worker().read()).n == 200
    assert len(worker.holds) == 0


async def test_two_workers_at_once_lose_nothing(worker: Worker, other: Worker) -> None:
    await asyncio.gather(*(add_one(each) for each in (worker, other) for _ in range(20)))
    assert (await worker().read()).n == 40


async def test_turns_come_in_the_order_of_asking(worker: Worker) -> None:
    order: list[int] = []

    async def append(number: int) -> None:
        async with worker(OTHER):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(append(number) for number in range(20)))
    assert order == list(range(20))


async def test_what_is_unchanged_is_not_written(worker: Worker, storage: MemorySessionStorage) -> None:
    async with worker() as count:
        assert count == Count()
    assert await storage.read_data(KEY, now=worker.holds.clock()) == {}
    await worker().write(Count(1))
    written = await storage.read_data(KEY, now=worker.holds.clock())
    worker.holds.clock.now += timedelta(minutes=1)  # type: ignore[attr-defined]
    async with worker() as count:
        count.n += 1
        count.n -= 1
    assert await storage.read_data(KEY, now=worker.holds.clock()) == written


async def test_a_field_that_came_later_is_no_change(worker: Worker, storage: MemorySessionStorage) -> None:
    old = StoredData("{}", 1, worker.holds.clock())
    await storage.put_data(KEY, {"Count": old})
    async with worker() as count:
        assert count.n == 0
    assert await storage.read_data(KEY, now=worker.holds.clock()) == {"Count": old}


async def test_an_upgraded_value_is_written_back_with_the_next_change(
    worker: Worker, storage: MemorySessionStorage
) -> None:
    old = StoredData('{"m":5}', 1, worker.holds.clock())
    await storage.put_data(KEY, {"Count": old})
    newer = SessionData(Count, version=2, upgrades={1: lambda value: {"n": value["m"]}})
    async with worker(newer) as count:
        assert count.n == 5
    assert await storage.read_data(KEY, now=worker.holds.clock()) == {"Count": old}
    async with worker(newer) as count:
        count.n = 6
    stored = (await storage.read_data(KEY, now=worker.holds.clock()))["Count"]
    assert (stored.text, stored.version) == ('{"n":6}', 2)


@pytest.mark.parametrize("end", [ValueError, asyncio.CancelledError])
async def test_a_block_that_raises_or_is_cancelled_writes_nothing(worker: Worker, end: type[BaseException]) -> None:
    await worker().write(Count(1))
    with pytest.raises(end):
        async with worker() as count:
            count.n = 2
            raise end
    await worker.holds.aclose()
    assert (await worker().read()).n == 1
    assert len(worker.holds) == 0


async def test_a_task_that_is_cancelled_while_it_waits_leaves_its_place(worker: Worker) -> None:
    async with worker() as count:
        waiting = [asyncio.create_task(add_one(worker)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        waiting[2].cancel()
        count.n = 10
    await asyncio.wait(waiting)
    assert (await worker().read()).n == 11
    assert len(worker.holds) == 0


async def test_waiting_ends_with_data_busy(storage: MemorySessionStorage, clock: Clock) -> None:
    hasty, other = Worker(storage, clock, patience=0.02), Worker(storage, clock, patience=0.02)

    async def hold(worker: Worker, begun: asyncio.Event, end: asyncio.Event) -> None:
        async with worker():
            begun.set()
            await end.wait()

    begun, end = asyncio.Event(), asyncio.Event()
    holding = asyncio.create_task(hold(hasty, begun, end))
    await begun.wait()
    for worker in (hasty, other):
        with pytest.raises(DataBusy, match=r"was held by another handler for 0:00:00\.02"):
            await add_one(worker)
        with pytest.raises(DataBusy):
            await worker().write(Count(5))
        with pytest.raises(DataBusy):
            await worker().drop()
        assert (await worker().read()).n == 0
    end.set()
    await holding
    await add_one(hasty)
    await add_one(other)
    assert len(hasty.holds) == len(other.holds) == 0


async def test_nested_use_in_a_task_gets_the_same_object(worker: Worker) -> None:
    async with worker() as outer:
        async with worker() as inner:
            assert inner is outer
            inner.n = 5
        assert (await worker().read()).n == 5
        assert await worker().read() is not outer
        await worker().update(lambda count: Count(count.n + 1))
        assert outer.n == 6
        with pytest.raises(ValueError, match="inside"):
            async with worker():
                raise ValueError("inside")
    assert (await worker().read()).n == 6


async def test_a_process_that_stalled_overwrites_nothing(worker: Worker, other: Worker, clock: Clock) -> None:
    with pytest.raises(DataConflict) as refused:
        async with worker() as count:
            count.n = 9
            clock.now += LEASE
            await add_one(other)
    assert refused.value.fragments == ("Count",)
    assert (await worker().read()).n == 1
    async with worker() as count:
        clock.now += 2 * LEASE
        count.n = 7
    assert (await other().read()).n == 7  # nobody came between


async def test_an_update_is_run_again_when_another_holder_came_between(
    worker: Worker, other: Worker, clock: Clock, storage: MemorySessionStorage
) -> None:
    ran: list[int] = []

    def add(count: Count) -> None:
        ran.append(count.n)
        count.n += 1

    written = storage.write_data

    async def stalled(*arguments: Any, **named: Any) -> bool:
        storage.write_data = written  # type: ignore[method-assign]
        clock.now += LEASE
        await add_one(other)
        return await written(*arguments, **named)

    storage.write_data = stalled  # type: ignore[method-assign]
    assert (await worker().update(add)).n == 2
    assert ran == [0, 1]


async def test_leases_are_renewed_while_a_handler_works(
    worker: Worker, other: Worker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tgslices.data.renewal.RENEW_EVERY", timedelta(milliseconds=1))
    async with worker() as count:
        count.n = 5
        for _ in range(4):
            clock.now += LEASE / 2
            await asyncio.sleep(0.02)
        waiting = asyncio.create_task(add_one(other))
        await asyncio.sleep(0.02)
        assert not waiting.done()
    await waiting
    assert (await worker().read()).n == 6
    await worker.holds.aclose()


def double(count: Count) -> None:
    count.n *= 2


async def test_what_is_held_is_renewed_while_the_rest_is_waited_for(
    worker: Worker, other: Worker, storage: MemorySessionStorage, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tgslices.data.renewal.RENEW_EVERY", timedelta(milliseconds=1))
    first, second = Place(SessionKey(42, 1)), Place(SessionKey(42, 2))

    async def take_both() -> None:
        async with DataBlock(worker.holds, [Wanted(place, COUNT) for place in (first, second)]) as values:
            for count in values:
                count.n += 1

    async with DataHandle(other.holds, second, COUNT) as count:
        both = asyncio.create_task(take_both())
        await asyncio.sleep(0.02)
        for _ in range(4):
            clock.now += LEASE / 2
            await asyncio.sleep(0.02)
        third = Worker(storage, clock)
        intruding = asyncio.create_task(DataHandle(third.holds, first, COUNT).update(double))
        await asyncio.sleep(0.02)
        count.n = 10
    await both
    assert (await intruding).n == 2
    assert (await DataHandle(worker.holds, second, COUNT).read()).n == 11
    for each in (worker, other, third):
        await each.holds.aclose()


async def test_fragments_that_are_taken_together_never_wait_in_a_circle(worker: Worker, other: Worker) -> None:
    async def move(by: Worker, *fragments: SessionData[Any]) -> None:
        async with by.together(*fragments) as values:
            await asyncio.sleep(0)
            for value in values:
                if isinstance(value, Count):
                    value.n += 1
                else:
                    value.append(1)

    orders: list[tuple[SessionData[Any], SessionData[Any]]] = [(COUNT, OTHER), (OTHER, COUNT)]
    await asyncio.gather(*(move(by, *orders[turn % 2]) for turn in range(10) for by in (worker, other)))
    assert (await worker().read()).n == len(await worker(OTHER).read()) == 20


async def test_a_value_that_is_refused_writes_nothing_of_those_taken_together(worker: Worker) -> None:
    with pytest.raises(DataRefused, match="n does not fit the type"):
        async with worker.together(COUNT, OTHER) as (count, numbers):
            numbers.append(1)
            count.n = "two"
    assert await worker(OTHER).read() == []
    await worker.holds.aclose()
    await add_one(worker)


async def test_what_is_stored_and_does_not_fit_stays_and_can_be_written_over(
    worker: Worker, storage: MemorySessionStorage
) -> None:
    strange = StoredData('{"n":"many"}', 1, worker.holds.clock())
    await storage.put_data(KEY, {"Count": strange})
    for attempt in (add_one(worker), worker().read(), worker().update(lambda count: None)):
        with pytest.raises(DataRefused, match="What is stored as Count was refused: its part n"):
            await attempt
    assert await storage.read_data(KEY, now=worker.holds.clock()) == {"Count": strange}
    await worker().write(Count(3))
    assert (await worker().read()).n == 3


def misspell(value: Priced) -> None:
    value.prize = 5  # type: ignore[attr-defined]


def misspell_in_a_part(value: Priced) -> None:
    value.parts[0].m = 5  # type: ignore[attr-defined]


def make_nan(value: Priced) -> None:
    value.price = float("nan")


@pytest.mark.parametrize(
    ("change", "path"), [(misspell, "prize"), (misspell_in_a_part, "parts[0].m"), (make_nan, "price")]
)
async def test_a_change_that_an_equal_text_hides_is_refused(worker: Worker, change: Any, path: str) -> None:
    with pytest.raises(DataRefused) as refused:
        async with worker(SessionData(Priced)) as value:
            change(value)
    assert refused.value.path == path


async def test_a_block_around_that_has_another_type_under_the_name_is_told(worker: Worker) -> None:
    other = SessionData(Priced, name="Count")
    async with worker() as count:
        for attempt in (worker(other).__aenter__(), worker(other).read(), worker(other).update(lambda value: None)):
            with pytest.raises(ConfigurationError, match="Two types of session data have one name, 'Count', in one"):
                await attempt
        async with worker(SessionData(Count)) as again:  # declared twice
            assert again is count


async def test_a_misspelt_key_of_a_typed_dict_is_refused_although_nothing_else_changed(worker: Worker) -> None:
    with pytest.raises(DataRefused, match="its part itme is under a key"):
        async with worker(SessionData(Loose)) as value:
            value["itme"] = "pizza"


async def test_a_write_leaves_what_a_newer_version_has_written(worker: Worker, storage: MemorySessionStorage) -> None:
    newer = StoredData('{"n":7,"new":1}', 2, worker.holds.clock())
    await storage.put_data(KEY, {"Count": newer})
    with pytest.raises(DataTooNew):
        await worker().write(Count(3))
    await worker.holds.aclose()
    assert await storage.read_data(KEY, now=worker.holds.clock()) == {"Count": newer}
    await worker().drop()
    await worker().write(Count(3))
    assert len(worker.holds) == 0


async def test_leases_are_renewed_again_after_a_close(
    worker: Worker, storage: MemorySessionStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed, renew = asyncio.Event(), storage.renew_data

    async def note(*arguments: Any, **named: Any) -> None:
        renewed.set()
        await renew(*arguments, **named)

    await add_one(worker)
    await worker.holds.aclose()
    monkeypatch.setattr("tgslices.data.renewal.RENEW_EVERY", timedelta(milliseconds=1))
    monkeypatch.setattr(storage, "renew_data", note)
    async with worker(), asyncio.timeout(30):
        await renewed.wait()
    await worker.holds.aclose()


async def test_data_expires_after_its_last_write(worker: Worker, clock: Clock) -> None:
    passing = SessionData(Count, expires=timedelta(hours=1))
    await worker(passing).write(Count(1))
    clock.now += timedelta(minutes=59)
    async with worker(passing) as count:
        count.n = 2
    clock.now += timedelta(minutes=59)
    assert (await worker(passing).read()).n == 2
    clock.now += timedelta(minutes=1)
    assert (await worker(passing).read()).n == 0


async def test_writing_and_dropping_in_a_block_leaves_later_changes(worker: Worker) -> None:
    async with worker() as count:
        count.n = 1
        await worker().drop()
    assert (await worker().read()).n == 0
    async with worker() as count:
        await worker().write(Count(5))
        assert count.n == 5
    assert (await worker().read()).n == 5
    async with worker() as count:
        await worker().write(Count(6))
        count.n += 1
    assert (await worker().read()).n == 7


@pytest.mark.parametrize("is_dropped", [False, True])
async def test_what_changes_while_a_write_is_on_its_way_is_written_later(
    worker: Worker, storage: MemorySessionStorage, monkeypatch: pytest.MonkeyPatch, *, is_dropped: bool
) -> None:
    written = storage.write_data

    async def slow(*arguments: Any, **named: Any) -> bool:
        count.n = 9
        return await written(*arguments, **named)

    async with worker() as count:
        with monkeypatch.context() as patch:
            patch.setattr(storage, "write_data", slow)
            await (worker().drop() if is_dropped else worker().write(count))
    assert (await worker().read()).n == 9


async def test_a_written_value_is_not_shared(worker: Worker) -> None:
    mine = [1]
    async with worker(OTHER) as numbers:
        await worker(OTHER).write(mine)
        mine.append(2)
        assert numbers == [1]
    await worker(OTHER).write(mine)
    mine.append(3)
    assert await worker(OTHER).read() == [1, 2]
    assert await worker(OTHER).update(lambda numbers: numbers.append(4)) == [1, 2, 4]


async def test_an_asynchronous_update_is_refused(worker: Worker) -> None:
    async def later(count: Count) -> None: ...

    with pytest.raises(ConfigurationError, match="The update of Count is an asynchronous function"):
        await worker().update(later)


async def test_a_close_drops_what_others_hold_but_for_what_outlives_it(
    worker: Worker, other: Worker, storage: MemorySessionStorage
) -> None:
    await worker().write(Count(1))
    async with worker.together(COUNT, LASTING) as (count, lasting):
        await storage.close(KEY, at=worker.holds.clock())
        count.n = lasting.n = 5
    assert (await other().read(), await other(LASTING).read()) == (Count(0), Count(5))
    await storage.close(KEY, at=worker.holds.clock())
    assert (await other(LASTING).read()).n == 5


@pytest.mark.parametrize("changes", [False, True])
async def test_who_closes_the_session_keeps_only_what_it_changes_later(
    worker: Worker, storage: MemorySessionStorage, *, changes: bool
) -> None:
    await worker().write(Count(1))
    async with worker() as count:
        count.n = 2
        await storage.close(KEY, at=worker.holds.clock())
        await worker.holds.note_closed(KEY)
        assert count.n == 2
        count.n += changes
    assert (await worker().read()).n == (3 if changes else 0)


async def test_data_that_is_held_follows_its_chat(worker: Worker, storage: MemorySessionStorage) -> None:
    async with worker() as count:
        count.n = 5
        await storage.migrate(42, 7, -1007)
        worker.place.key = KEY.in_chat(-1007)
        async with worker() as inner:
            assert inner is count
    assert (await worker().read()).n == 5
    assert len(worker.holds) == 0
    await add_one(worker)
    assert (await worker().read()).n == 6


class _Down(RuntimeError):
    pass


@pytest.mark.parametrize("method", ["hold_data", "write_data", "read_data"])
async def test_a_storage_that_is_down_raises_and_leaves_nobody_waiting(
    worker: Worker,
    other: Worker,
    storage: MemorySessionStorage,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    await worker().write(Count(1))

    async def refuse(*_: object, **__: object) -> None:
        raise _Down

    with monkeypatch.context() as patch:
        patch.setattr(storage, method, refuse)
        with pytest.raises(_Down):
            await (worker().read() if method == "read_data" else add_one(worker))
        await worker.holds.aclose()
    assert len(worker.holds) == 0
    clock.now += LEASE
    await add_one(other)
    assert (await other().read()).n == 2


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["return", "raise", "cancel", "unchanged"]), st.integers(0, 3)),
        max_size=12,
    )
)
def test_random_handlers_at_once_do_what_one_after_the_other_does(plan: list[tuple[int, str, int]]) -> None:
    """Each adds its number; those that raise or are cancelled change nothing."""

    async def run() -> None:
        storage, clock = MemorySessionStorage(), Clock()
        workers = [Worker(storage, clock), Worker(storage, clock)]

        async def handle(at: int, which: int, end: str, pauses: int) -> None:
            async with workers[which % 2](OTHER) as numbers:
                if end == "unchanged":
                    return
                numbers.append(at)
                for _ in range(pauses):
                    await asyncio.sleep(0)
                if end == "raise":
                    raise _Down
                if end == "cancel":
                    asyncio.current_task().cancel()  # type: ignore[union-attr]
                    await asyncio.sleep(0)

        tasks = [asyncio.create_task(handle(at, *step)) for at, step in enumerate(plan)]
        await asyncio.gather(*tasks, return_exceptions=True)
        kept = await workers[0](OTHER).read()
        assert sorted(kept) == [at for at, (_, end, _) in enumerate(plan) if end == "return"]
        for worker in workers:
            await worker.holds.aclose()
            assert len(worker.holds) == 0

    asyncio.run(run())


async def test_a_set_that_comes_back_in_another_order_is_no_change(
    worker: Worker, storage: MemorySessionStorage
) -> None:
    kinds = SessionData(Kinds)
    await worker(kinds).write(Kinds({132, -92}))
    before = await storage.read_data(KEY, now=worker.holds.clock())
    worker.holds.clock.now += LEASE  # type: ignore[attr-defined]
    async with worker(kinds) as value:
        assert value == Kinds({132, -92})
    assert await storage.read_data(KEY, now=worker.holds.clock()) == before


async def test_an_update_that_raises_changes_nothing_of_the_block_around(worker: Worker) -> None:
    def half(count: Count) -> None:
        count.n = 99
        raise ValueError("half-way")

    async with worker() as count:
        count.n = 1
        with pytest.raises(ValueError, match="half-way"):
            await worker().update(half)
        assert count.n == 1
    assert (await worker().read()).n == 1


def test_a_holder_whose_event_loop_was_abandoned_keeps_nobody_waiting() -> None:
    storage, clock = MemorySessionStorage(), Clock()
    worker = Worker(storage, clock, patience=0.5)

    async def hold_for_ever() -> None:
        async with worker():
            await asyncio.Event().wait()

    abandoned = asyncio.new_event_loop()
    task = abandoned.create_task(hold_for_ever())
    for _ in range(3):
        abandoned.run_until_complete(asyncio.sleep(0))
    clock.now += LEASE
    asyncio.run(add_one(worker))
    task.cancel()
    with suppress(asyncio.CancelledError):
        abandoned.run_until_complete(task)
    abandoned.run_until_complete(worker.holds.aclose())
    abandoned.close()
    asyncio.run(add_one(worker))
