"""Writes that a storage could not take: kept in order, tried again with backoff, bounded, in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tgslices.errors import InvalidTrackedMessage
from tgslices.recording.backlog import MAX_REFUSALS, RETRY, Backlog


class Shop:
    """A storage that is open or shut, and writes down what it took."""

    def __init__(self) -> None:
        self.is_open = True
        self.taken: list[str] = []
        self.tries = 0

    async def probe(self) -> None:
        if not self.is_open:
            raise ConnectionError("shut")

    def write(self, name: str) -> Callable[[], Awaitable[None]]:
        async def write() -> None:
            self.tries += 1
            if not self.is_open:
                raise ConnectionError("shut")
            self.taken.append(name)

        return write


class Sleeps:
    """Sleeping that ends when it is told to, and notes how long it was to take."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.asleep = asyncio.Event()
        self._wake = asyncio.Event()

    async def __call__(self, delay: float) -> None:
        self.delays.append(delay)
        self.asleep.set()
        await self._wake.wait()
        self._wake.clear()

    async def end(self) -> None:
        """Let one sleep end, and wait for the next."""
        self.asleep.clear()
        self._wake.set()
        await asyncio.wait_for(self.asleep.wait(), 30)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


async def test_a_write_is_done_at_once_while_the_storage_answers(shop: Shop) -> None:
    backlog = Backlog(10, probe=shop.probe)
    assert await backlog.write(shop.write("a"), "a")
    assert (shop.taken, len(backlog.waiting)) == (["a"], 0)


async def test_a_write_that_fails_is_kept_and_those_behind_it_wait(shop: Shop, sleeps: Sleeps) -> None:
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    shop.is_open = False
    assert not await backlog.write(shop.write("a"), "a")
    assert not await backlog.write(shop.write("b"), "b")
    shop.is_open = True
    assert not await backlog.write(shop.write("c"), "c")
    assert shop.tries == 1
    await backlog.drain()
    assert (shop.taken, len(backlog.waiting)) == (["a", "b", "c"], 0)
    await backlog.aclose()


async def test_it_tries_again_by_itself_with_backoff(shop: Shop, sleeps: Sleeps) -> None:
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    shop.is_open = False
    await backlog.write(shop.write("a"), "a")
    await sleeps.asleep.wait()
    for _ in range(8):
        await sleeps.end()
    assert sleeps.delays == [RETRY.after(n).total_seconds() for n in range(1, 10)]
    assert shop.tries == 9
    shop.is_open = True
    await backlog.drain()
    assert shop.taken == ["a"]
    await backlog.aclose()


async def test_after_the_storage_answered_the_next_failure_starts_with_a_short_delay(
    shop: Shop, sleeps: Sleeps
) -> None:
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    shop.is_open = False
    await backlog.write(shop.write("a"), "a")
    await sleeps.asleep.wait()
    await sleeps.end()
    await backlog.aclose()
    shop.is_open = False
    sleeps.asleep.clear()
    await backlog.write(shop.write("b"), "b")
    await asyncio.wait_for(sleeps.asleep.wait(), 30)
    assert sleeps.delays[-1] == RETRY.first.total_seconds()
    await backlog.aclose()


async def test_draining_raises_what_the_storage_raises_and_loses_nothing(shop: Shop, sleeps: Sleeps) -> None:
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    shop.is_open = False
    await backlog.write(shop.write("a"), "a")
    with pytest.raises(ConnectionError):
        await backlog.drain()
    assert len(backlog.waiting) == 1
    shop.is_open = True
    await asyncio.gather(*(backlog.drain() for _ in range(5)))
    assert shop.taken == ["a"]
    await backlog.aclose()


async def test_callers_that_drain_at_the_same_time_share_one_attempt_and_its_failure(
    shop: Shop, sleeps: Sleeps
) -> None:
    backlog, go = Backlog(10, probe=shop.probe, sleep=sleeps), asyncio.Event()

    async def slow() -> None:
        shop.tries += 1
        await go.wait()
        raise ConnectionError("shut")

    go.set()
    await backlog.write(slow, "a")
    go.clear()
    shop.tries = 0
    draining = [asyncio.create_task(backlog.drain()) for _ in range(10)]
    while not shop.tries:
        await asyncio.sleep(0)
    go.set()
    assert [str(error) for error in await asyncio.gather(*draining, return_exceptions=True)] == ["shut"] * 10
    assert (shop.tries, len(backlog.waiting)) == (1, 1)
    await backlog.aclose()


async def test_a_drain_that_is_cancelled_loses_nothing(shop: Shop, sleeps: Sleeps) -> None:
    backlog, begun, go = Backlog(10, probe=shop.probe, sleep=sleeps), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        if shop.is_open:
            begun.set()
            await go.wait()
        await shop.write("a")()

    shop.is_open = False
    await backlog.write(slow, "a")
    shop.is_open = True
    draining = asyncio.create_task(backlog.drain())
    await begun.wait()
    draining.cancel()
    await asyncio.wait([draining])
    assert (len(backlog.waiting), shop.taken) == (1, [])
    go.set()
    await backlog.drain()
    assert shop.taken == ["a"]
    await backlog.aclose()


