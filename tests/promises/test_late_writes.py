"""A write that was done and told to have failed is repeated, and reopens nothing that was closed since."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiogram import Dispatcher

from tgslices import MemorySessionStorage, Session, SessionBot, TrackedMessage, setup_sessions
from tgslices.storage.protocol import Added
from tgslices.testing import BotApi, Person


class Lossy(MemorySessionStorage):
    """Does what it is told, and loses the answer to the next write when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.loses = False

    def _answer(self) -> None:
        if self.loses:
            self.loses = False
            raise TimeoutError("no answer")

    async def add(self, *arguments: Any, **options: Any) -> Added:
        done = await super().add(*arguments, **options)
        self._answer()
        return done

    async def claim(self, *arguments: Any, **options: Any) -> list[TrackedMessage]:
        done = await super().claim(*arguments, **options)
        self._answer()
        return done

    async def open(self, *arguments: Any, **options: Any) -> bool:
        done = await super().open(*arguments, **options)
        self._answer()
        return done


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
def storage() -> Lossy:
    return Lossy()


@pytest.fixture
async def workers(api: BotApi, storage: Lossy) -> AsyncIterator[tuple[Person, Session, Session]]:
    """Ann, and her session as two workers on one storage have it."""
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    ann.private_chat(account)
    bots = [SessionBot(account.token, session=api.client_session()) for _ in range(2)]
    for bot in bots:
        setup_sessions(Dispatcher(), bot, storage=storage)
    one, other = (bot.sessions.handle(bot.sessions.get(ann.id, ann.id, collect=False).key) for bot in bots)
    yield ann, one, other
    for bot in bots:
        await bot.sessions.aclose()
        await bot.session.close()


async def test_a_lost_answer_to_a_send_reopens_nothing(
    storage: Lossy, workers: tuple[Person, Session, Session]
) -> None:
    _, one, other = workers
    storage.loses = True
    await one.send_message("What would you like?")
    assert await other.clear() == 1
    await other.close()
    assert not await one.is_open(), "the repetition has come by now"
    assert await one.messages() == []


async def test_a_lost_answer_to_an_opening_reopens_nothing(
    storage: Lossy, workers: tuple[Person, Session, Session]
) -> None:
    _, one, other = workers
    storage.loses = True
    await one.open()
    await other.close()
    assert not await one.is_open()


async def test_what_really_failed_is_done_by_the_repetition(
    storage: Lossy, workers: tuple[Person, Session, Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, one, _ = workers
    opening, failures = storage.open, iter([ConnectionError("away")])

    async def away(*arguments: Any, **options: Any) -> bool:
        for failure in failures:
            raise failure
        return await opening(*arguments, **options)

    monkeypatch.setattr(storage, "open", away)
    await one.open()
    assert await one.is_open()


async def test_a_session_that_is_opened_after_the_close_stays_open(
    storage: Lossy, workers: tuple[Person, Session, Session]
) -> None:
    _, one, other = workers
    storage.loses = True
    await one.send_message("What would you like?")
    await other.close()
    await asyncio.sleep(0)
    await other.open()
    assert await one.is_open()


async def test_a_lost_answer_to_a_claim_leaves_it_to_the_upkeep_of_this_process(api: BotApi, storage: Lossy) -> None:
    """The entries have left the session; nobody else might ever look, where one bot is merely fed."""
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    chat = ann.private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, storage=storage, lease=timedelta(seconds=1))
        session = bot.sessions.get(ann.id, ann.id)
        await session.send_message("What would you like?")
        storage.loses = True
        with pytest.raises(TimeoutError, match="no answer"):
            await session.clear()
        await chat.until(lambda view: not view.texts())
