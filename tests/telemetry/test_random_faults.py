"""Whatever fails, an observer is told nothing that has not happened; and all of it where no answer is lost."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.telemetry.conftest import Told, Watched
from tgslices import MemorySessionStorage, Session, SessionStorage
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.telemetry import (
    MessageRecorded,
    MessagesClaimed,
    MessagesSettled,
    SessionClosed,
    SessionEvent,
    SessionOpened,
)
from tgslices.telemetry.observed_storage import observed
from tgslices.telemetry.observer import telling
from tgslices.testing import Failure, Flood

SEEDS = range(6)
HOUR = timedelta(hours=1)


class Failing:
    """A storage that fails before its work one call in six; or after it, so that the answer is lost."""

    def __init__(self, storage: DurableSessionStorage, chance: random.Random, *, loses_answers: bool) -> None:
        self._storage = storage
        self._chance = chance
        self._loses_answers = loses_answers
        self.is_up = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._storage, name)
        if not inspect.iscoroutinefunction(method) or name in {"start", "aclose"}:
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            fails = not self.is_up and self._chance.random() < 1 / 6
            is_late = self._loses_answers and self._chance.random() < 1 / 2
            if fails and not is_late:
                raise ConnectionError("refused")
            result = await method(*args, **kwargs)
            if fails:
                raise ConnectionError("no answer")
            return result

        return call


def _counted(events: list[SessionEvent]) -> Counter[str]:
    """Return how often what can be counted on both sides happened."""
    counts: Counter[str] = Counter()
    for event in events:
        match event:
            case SessionOpened(key) | SessionClosed(key):
                counts[f"{type(event).__name__} {key.qualifier}"] += 1
            case MessagesClaimed(key, messages):
                counts.update(f"claimed {key.qualifier} {message.message_id}" for message in messages)
            case MessageRecorded(_, message, sessions):
                counts[f"recorded {message.message_id} in {sessions}"] += 1
    return counts


async def _act(chance: random.Random, sessions: list[Session]) -> None:
    """Do something at random; what the storage refuses is the author's to try again."""
    session = chance.choice(sessions)
    try:
        match chance.randrange(6):
            case 0 | 1 | 2:
                await session.send_message("hi")
            case 3:
                await session.clear()
            case 4:
                await session.close()
            case _:
                await session.open()
    except ConnectionError:
        return


@pytest.fixture
def storage() -> SessionStorage:
    """What fails is around it."""
    return MemorySessionStorage()


@pytest.mark.parametrize("loses_answers", [False, True], ids=["refused", "answers lost"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_told_that_has_not_happened(watched: Watched, seed: int, loses_answers: bool) -> None:
    chance, truth = random.Random(seed), Told()
    inner = cast(DurableSessionStorage, watched.storage)
    failing = Failing(
        observed(inner, watched.account.id, telling(truth)), random.Random(seed + 1), loses_answers=loses_answers
    )
    watched.api.faults.add(Flood(1), method="deleteMessages", skip=2)
    watched.api.faults.add(Failure(400, "Bad Request: message can't be deleted"), method="deleteMessages", times=3)
    async with watched.worker(storage=cast(SessionStorage, failing)) as bot:
        sessions = [bot.sessions.get(watched.chat.id, qualifier=name) for name in ("one", "two")]
        for _ in range(25):
            await asyncio.gather(*(_act(chance, sessions) for _ in range(3)))
        failing.is_up = True
        await sessions[0].messages()
        for session in sessions:
            await session.clear()
            await session.close()
        await bot.sessions.upkeep.stop()  # it may tell later than its messages are gone
        while await inner.pending(bot.id):
            watched.later(HOUR)
            await bot.sessions.settle_pending()
    told, happened = _counted(watched.told.events), _counted(truth.events)
    assert not told - happened
    if not loses_answers:
        assert not happened - told
    assert Counter(event.key for event in truth.of(SessionOpened)) == Counter(
        event.key for event in truth.of(SessionClosed)
    )
    claimed = Counter(m for event in truth.of(MessagesClaimed) for m in event.messages)
    settled = sum(event.messages for event in watched.told.of(MessagesSettled))
    assert settled <= sum(claimed.values())
    if not loses_answers:
        assert settled == sum(claimed.values())
