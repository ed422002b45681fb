"""Lost answers, floods and cancellations: nothing is sent twice, and what is not known is said."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random

import pytest
from aiogram.exceptions import TelegramUnauthorizedError

from tests.replay.stage import ReplayStage
from tgslices import ReplayResult
from tgslices.replay.requests import Target
from tgslices.testing import Drop, Failure, Flood, Slow
from tgslices.testing.faults import Effect, Partial

LONG = timedelta(hours=1)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("after_work", [True, False])
async def test_a_lost_answer_is_unknown_and_never_asked_for_again(
    stage: ReplayStage, exact: bool, after_work: bool
) -> None:
    entries = stage.texts("one", "two", "three")
    stage.scene.api.faults.add(Drop(after_work=after_work))
    result = await stage.replay(entries, exact=exact)
    lost = entries[:1] if exact else entries
    assert list(result.unknown) == lost
    assert str(result.reason(lost[0])).startswith("TelegramNetworkError")
    assert stage.copied_texts() == (["one", "two", "three"] if after_work else [] if not exact else ["two", "three"])
    assert result.requests == (3 if exact else 1)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("exact", [True, False])
async def test_no_message_is_sent_twice_however_many_answers_are_lost(
    stage: ReplayStage, exact: bool, seed: int
) -> None:
    random = Random(seed)
    entries = []
    for number in range(10):
        entries += [*stage.texts(*(f"{number}-{each}" for each in range(10))), *stage.album(3, number=number)]
    for _ in range(40):
        faults: list[Effect] = [Drop(after_work=True), Drop(), Failure(502), Flood(2), Slow()]
        fault = random.choice(faults)
        stage.scene.api.faults.add(fault, skip=random.randrange(110 if exact else 3))
    result = await stage.replay(entries, exact=exact, patience=LONG)
    texts = [text for text in stage.copied_texts() if text != "photo"]
    assert len(texts) == len(set(texts))
    assert len(stage.copies()) - len(texts) <= 30
    assert len(result.copied) + len(result.unknown) == 130
    ids = {copy.message_id for copy in stage.copies()}
    assert set(result.copied.values()) <= ids
    assert len(ids) <= 130


@pytest.mark.parametrize("code", [500, 502])
async def test_an_error_of_the_server_leaves_it_unknown(stage: ReplayStage, code: int) -> None:
    one, two = stage.texts("one", "two")
    stage.scene.api.faults.add(Failure(code))
    result = await stage.replay([one, two])
    assert (result.unknown, list(result.copied)) == ((one,), [two])


async def test_what_was_sent_in_part_is_unknown(stage: ReplayStage) -> None:
    album = stage.album(3)
    stage.scene.api.faults.add(Partial(2), method="copyMessages")
    result = await stage.replay(album)
    assert result.unknown == tuple(album)
    assert len(stage.copies()) == 2


async def test_a_flood_is_waited_for_and_the_message_sent_once(stage: ReplayStage) -> None:
    entries = [*stage.texts("one", "two"), *stage.album()]
    stage.scene.api.faults.add(Flood(retry_after=7), times=2, skip=1)
    result = await stage.replay(entries)
    assert list(result.copied) == entries
    assert (stage.scene.naps, result.requests) == ([7.0, 7.0], 5)


async def test_a_flood_in_the_midst_of_a_hundred_may_have_sent_some(stage: ReplayStage) -> None:
    entries = stage.texts("one", "two")
    stage.scene.api.faults.add(Flood(retry_after=7))
    result = await stage.replay(entries, exact=False)
    assert result.unknown == tuple(entries)
    assert result.requests == 1


async def test_a_flood_beyond_the_patience_leaves_the_rest(stage: ReplayStage) -> None:
    one, two, three = stage.texts("one", "two", "three")
    stage.scene.api.faults.add(Flood(retry_after=60), skip=1, times=None)
    result = await stage.replay([one, two, three])
    assert (list(result.copied), result.left) == ([one], (two, three))
    assert result.reason(three) == "Too Many Requests: retry after 60"
    stage.scene.api.faults.clear()
    stage.scene.api.clock.move(timedelta(minutes=2))
    assert list((await stage.replay(result.left)).copied) == [two, three]
    assert stage.copied_texts() == ["one", "two", "three"]


async def test_a_server_that_cannot_be_reached_is_asked_again_and_then_left(stage: ReplayStage) -> None:
    entries = stage.texts("one", "two")
    await stage.scene.api.refuse()
    result = await stage.replay(entries)
    assert result.left == tuple(entries)
    assert str(result.reason(entries[0])).startswith("TelegramNetworkError")
    await stage.scene.api.accept()
    assert len((await stage.replay(entries)).copied) == 2


async def test_a_network_that_loses_every_answer_is_given_up(stage: ReplayStage) -> None:
    entries = stage.texts(*map(str, range(40)))
    stage.scene.api.faults.add(Drop(), times=None)
    result = await stage.replay(entries)
    assert 2 <= len(result.unknown) < 20
    assert len(result.left) == 40 - len(result.unknown)
    assert str(result.reason(result.left[-1])).startswith("TelegramNetworkError")


@pytest.mark.parametrize("exact", [True, False])
async def test_a_cancelled_replay_tells_what_it_had_done(stage: ReplayStage, exact: bool) -> None:
    entries, held = stage.texts("one", "two", "three"), asyncio.Event()
    stage.scene.api.faults.add(Slow(until=held, after_work=True), skip=1 if exact else 0)
    task = asyncio.create_task(stage.replay(entries, exact=exact))
    wanted = 2 if exact else 3
    while len(stage.copies()) < wanted:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    held.set()
    result = ReplayResult.carried_by(cancelled.value)
    assert result is not None
    one, two, three = entries
    if exact:
        assert (list(result.copied), result.unknown, result.left) == ([one], (two,), (three,))
    else:
        assert (result.copied, result.unknown, result.left) == ({}, (one, two, three), ())
    assert result.reason(two) == "The answer was not waited for."


async def test_a_timeout_around_a_replay_works_and_carries_the_result(stage: ReplayStage) -> None:
    entries, held = stage.texts("one", "two"), asyncio.Event()
    stage.scene.api.faults.add(Slow(until=held, after_work=True), skip=1)
    copying = asyncio.create_task(stage.replay(entries))
    with pytest.raises(TimeoutError) as timeout:
        await _run_out_of_time(copying, stage)
    held.set()
    result = ReplayResult.carried_by(timeout.value)
    assert result is not None
    assert (list(result.copied), list(result.unknown)) == (entries[:1], entries[1:])


async def test_a_replay_that_is_cancelled_in_a_flood_has_sent_nothing_more(
    stage: ReplayStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries, napping = stage.texts("one", "two"), asyncio.Event()
    stage.scene.api.faults.add(Flood(retry_after=5), skip=1)
    replayer = stage.replayer()

    async def sleep(_seconds: float) -> None:
        napping.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(replayer._pacing, "_sleep", sleep)
    task = asyncio.create_task(replayer.replay(entries, Target(stage.desk.id, None, False), exact=True))
    await napping.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    result = ReplayResult.carried_by(cancelled.value)
    assert result is not None
    assert (list(result.copied), list(result.left), result.unknown) == (entries[:1], entries[1:], ())


async def test_a_revoked_token_is_raised_and_carries_the_result(stage: ReplayStage) -> None:
    one, two, three = stage.texts("one", "two", "three")
    stage.scene.api.faults.add(Failure(401), skip=1)
    with pytest.raises(TelegramUnauthorizedError) as refused:
        await stage.replay([one, two, three])
    result = ReplayResult.carried_by(refused.value)
    assert result is not None
    assert (list(result.copied), result.unknown, result.left) == ([one], (), (two, three))


def test_an_error_of_something_else_carries_nothing() -> None:
    assert ReplayResult.carried_by(ValueError("no")) is None


async def _run_out_of_time(copying: asyncio.Task[ReplayResult], stage: ReplayStage) -> None:
    async with asyncio.timeout(None) as limit:
        while len(stage.copies()) < 2:
            await asyncio.sleep(0.01)
        limit.reschedule(0)
        await copying
