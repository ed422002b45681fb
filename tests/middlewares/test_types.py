"""What type checkers see. mypy judges this file in CI: an ``assert_type`` that is wrong fails there, and so does an
ignored error that is none. That it also runs shows that the types do not lie."""

from __future__ import annotations

from typing import Annotated, assert_type

import pytest
from aiogram import F
from aiogram.methods import CopyMessage, GetMe, SendMessage
from aiogram.types import Message, MessageId, Update, User

from tests.promises.fed_bot import FedBot
from tgslices import (
    ClearResult,
    ConfigurationError,
    DeletionPlan,
    Direction,
    ReplayResult,
    Session,
    SessionBot,
    SessionKey,
    SessionManager,
    SessionQualifier,
    TrackedMessage,
    sessions_of,
)

Order = Annotated[Session, SessionQualifier("order")]


async def test_a_session_bot_is_typed(stage: FedBot) -> None:
    bot = SessionBot(stage.account.token, session=stage.api.client_session())
    assert_type(bot.sessions, SessionManager)
    async with bot as same:
        assert_type(same, SessionBot)
        assert same is bot


async def test_calling_a_session_gives_what_calling_the_bot_gives(stage: FedBot) -> None:
    session = stage.session()
    stage.answers("copyMessage", {"message_id": 5})
    assert_type(await session(SendMessage(chat_id=stage.chat.id, text="hi")), Message)
    assert_type(await session(CopyMessage(chat_id=stage.chat.id, from_chat_id=5, message_id=1)), MessageId)
    assert_type(await session(GetMe(), request_timeout=5), User)
    message = await stage.bot.send_message(stage.chat.id, "hi")
    assert_type(await session(message.answer("hi")), Message)


async def test_wrappers_keep_aiograms_signature(stage: FedBot) -> None:
    """ "with aiogram's full signature kept for type checkers" """
    session = stage.session()
    stage.answers("copyMessages", [{"message_id": 5}])
    assert_type(await session.send_message("hi", parse_mode="HTML", disable_notification=True), Message)
    assert_type(await session.copy_messages(from_chat_id=5, message_ids=[1]), list[MessageId])
    assert_type(await session.send_chat_action("typing"), bool)
    with pytest.raises(ValueError, match="text"):
        await session.send_message(5)  # type: ignore[arg-type]  # the text is a string
    with pytest.raises(TypeError, match="no_such_option"):
        await session.send_message("hi", no_such_option=1)  # type: ignore[call-arg]  # aiogram has none
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'text'"):
        await session.send_message()  # type: ignore[call-arg]  # the text is missing


async def test_a_session_is_typed(stage: FedBot) -> None:
    session = stage.session()
    async with session as same:
        assert_type(same, Session)
    assert_type(session.key, SessionKey)
    assert_type(session.chat_id, int)
    assert_type(session.user_id, int | None)
    assert_type(session.qualifier, str | None)
    message = await stage.bot.send_message(stage.chat.id, "hi")
    assert_type(await session.track(message, direction=Direction.OUTGOING), TrackedMessage)
    assert_type(await session.track(message, message), tuple[TrackedMessage, ...])
    assert_type(await session.messages(F.direction == Direction.OUTGOING), list[TrackedMessage])
    assert_type(await session.messages(lambda entry: entry.message_id > 5), list[TrackedMessage])
    assert_type(await session.replay(stage.chat.id, predicate=F.direction == Direction.INCOMING), ReplayResult)
    assert_type(await session.clear(F.direction == Direction.INCOMING, neutralise="Over."), ClearResult)
    assert_type(await session.prune(keep=5), ClearResult)
    assert_type(await session.plan(), DeletionPlan)
    assert_type(await session.forget(F.kind), int)
    assert_type(await session.clear(), ClearResult)
    assert_type(await session.close(), int)


async def test_a_manager_is_typed(stage: FedBot) -> None:
    sessions, update = stage.bot.sessions, stage.update("message", stage.message(5))
    assert_type(sessions.get(5), Session)
    assert_type(sessions.of(update), Session | None)
    assert_type(sessions.handle_of(update), Session | None)
    assert_type(sessions_of(stage.bot), SessionManager)
    with pytest.raises(ConfigurationError):
        sessions.get(5, 5, "order")  # type: ignore[arg-type]  # a qualifier is given by name
    assert_type(sessions.is_idle(), bool)
    key = SessionKey(stage.bot.id, 7)
    sessions.subscribe(key, lambda update: update.message)
    sessions.subscribe(key, F.message.text)
    assert_type(await sessions.matching_subscriptions(update), list[SessionKey])
    assert_type(await sessions.unsubscribe(key), None)
    assert_type(await sessions.settle_pending(), ClearResult)
    assert_type(update, Update)


async def test_an_annotated_session_is_a_session_to_type_checkers(stage: FedBot) -> None:
    async def handle(message: Message, order: Order, maybe: Order | None) -> None:
        assert_type(order, Session)
        assert_type(maybe, Session | None)

    stage.dispatcher.message.register(handle)
    await stage.dispatcher.feed_update(stage.bot, stage.update("message", stage.message(5)))
