"""Writes that arrive together are committed together, and whatever happens to one of them is its own affair."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from tgslices.errors import StorageError
from tgslices.storage.group_commit import GroupCommit, Verdict


class Broken(Exception):
    """What the database below raises."""


class Explained(Exception):
    """What callers get for it."""


class Groups:
    """A database that remembers its groups, and that can be held up or broken."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.connections = 0
        self.open_connections = 0
        self.failures: list[BaseException] = []
        self.poison: set[int] = set()
        self.gate = asyncio.Event()
        self.gate.set()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Callable[[Sequence[int]], Awaitable[list[int]]]]:
        self.connections += 1
        self.open_connections += 1
        try:
            yield self.write
        finally:
            self.open_connections -= 1

    async def write(self, group: Sequence[int]) -> list[int]:
        await asyncio.sleep(0)
        self.groups.append(list(group))
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        if self.poison.intersection(group):
            raise Broken("poison")
        return [10 * item for item in group]

    def coalescer(
        self, *, lanes: int = 1, largest: int = 100, timeout: float = 60, verdict: Verdict = Verdict.FAIL
    ) -> GroupCommit[int, int]:
        return GroupCommit(
            self.connect,
            verdict_on=lambda error, failures: verdict if failures < 3 else Verdict.FAIL,
            explain=lambda error: Explained(type(error).__name__),
            lanes=lanes,
            max_group=largest,
            timeout=timeout,
        )


@pytest.fixture
def database() -> Groups:
    return Groups()


async def test_a_lone_write_is_not_kept_waiting(database: Groups) -> None:
    """A timer of any length would let the loop turn thousands of times."""
    writer = database.coalescer()
    for item in (1, 2):
        answer, turns = writer.submit(item), 0
        while not answer.done():
            await asyncio.sleep(0)
            turns += 1
        assert (answer.result(), turns < 10) == (10 * item, True)
    assert database.groups == [[1], [2]]


async def test_writes_that_arrive_together_are_one_group_in_their_order(database: Groups) -> None:
    writer = database.coalescer()
    assert await asyncio.gather(*(writer.submit(item) for item in range(30))) == [10 * item for item in range(30)]
    assert database.groups == [list(range(30))]


async def test_what_arrives_during_a_group_is_the_next_one_on_the_same_connection(database: Groups) -> None:
    writer = database.coalescer()
    database.gate.clear()
    first = writer.submit(1)
    while not database.groups:
        await asyncio.sleep(0)
    rest = [writer.submit(item) for item in (2, 3, 4)]
    database.gate.set()
    await asyncio.gather(first, *rest)
    assert (database.groups, database.connections) == ([[1], [2, 3, 4]], 1)


async def test_a_group_is_never_larger_than_allowed(database: Groups) -> None:
    writer = database.coalescer(largest=10)
    await asyncio.gather(*(writer.submit(item) for item in range(25)))
    assert [len(group) for group in database.groups] == [10, 10, 5]


async def test_lanes_work_at_the_same_time_and_no_more_of_them_than_allowed(database: Groups) -> None:
    writer = database.coalescer(lanes=2, largest=10)
    database.gate.clear()
    answers = [writer.submit(item) for item in range(30)]
    while len(database.groups) < 2:
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    assert (len(database.groups), database.open_connections) == (2, 2)
    database.gate.set()
    assert await asyncio.gather(*answers) == [10 * item for item in range(30)]


