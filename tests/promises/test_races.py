"""What happens at once, and what is cancelled in between: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, ids_in
from tests.promises.storages import ListStorage, Stepwise
from tgslices import DurableSessionStorage, MemorySessionStorage, Session, SessionConfig, SessionManager, SessionStorage
from tgslices.storage.adapter import PluginStorage


class Bench:
    """A manager beside the wired one, on a storage that takes its time, with a person and a clock of its own."""

    def __init__(self, stage: FedBot, storage: SessionStorage) -> None:
        person = stage.api.add_person("Ann")
        self.stage = dataclasses.replace(stage, ann=person, chat=person.private_chat(stage.account))
        self.now = datetime.now(UTC)
        self.manager = SessionManager(stage.bot, SessionConfig(storage=Stepwise(storage), clock=lambda: self.now))
        self.durable: DurableSessionStorage = self.manager.tracker.storage

    def session(self) -> Session:
        return self.manager.get(self.stage.chat.id, self.stage.ann.id)

    async def filled(self, count: int = 5) -> Session:
        """Return a session that holds messages which the person sees."""
        session = self.session()
        for number in range(count):
            await session.send_message(str(number))
        return session

    async def arrives(self, message_id: int) -> None:
        update = self.stage.update("message", self.stage.message(message_id))
        await self.manager.tracker.track(update, update.message)

    async def pending(self) -> list[int]:
        return [entry.message.message_id for entry in await self.durable.pending(self.stage.bot.id)]

    def visible(self) -> list[int]:
        return [message.message_id for message in self.stage.chat.visible()]

    def message(self, message_id: int) -> Message:
        return Message.model_validate(self.stage.message(message_id), context={"bot": self.stage.bot})


@pytest.fixture(params=[MemorySessionStorage, ListStorage])
def benches(stage: FedBot, request: pytest.FixtureRequest) -> Callable[[], Bench]:
    """Return what makes a bench of its own for every step that something is cancelled at."""
    return lambda: Bench(stage, request.param())


@pytest.fixture
def delivery() -> str:
    """Nothing is delivered here."""
    return "polling"


async def cancelled_after(steps: int, act: Coroutine[Any, Any, object]) -> bool:
    """Cancel something after this many turns of the loop; tell whether it had ended by then."""
    task = asyncio.create_task(act)
    for _ in range(steps):
        await asyncio.sleep(0)
    ended = task.done()
    task.cancel()
    await asyncio.wait([task])
    return ended


def settlers() -> int:
    """Return how many tasks are finishing pending deletions."""
    return sum(task.get_name() == "tgslices-upkeep" for task in asyncio.all_tasks())


STEPS = range(1, 25)
LATE = 1_000_000


async def test_a_close_that_is_cancelled_leaves_a_session_whole_or_closed(benches: Callable[[], Bench]) -> None:
    ends = set()
    for steps in STEPS:
        bench = benches()
        session = await bench.filled()
        await cancelled_after(steps, session.close())
        left = await ids_in(session)
        assert left in (bench.visible(), [])
        assert await bench.durable.open_keys(bench.stage.bot.id) in ([session.key], [])
        ends.add(len(left))
        await session.close()
        assert bench.manager.is_idle()
        assert await ids_in(session) == []
    assert ends == {5, 0}, "it was cancelled too early, and too late"


async def test_a_forget_that_is_cancelled_forgets_all_or_nothing(benches: Callable[[], Bench]) -> None:
    ends = set()
    for steps in STEPS:
        bench = benches()
        session = await bench.filled()
        kept = bench.visible()[:2]
        await cancelled_after(steps, session.forget(lambda entry, kept=kept: entry.message_id not in kept))
        left = await ids_in(session)
        assert left in (bench.visible(), kept)
        ends.add(len(left))
    assert ends == {5, 2}, "it was cancelled too early, and too late"


async def test_a_track_that_is_cancelled_has_tracked_or_not(benches: Callable[[], Bench]) -> None:
    ends = set()
    for steps in STEPS:
        bench = benches()
        session = await bench.filled(2)
        await cancelled_after(steps, session.track(bench.message(LATE)))
        held = await ids_in(session)
        assert held in (bench.visible(), [*bench.visible(), LATE])
        await session.track(bench.message(LATE))
        assert await ids_in(session) == [*bench.visible(), LATE]
        ends.add(len(held))
    assert ends == {2, 3}, "it was cancelled too early, and too late"


async def test_a_clear_that_is_cancelled_loses_no_entry(benches: Callable[[], Bench]) -> None:
    """ "a crash in between loses nothing": each entry is in the session, pending, or gone from the chat."""
    ends = set()
    for steps in [0, *STEPS, 40, 60, 80]:
        bench = benches()
        session = await bench.filled()
        await cancelled_after(steps, session.clear())
        left, pending = await ids_in(session), await bench.pending()
        visible = bench.visible()
        ends.add((len(left), len(pending)))
        assert set(visible) <= {*left, *pending}
        # What takes a plugin two calls may be cut in the middle: then an entry stands in both places, not in none.
        assert isinstance(bench.durable, PluginStorage) or not set(left) & set(pending)
        bench.now += timedelta(minutes=2)
        await session.clear()
        await bench.manager.upkeep.stop()  # what the cancelled clear has woken may be at work on the same entries
        bench.now += timedelta(minutes=2)
        await bench.manager.settle_pending()
        assert bench.visible() == []
        assert await bench.pending() == await ids_in(session) == []
        await bench.manager.aclose()
    assert ends >= {(5, 0), (0, 5)}, "it was cancelled before the claim, and after it"


async def stay_in(session: Session) -> None:
    async with session:
        await asyncio.Event().wait()


async def test_what_is_claimed_is_leased_for_a_minute(benches: Callable[[], Bench]) -> None:
    """ "A lease on pending deletions lasts a minute unless told otherwise." """
    bench = benches()
    session = await bench.filled(2)
    for steps in STEPS:
        await cancelled_after(steps, session.clear())
        if pending := await bench.durable.pending(bench.stage.bot.id):
            break
    assert [entry.due_at - entry.claimed_at for entry in pending] == [timedelta(minutes=1)] * 2
    await bench.manager.aclose()


async def test_entering_that_is_cancelled_enters_nothing(benches: Callable[[], Bench]) -> None:
    for steps in STEPS:
        bench = benches()
        session = bench.session()
        await cancelled_after(steps, stay_in(session))
        await bench.stage.bot.send_message(bench.stage.chat.id, "outside")
        assert await ids_in(session) == []
        assert await bench.durable.open_keys(bench.stage.bot.id) == [session.key]


async def test_getting_a_session_while_it_is_closed_opens_it_again(benches: Callable[[], Bench]) -> None:
    """Whoever gets a session after ``close`` was called holds an open one, whatever ``close`` is at."""
    for steps in STEPS:
        bench = benches()
        session = await bench.filled(2)
        closing = asyncio.create_task(session.close())
        for _ in range(steps):
            await asyncio.sleep(0)
        had_ended = closing.done()
        again = bench.session()
        await closing
        await again.track(bench.message(LATE))
        assert LATE in await ids_in(again)
        assert await bench.durable.open_keys(bench.stage.bot.id) == [session.key]
        assert had_ended or steps < 20


async def test_a_message_that_arrives_while_a_session_is_closed_is_not_left_behind(
    benches: Callable[[], Bench],
) -> None:
    for steps in STEPS:
        bench = benches()
        session = await bench.filled(2)
        closing = asyncio.create_task(session.close())
        for _ in range(steps):
            await asyncio.sleep(0)
        await bench.arrives(LATE)
        await closing
        assert bench.manager.is_idle()
        assert await bench.durable.list(session.key) == []


async def test_a_match_that_comes_while_a_session_is_closed_is_not_left_behind(benches: Callable[[], Bench]) -> None:
    for steps in STEPS:
        bench = benches()
        session = await bench.filled(2)
        bench.manager.subscribe(session.key, lambda update: True)
        closing = asyncio.create_task(session.close())
        for _ in range(steps):
            await asyncio.sleep(0)
        await bench.arrives(LATE)
        await closing
        assert bench.manager.is_idle()
        assert await bench.durable.list(session.key) == []


async def test_what_a_cancelled_clear_leaves_pending_is_finished_by_itself(benches: Callable[[], Bench]) -> None:
    left_pending = 0
    for steps in [*STEPS, 40, 60]:
        bench = benches()
        session = await bench.filled()
        others = settlers()
        await cancelled_after(steps, session.clear())
        if await bench.pending():
            assert settlers() > others
            left_pending += 1
        await bench.manager.aclose()
    assert left_pending > 1


async def test_a_message_that_arrives_during_a_clear_stays_or_goes_with_it(benches: Callable[[], Bench]) -> None:
    for steps in STEPS:
        bench = benches()
        session = await bench.filled(2)
        clearing = asyncio.create_task(session.clear())
        for _ in range(steps):
            await asyncio.sleep(0)
        await session.send_message("late")
        removed = await clearing
        left = await ids_in(session)
        assert int(removed) + len(left) == 3
        assert bench.visible() == left
        await bench.manager.aclose()


async def test_two_managers_on_one_storage_agree(stage: FedBot) -> None:
    """Two workers of one bot: what one opens the other records, and what one closes is closed."""
    storage = MemorySessionStorage()
    first = SessionManager(stage.bot, SessionConfig(storage=storage))
    second = SessionManager(stage.bot, SessionConfig(storage=storage))
    session = first.get(stage.chat.id)
    await session.messages()
    update = stage.update("message", stage.message(5))
    await second.tracker.track(update, update.message)
    await first.tracker.track(update, update.message)
    assert await ids_in(second.get(stage.chat.id)) == [5]
    assert await second.get(stage.chat.id).close() == 1
    assert first.is_idle()
    assert second.is_idle()


async def test_two_managers_never_clear_an_entry_twice(stage: FedBot) -> None:
    storage = Stepwise(MemorySessionStorage())
    managers = [SessionManager(stage.bot, SessionConfig(storage=storage)) for _ in range(4)]
    async with managers[0].get(stage.chat.id):
        for number in range(5):
            await stage.bot.send_message(stage.chat.id, str(number))
    results = await asyncio.gather(*(manager.get(stage.chat.id).clear() for manager in managers))
    assert sorted(map(int, results)) == [0, 0, 0, 5]
    assert stage.api.count("deleteMessages") == 1
    for manager in managers:
        await manager.aclose()


async def test_fifty_tasks_that_open_record_and_close_one_session_end_in_one_state(
    benches: Callable[[], Bench],
) -> None:
    bench = benches()

    async def work(number: int) -> int:
        session = bench.session()
        await session.track(bench.message(number + 1))
        return await session.close() if number % 7 == 0 else 0

    dropped = await asyncio.gather(*(work(number) for number in range(50)))
    session = bench.session()
    held = await ids_in(session)
    assert len(held) == len(set(held))
    assert sum(dropped) + len(held) == 50, "each was dropped once or is there"
    assert sum(dropped) > 0
    assert await session.close() == len(held)
    assert bench.manager.is_idle()
    assert await bench.durable.list(session.key) == []