@pytest.mark.parametrize("error", [ValueError("bad"), TypeError("bad"), UnicodeEncodeError("utf-8", "", 0, 1, "bad")])
@pytest.mark.parametrize("when", ["at once", "later"])
async def test_an_entry_that_can_never_be_written_does_not_hold_up_the_rest(
    shop: Shop, sleeps: Sleeps, caplog: pytest.LogCaptureFixture, error: Exception, when: str
) -> None:
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)

    async def bad() -> None:
        raise error

    if when == "later":
        shop.is_open = False
        await backlog.write(shop.write("a"), "a")
    await backlog.write(bad, "the bad one")
    await backlog.write(shop.write("b"), "b")
    shop.is_open = True
    await backlog.drain()
    assert shop.taken == (["a", "b"] if when == "later" else ["b"])
    assert "Cannot record the bad one; it is left out: " in caplog.text
    await backlog.aclose()


@pytest.mark.parametrize("error", [ValueError("Connection closed"), TypeError("NoneType is not a cursor")])
async def test_a_closed_connection_is_not_taken_for_a_bad_entry(shop: Shop, sleeps: Sleeps, error: Exception) -> None:
    """aiosqlite raises a ValueError when its connection is gone: whether the storage answers otherwise decides."""
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    shop.is_open = False

    async def write() -> None:
        if not shop.is_open:
            raise error
        shop.taken.append("a")

    await backlog.write(write, "a")
    with pytest.raises(type(error)):
        await backlog.drain()
    shop.is_open = True
    await backlog.drain()
    assert shop.taken == ["a"]
    await backlog.aclose()


async def test_a_write_that_meets_one_dead_connection_after_the_other_is_not_given_up(
    shop: Shop, sleeps: Sleeps
) -> None:
    """A pool may hold several, and what is asked for meanwhile gets a healthy one."""
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    dead = [ValueError("Connection closed")] * MAX_REFUSALS

    async def write() -> None:
        if dead:
            raise dead.pop()
        shop.taken.append("a")

    await backlog.write(write, "a")
    await backlog.drain()
    assert shop.taken == ["a"]
    await backlog.aclose()


async def test_an_entry_that_our_own_errors_name_is_left_out_at_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    backlog = Backlog(10, probe=shop.probe)
    shop.is_open = False

    async def bad() -> None:
        raise InvalidTrackedMessage("kind", "x", "a MessageKind")

    assert not await backlog.write(bad, "the bad one")
    assert not backlog.waiting
    assert "Cannot record the bad one; it is left out: " in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        OSError(),
        RuntimeError(),
        LookupError(),
    ],
)
async def test_every_other_failure_is_the_storages(shop: Shop, sleeps: Sleeps, error: Exception) -> None:
    backlog, failing = Backlog(10, probe=shop.probe, sleep=sleeps), [error, error]

    async def write() -> None:
        if failing:
            raise failing.pop()
        shop.taken.append("a")

    await backlog.write(write, "a")
    with pytest.raises(type(error)):
        await backlog.drain()
    await backlog.drain()
    assert shop.taken == ["a"]
    await backlog.aclose()


async def test_its_size_is_bounded_and_what_is_lost_is_said(
    shop: Shop, sleeps: Sleeps, caplog: pytest.LogCaptureFixture
) -> None:
    backlog = Backlog(2, probe=shop.probe, sleep=sleeps)
    shop.is_open = False
    for name in "abcd":
        await backlog.write(shop.write(name), name)
    assert caplog.messages[-2:] == [
        "The storage is down and 2 writes are waiting; c is lost",
        "The storage is down and 2 writes are waiting; d is lost",
    ]
    shop.is_open = True
    await backlog.drain()
    assert shop.taken == ["a", "b"]
    await backlog.aclose()


async def test_closing_tries_once_more_and_counts_what_is_lost(
    shop: Shop, sleeps: Sleeps, caplog: pytest.LogCaptureFixture
) -> None:
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    shop.is_open = False
    for name in "ab":
        await backlog.write(shop.write(name), name)
    await backlog.aclose()
    assert "The storage is down at shutdown; 2 writes are lost: " in caplog.text
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-backlog"]


async def test_closing_writes_what_waits(shop: Shop, sleeps: Sleeps) -> None:
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    shop.is_open = False
    await backlog.write(shop.write("a"), "a")
    shop.is_open = True
    await backlog.aclose()
    await backlog.aclose()
    assert shop.taken == ["a"]


async def test_a_write_whose_driver_was_cancelled_is_kept(shop: Shop, sleeps: Sleeps) -> None:
    backlog = Backlog(10, probe=shop.probe, sleep=sleeps)
    failures: list[BaseException] = [asyncio.CancelledError("the driver's pool"), asyncio.CancelledError("again")]

    async def write() -> None:
        if failures:
            raise failures.pop()
        await shop.write("a")()

    assert not await backlog.write(write, "a")
    await asyncio.wait_for(sleeps.asleep.wait(), 30)
    await sleeps.end()
    await backlog.aclose()
    assert shop.taken == ["a"]


async def test_a_cancelled_write_is_not_kept(shop: Shop) -> None:
    """The update that it belongs to is delivered again; and a caller that gives up is told so."""
    backlog, hang = Backlog(10, probe=shop.probe), asyncio.Event()

    async def write() -> None:
        await hang.wait()

    task = asyncio.create_task(backlog.write(write, "a"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not backlog.waiting
