"""No token appears in any message or log, whatever goes wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiogram import Dispatcher
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramUnauthorizedError

from tgslices import ClearResult, Session, SessionBot, SessionConfig, SessionManager, setup_sessions
from tgslices.testing import BotApi, Failure


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[SessionBot]:
    account = api.add_bot("order_bot")
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, manager_factory=impatient)
        yield bot


def impatient(bot: object, config: SessionConfig) -> SessionManager:
    """Make a manager that gives up at once, so that a test takes no time."""
    return SessionManager(bot, SessionConfig(config.storage, patience=timedelta(0)))  # type: ignore[arg-type]


@pytest.fixture
async def session(api: BotApi, bot: SessionBot) -> Session:
    ann = api.add_person("Ann")
    ann.private_chat(api.world.bots[bot.token])
    session = bot.sessions.get(ann.id)
    await session.send_message("hello")
    return session


@pytest.mark.parametrize("what", ["refused", 401, 403, 404, 429, 500])
async def test_no_token_appears_in_any_error_or_log(
    api: BotApi, bot: SessionBot, session: Session, caplog: pytest.LogCaptureFixture, what: str | int
) -> None:
    """ "no token appears in any message or log" """
    caplog.set_level(logging.DEBUG)
    if isinstance(what, int):
        api.faults.add(Failure(what), times=None)
    else:
        await api.refuse()
    texts: list[str] = []
    for act in (lambda: session.send_message("x"), session.clear, bot.sessions.settle_pending, session.close):
        try:
            result = await act()
        except TelegramAPIError as error:
            texts += [str(error), repr(error)]
        else:
            assert isinstance(result, (ClearResult, int))
    assert texts, "something failed"
    texts += [repr(session), str(session.key), repr(bot.sessions), repr(bot.sessions.config)]
    assert [text for text in texts if bot.token in text or bot.token.partition(":")[2] in text] == []
    assert bot.token.partition(":")[2] not in caplog.text
    await bot.sessions.aclose()


async def test_a_revoked_token_is_raised_and_loses_nothing(api: BotApi, bot: SessionBot, session: Session) -> None:
    api.faults.add(Failure(401), times=2)
    with pytest.raises(TelegramUnauthorizedError):
        await session.send_message("x")
    with pytest.raises(TelegramUnauthorizedError):
        await session.clear()
    assert len(await bot.sessions.tracker.storage.pending(bot.id)) == 1


async def test_a_server_that_is_away_is_raised_as_aiogram_raises_it(api: BotApi, session: Session) -> None:
    await api.refuse()
    with pytest.raises(TelegramNetworkError):
        await session.send_message("x")
    assert len(await session.messages()) == 1
