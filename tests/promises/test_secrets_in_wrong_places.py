"""A token or a password in a place where something else belongs: refused, and told by no error, log line or repr."""

from __future__ import annotations

import asyncio
import enum
import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Update

from tests.middlewares.feeding import message
from tests.promises.fed_bot import FedBot
from tests.promises.storages import Line, ListStorage
from tgslices import (
    ConfigurationError,
    InvalidStorage,
    SessionBot,
    SessionConfig,
    TgslicesError,
    sessions_of,
    setup_sessions,
)
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage

SECRET = "AAFqv3hT9mZ1xYkLwPzR7dUeJcGbNsVoQiE"
TOKEN = f"123456789:{SECRET}"


@dataclass
class Settings:
    """What a bot's author keeps together, shown by Python as it is."""

    token: str = TOKEN

    def choose(self, *_: object) -> object:
        return self


class Tokens(enum.StrEnum):
    MAIN = TOKEN


WRONG: dict[str, Any] = {
    "a text": TOKEN,
    "bytes": TOKEN.encode(),
    "a list": [TOKEN],
    "a dictionary": {"token": TOKEN},
    "an enumeration": Tokens.MAIN,
    "an object": Settings(),
    "a method": Settings().choose,
    "a partial": functools.partial(Settings().choose, TOKEN),
    "an error": ValueError(TOKEN),
}

Use = Callable[[Any], object]


def asked(wrong: Any) -> object:
    """Ask for a session by a strategy."""
    bot = Bot(TOKEN)
    setup_sessions(Dispatcher(), bot, key_strategy=wrong)
    return sessions_of(bot).of(Update.model_validate({"update_id": 1, "message": message(1)}, context={"bot": bot}))


def given(name: str) -> Use:
    return lambda wrong: setup_sessions(Dispatcher(), Bot(TOKEN), **{name: wrong})


def kept(wrong: Any) -> None:
    bot = Bot(TOKEN)
    bot.sessions = wrong  # type: ignore[attr-defined]  # that is the mistake
    setup_sessions(Dispatcher(), bot)


def in_a_storage(name: str) -> Use:
    return lambda wrong: SQLAlchemySessionStorage("sqlite:///slices.db", **{name: wrong})


USES: dict[str, Use] = {
    **{name: given(name) for name in ("storage", "manager_factory", "clock", "lease", "patience", "in_flight")},
    **{f"a storage's {name}": in_a_storage(name) for name in ("prefix", "timeout", "synchronous", "shared", "schema")},
    "key_strategy": asked,
    "bot.sessions": kept,
    "sessions_of": sessions_of,
    "get": SessionBot(TOKEN).sessions.get,
    "subscribe": SessionBot(TOKEN).sessions.subscribe,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_no_error_tells_it(use: Use, wrong: Any) -> None:
    told = ""
    try:
        use(wrong)
    except TgslicesError as error:
        told = f"{error} {error!r}"
    assert SECRET not in told


async def test_no_error_of_a_session_tells_it(stage: FedBot) -> None:
    session = stage.session()
    await session.send_message("one")
    for wrong in WRONG.values():
        for use in (session, session.track, session.keep, lambda it: session.clear(bot=it), session.prune):
            with pytest.raises(TgslicesError) as caught:
                await use(wrong)
            assert SECRET not in f"{caught.value} {caught.value!r}"


class Outspoken(ListStorage):
    """A plugin that shows its password, and whose errors do."""

    def __repr__(self) -> str:
        return f"Outspoken('redis://:{SECRET}@host/0')"


def test_a_plugins_own_text_is_not_told() -> None:
    plugin, bot = Outspoken(), SessionBot(TOKEN)
    assert SECRET not in repr(SessionConfig(plugin))
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=plugin)
    for again in (dispatcher, Dispatcher()):
        with pytest.raises(ConfigurationError, match="a storage of type Outspoken already") as caught:
            setup_sessions(again, bot, storage=ListStorage())
        assert SECRET not in str(caught.value)
    assert SECRET not in repr(InvalidStorage(plugin, ("add",)))


@pytest.mark.parametrize("kind", [ConnectionError, ValueError, RuntimeError])
async def test_no_line_of_the_log_tells_what_a_plugins_errors_quote(
    stage: FedBot, caplog: pytest.LogCaptureFixture, kind: type[Exception]
) -> None:
    caplog.set_level(logging.DEBUG, "tgslices")
    line = Line(ListStorage())
    line.failure = kind(f"no answer from redis://:{SECRET}@host/0 to bot{TOKEN}")
    dispatcher, bot = Dispatcher(), SessionBot(stage.account.token, session=stage.api.client_session())
    setup_sessions(dispatcher, bot, storage=line, patience=timedelta(0))
    await dispatcher.emit_startup(bot=bot)
    session = await bot.sessions.get(stage.ann.id).open()
    await session.send_message("one")
    line.is_down = True
    await session.send_message("two")
    await dispatcher.feed_update(bot, stage.update("message", stage.message(70)))
    with pytest.raises(kind):
        await session.clear()
    await asyncio.sleep(0.3)  # tried again by itself
    await dispatcher.emit_shutdown(bot=bot)
    told = [record.getMessage() + str(record.exc_text or "") for record in caplog.records if record.name == "tgslices"]
    assert [line for line in told if "no answer from redis://***@host/0 to bot[token]" in line]
    assert not [line for line in told if SECRET in line]
    assert SECRET not in caplog.text
    await bot.session.close()
