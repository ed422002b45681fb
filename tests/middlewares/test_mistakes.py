"""Mistakes of newcomers: each is told what is wrong and what to write, and none is passed over in silence."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.types import Message, User

from tests.middlewares.feeding import feed
from tests.promises.fed_bot import FedBot
from tgslices import (
    ConfigurationError,
    InvalidSessionKey,
    Session,
    SessionBot,
    SessionKey,
    SessionQualifier,
    sessions_of,
    setup_sessions,
)

TOKEN = "123456789:AAFqv3hT9mZ1xYkLwPzR7dUeJcGbNsVoQiE"


def message(stage: FedBot) -> Message:
    return Message.model_validate(stage.message(5))


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (
            (message,),
            (
                "chat_id of a session key is an object of type Message, which is no integer identifier. "
                "Write of(event) for the session of an event."
            ),
        ),
        (
            (1, message),
            (
                "user_id of a session key is an object of type Message, which is no integer identifier. "
                "Write of(event) for the session of an event."
            ),
        ),
        (
            (User(id=7, is_bot=False, first_name="Ann"),),
            (
                "chat_id of a session key is an object of type User, which is no integer identifier. "
                "A private chat has the number of its user: get(user.id, user)."
            ),
        ),
        (
            (1, "order"),
            (
                "user_id of a session key is 'order', which is no integer identifier. "
                "Name a qualifier: get(chat, qualifier='order')."
            ),
        ),
        (
            (1, TOKEN),
            (
                "user_id of a session key is a text of 45 characters, which is no integer identifier. "
                "Name a qualifier: get(chat, qualifier=...)."
            ),
        ),
        (
            (TOKEN,),
            (
                "chat_id of a session key is a text of 45 characters, which is no integer identifier. "
                "Pass an integer identifier as chat_id."
            ),
        ),
        (
            (None,),
            "chat_id of a session key is None, which is no integer identifier. Pass an integer identifier as chat_id.",
        ),
    ],
    ids=range(7),
)
def test_a_part_that_is_none_is_named_with_what_was_probably_meant(
    stage: FedBot, args: tuple[Any, ...], text: str
) -> None:
    with pytest.raises(InvalidSessionKey) as caught:
        get: Any = stage.bot.sessions.get
        get(*(part(stage) if part is message else part for part in args))
    assert str(caught.value) == text
    assert caught.value.__cause__ is None
    assert stage.bot.sessions.is_idle()


@pytest.mark.parametrize(
    ("more", "given", "named"),
    [
        ("order", "'order'", "qualifier='order'"),
        (5, "5", "thread_id=5"),
        (TOKEN, "a text of 45 characters", "qualifier=..."),
    ],
)
def test_a_third_part_by_position_is_to_be_named(stage: FedBot, more: Any, given: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        stage.bot.sessions.get(1, 1, more)
    assert str(caught.value) == (
        f"get takes a chat and a user by position, and was given {given} as well. "
        f"Name what it is: get(chat, user, {named})."
    )


@pytest.mark.parametrize("given", [TOKEN, 5, None])
def test_what_is_no_key_is_not_quoted(stage: FedBot, given: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        stage.bot.sessions.subscribe(given)
    shown = "a text of 45 characters" if given == TOKEN else repr(given)
    assert str(caught.value) == (
        f"{shown} is no session key of bot {stage.bot.id}. Pass a SessionKey that has the bot's id as bot_id."
    )


@pytest.mark.parametrize("predicate", [F.text == "x", F.photo, ~F.from_user.is_bot])
def test_a_predicate_over_updates_that_asks_for_what_messages_have_is_refused(stage: FedBot, predicate: Any) -> None:
    """It would never match, and nothing would ever be recorded."""
    with pytest.raises(ConfigurationError) as caught:
        stage.bot.sessions.subscribe(SessionKey(stage.bot.id, 7), predicate)
    name = next(name for name in ("text", "photo", "from_user") if f"for {name}," in str(caught.value))
    assert str(caught.value) == (
        f"A predicate over updates asks for {name}, which updates do not have. Write F.message.{name}."
    )
    for fine in (F.message.text == "x", F.update_id > 5, F.event_type == "message", F.a_kind_of_tomorrow):
        stage.bot.sessions.subscribe(SessionKey(stage.bot.id, 7), fine)


async def test_a_block_that_is_left_twice_is_an_error_that_says_so(stage: FedBot) -> None:
    session = stage.session()
    async with session:
        pass
    with pytest.raises(ConfigurationError) as caught:
        await session.__aexit__(None, None, None)
    assert str(caught.value) == (
        "A session's block was left more often than it was entered. Write 'async with session:' around it."
    )


Ordr = Annotated[Session, SessionQualifier("ordr")]


async def test_a_misspelt_qualifier_is_told_in_the_log(stage: FedBot, caplog: pytest.LogCaptureFixture) -> None:
    """It is a session of its own, which is empty: what was meant stays in the chat."""
    await stage.session("order").send_message("What would you like?")

    @stage.dispatcher.message()
    async def done(message: Message, order: Ordr) -> None:
        assert await order.clear() == 0

    await feed(stage.dispatcher, stage.bot)
    assert caplog.messages == []  # somebody else's chat
    await stage.dispatcher.feed_update(stage.bot, stage.update("message", stage.message(6)))
    assert [text for text in caplog.messages if "meant" in text] == [
        "'ordr' was cleared and is empty; was the session 'order' meant, which is open here?"
    ]


@pytest.mark.parametrize(("cleared", "is_open"), [("step_1", "step_2"), ("support", "order"), ("order", "order")])
async def test_a_session_of_its_own_may_be_empty(
    stage: FedBot, caplog: pytest.LogCaptureFixture, cleared: str, is_open: str
) -> None:
    await stage.session(is_open).send_message("What would you like?")
    assert await stage.bot.sessions.get(stage.chat.id, stage.ann.id, qualifier=cleared, collect=False).clear() < 2
    assert [text for text in caplog.messages if "meant" in text] == []


@pytest.mark.parametrize("way", ["polling", "webhook"])
async def test_a_bot_that_no_dispatcher_records_for_says_so_once(
    session_bot: SessionBot, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """A forgotten ``setup_sessions``: handles work, and what people write is not recorded."""
    for _ in range(2):
        if way == "polling":
            await session_bot.get_updates()
        else:
            await session_bot.set_webhook("http://127.0.0.1:9/")
    assert caplog.messages == [
        (
            f"Bot {session_bot.id} asks for updates, but its sessions see none of them: nothing that people write is "
            "recorded, and no handler gets a session; call setup_sessions(dispatcher, bot) before"
        )
    ]


async def test_a_bot_that_is_wired_has_nothing_to_say(stage: FedBot, caplog: pytest.LogCaptureFixture) -> None:
    await stage.bot.get_updates()
    assert caplog.messages == []


async def test_mistakes_in_handlers_are_found_at_the_start(stage: FedBot) -> None:
    """A start that fails is better than a handler that fails at night."""

    @stage.dispatcher.message()
    async def handle(message: Message, order: Annotated[Session, "order"]) -> None:
        raise AssertionError("it must not run")

    with pytest.raises(ConfigurationError, match="SessionQualifier"):
        await stage.dispatcher.emit_startup(bot=stage.bot)
    await stage.dispatcher.emit_shutdown(bot=stage.bot)


async def test_the_sessions_of_a_plain_bot_have_a_type(plain: Bot) -> None:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, plain)
    session = sessions_of(plain).get(7, 7)
    assert session.chat_id == 7
