"""A session of any size is cleared and forgotten, in steps that a storage manages in its time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.promises.fed_bot import FedBot, texts_of
from tests.promises.storages import Line
from tgslices import MemorySessionStorage

TEXTS = ["one", "two", "three", "four", "five"]


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("ending.clearing", "event_loop.work_in_turns"):
        monkeypatch.setattr(f"tgslices.{room}.ENTRIES_PER_STEP", 2)


@pytest.fixture
def storage() -> Line:
    return Line(MemorySessionStorage())


async def test_a_session_of_several_steps_is_cleared_as_one(stage: FedBot, storage: Line) -> None:
    session = stage.session("order")
    await stage.says(*TEXTS)
    assert await session.clear() == 5
    assert storage.calls.count("claim") == 3
    assert stage.chat.texts() == []
    assert await session.messages() == []


async def test_a_session_of_several_steps_is_forgotten_as_one(stage: FedBot, storage: Line) -> None:
    session = stage.session("order")
    await stage.says(*TEXTS)
    assert await session.forget() == 5
    assert storage.calls.count("remove") == 3
    assert stage.chat.texts() == TEXTS
    assert await session.messages() == []


async def test_a_storage_that_fails_between_two_steps_loses_nothing(stage: FedBot, storage: Line) -> None:
    session = stage.session("order")
    await stage.says(*TEXTS)
    claim = storage.claim

    async def claim_once(*args: Any, **kwargs: Any) -> Any:
        storage.is_down = "claim" in storage.calls
        return await claim(*args, **kwargs)

    storage.__dict__["claim"] = claim_once
    with pytest.raises(ConnectionError, match="the line is cut"):
        await session.clear()
    storage.is_down = False
    del storage.__dict__["claim"]
    assert await texts_of(session, stage.chat) == ["three", "four", "five"]
    assert len(await storage.pending(session.key.bot_id)) == 2
    assert await session.clear() == 3