async def test_nothing_runs_and_no_connection_is_held_while_nothing_is_written(database: Groups) -> None:
    writer = database.coalescer()
    await writer.submit(1)
    await writer.aclose()
    assert database.open_connections == 0
    assert [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-writer"] == []


async def test_who_writes_again_at_once_gets_the_same_connection(database: Groups) -> None:
    writer = database.coalescer()
    for item in range(20):
        await writer.submit(item)
    assert (len(database.groups), database.connections) == (20, 1)


async def test_a_failure_is_told_to_everyone_in_the_group_and_to_nobody_else(database: Groups) -> None:
    writer = database.coalescer(largest=2)
    database.failures = [Broken()]
    answers = await asyncio.gather(*(writer.submit(item) for item in range(4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Explained, Explained, int, int]
    assert database.connections == 2


async def test_a_failure_that_has_nothing_to_do_with_the_group_is_tried_again(database: Groups) -> None:
    writer = database.coalescer(verdict=Verdict.AGAIN)
    database.failures = [Broken(), Broken()]
    answers = [writer.submit(1), writer.submit(2)]
    assert await asyncio.gather(*answers) == [10, 20]
    assert database.groups == [[1, 2]] * 3


async def test_it_is_not_tried_again_for_ever(database: Groups) -> None:
    writer = database.coalescer(verdict=Verdict.AGAIN)
    database.failures = [Broken() for _ in range(9)]
    with pytest.raises(Explained, match=r"^Broken$"):
        await writer.submit(1)
    assert len(database.groups) == 3


async def test_only_the_culprit_of_a_group_fails(database: Groups) -> None:
    writer = database.coalescer(verdict=Verdict.ALONE)
    database.poison = {3}
    answers = await asyncio.gather(*(writer.submit(item) for item in range(5)), return_exceptions=True)
    assert [answer if isinstance(answer, int) else type(answer) for answer in answers] == [0, 10, 20, Explained, 40]


async def test_who_is_cancelled_before_the_group_is_not_written_and_the_others_are(database: Groups) -> None:
    writer = database.coalescer()
    answers = [writer.submit(item) for item in range(4)]
    answers[1].cancel()
    await asyncio.gather(*answers, return_exceptions=True)
    assert database.groups == [[0, 2, 3]]


async def test_who_is_cancelled_during_the_group_changes_nothing(database: Groups) -> None:
    writer = database.coalescer()
    database.gate.clear()
    answers = [writer.submit(item) for item in range(4)]
    while not database.groups:
        await asyncio.sleep(0)
    answers[1].cancel()
    database.gate.set()
    assert [await answers[number] for number in (0, 2, 3)] == [0, 20, 30]


async def test_a_database_that_does_not_answer_holds_nobody_up(database: Groups) -> None:
    writer = database.coalescer(largest=1, timeout=0.05)
    database.gate.clear()
    answers = await asyncio.gather(*(writer.submit(item) for item in range(3)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["TimeoutError"] * 3
    database.gate.set()
    assert await writer.submit(7) == 70
    await writer.aclose()
    assert database.open_connections == 0


async def test_a_connection_that_cannot_be_had_is_told_to_those_who_wait_for_it(database: Groups) -> None:
    @asynccontextmanager
    async def refuse() -> AsyncIterator[Callable[[Sequence[int]], Awaitable[list[int]]]]:
        raise Broken
        yield database.write

    writer: GroupCommit[int, int] = GroupCommit(
        refuse,
        verdict_on=lambda error, failures: Verdict.FAIL,
        explain=lambda error: Explained(type(error).__name__),
        lanes=1,
        max_group=10,
        timeout=60,
    )
    answers = await asyncio.gather(*(writer.submit(item) for item in range(25)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Explained}


async def test_closing_waits_for_what_was_accepted(database: Groups) -> None:
    writer = database.coalescer(largest=2)
    answers = [writer.submit(item) for item in range(5)]
    await writer.aclose()
    assert [answer.result() for answer in answers] == [0, 10, 20, 30, 40]


async def test_closing_fails_what_is_not_written_within_the_timeout(database: Groups) -> None:
    writer = database.coalescer(largest=1, timeout=0.05)
    database.gate.clear()
    answers = [writer.submit(item) for item in range(3)]
    await writer.aclose()
    assert [str(answer.exception()) for answer in answers] == ["TimeoutError"] * 3
    assert len(database.groups) == 1
    database.gate.set()
    assert await writer.submit(7) == 70
    await writer.aclose()
    assert database.open_connections == 0


def test_a_writer_that_was_closed_keeps_deadlines_in_another_event_loop(database: Groups) -> None:
    async def write(writer: GroupCommit[int, int]) -> str:
        database.gate = asyncio.Event()
        [failure] = await asyncio.gather(writer.submit(1), return_exceptions=True)
        await writer.aclose()
        return str(failure)

    writer = database.coalescer(timeout=0.05)
    assert [asyncio.run(write(writer)) for _ in range(3)] == ["TimeoutError"] * 3


def test_a_writer_that_was_not_closed_refuses_another_event_loop(database: Groups) -> None:
    async def write(writer: GroupCommit[int, int]) -> int:
        return await writer.submit(1)

    writer = database.coalescer()
    assert asyncio.run(write(writer)) == 10
    with pytest.raises(StorageError) as caught:
        asyncio.run(write(writer))
    assert str(caught.value) == (
        "The storage is open in another event loop, which its connections belong to. "
        "Await its aclose() before that loop ends, or make a storage for each loop."
    )
