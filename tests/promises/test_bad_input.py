"""Bad input: an error of one tree, whose whole text names the cause and the remedy, and nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.types import Chat, Message, MessageId, User

from tests.promises.fed_bot import FedBot, texts_of
from tgslices import (
    ConfigurationError,
    InvalidSessionKey,
    InvalidTrackedMessage,
    NotAMessage,
    PredicateFailed,
    SessionBot,
    SessionConfig,
    SessionKey,
    SessionManager,
    TgslicesError,
    TrackedMessage,
)


@pytest.mark.parametrize("chat", [None, "@news", "7", 7.0, True])
async def test_a_key_without_a_chat_is_refused(stage: FedBot, chat: Any) -> None:
    """ "a key without chat" """
    with pytest.raises(InvalidSessionKey) as caught:
        stage.bot.sessions.get(chat)
    assert str(caught.value) == (
        f"chat_id of a session key is {chat!r}, which is no integer identifier. Pass an integer identifier as chat_id."
    )
    assert stage.bot.sessions.is_idle()


@pytest.mark.parametrize("qualifier", [5, b"order", ["order"]])
async def test_an_unknown_type_of_qualifier_is_refused(stage: FedBot, qualifier: Any) -> None:
    """ "an unknown qualifier type" """
    text = f"qualifier of a session key is {qualifier!r}, which is no string. Pass a string as qualifier."
    with pytest.raises(InvalidSessionKey) as caught:
        stage.session(qualifier)
    assert str(caught.value) == text
    with pytest.raises(InvalidSessionKey) as caught:
        stage.bot.sessions.of(stage.update("message", stage.message(5)), qualifier=qualifier)
    assert str(caught.value) == text
    assert stage.bot.sessions.is_idle()


async def test_chats_and_users_may_be_given_as_objects(stage: FedBot) -> None:
    chat, user = Chat.model_validate(stage.chat.chat.json()), User.model_validate(stage.ann.json())
    assert stage.bot.sessions.get(chat, user).key == stage.session().key


async def test_a_strategy_that_reaches_into_another_bot_is_refused(stage: FedBot) -> None:
    def strategy(scope: object) -> SessionKey:
        return SessionKey(5, 7)

    manager = SessionManager(stage.bot, SessionConfig(key_strategy=strategy))
    with pytest.raises(ConfigurationError) as caught:
        manager.of(stage.update("message", stage.message(5)))
    assert str(caught.value) == (
        f"The key strategy {strategy!r} returned {SessionKey(5, 7)!r} for an update of bot {stage.bot.id}. "
        "Return a SessionKey with the scope's own bot_id, or None."
    )


async def test_every_error_is_of_one_tree(stage: FedBot) -> None:
    with pytest.raises(TgslicesError):
        stage.bot.sessions.get("@news")  # type: ignore[arg-type]  # the mistake under test


async def test_another_bot_cannot_clear_what_only_this_one_can_name(stage: FedBot) -> None:
    """Its ``deleteMessages`` would delete its own messages of those numbers."""
    session = stage.session()
    await stage.says("one")
    account = stage.api.add_bot("other_bot")
    async with SessionBot(account.token, session=stage.api.client_session()) as other:
        with pytest.raises(ConfigurationError) as caught:
            await session.clear(bot=other)
        assert str(caught.value) == (
            f"Bot {other.id} cannot clear messages that bot {stage.bot.id} recorded outside of supergroups and "
            "channels, because message ids there belong to one bot. "
            "Leave out the bot argument, or choose supergroup messages with a predicate."
        )
    assert await texts_of(session, stage.chat) == ["one"]


def broken(message: TrackedMessage) -> bool:
    return bool(message.text)  # type: ignore[attr-defined]  # the mistake under test


@pytest.mark.parametrize("act", ["messages", "clear", "forget"])
async def test_a_predicate_that_raises_changes_nothing(stage: FedBot, act: str) -> None:
    """ "a naive predicate that raises" """
    session = stage.session()
    await stage.says("one", "two")
    with pytest.raises(PredicateFailed) as caught:
        await getattr(session, act)(broken)
    assert str(caught.value) == (
        f"The predicate {broken!r} raised AttributeError: 'TrackedMessage' object has no attribute 'text'; "
        "nothing was changed. Pass a plain function of one TrackedMessage, or aiogram's F."
    )
    assert await texts_of(session, stage.chat) == stage.chat.texts() == ["one", "two"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("hello", "str cannot be tracked, because it is no Telegram object."),
        (5, "int cannot be tracked, because it is no Telegram object."),
        (None, "NoneType cannot be tracked, because it is no Telegram object."),
        ("a user", "User cannot be tracked, because it carries no message that this bot could delete."),
        ("an id", "MessageId cannot be tracked, because it carries no message that this bot could delete."),
        ("zero", "Message cannot be tracked, because its message_id is 0 and it carries no ephemeral id."),
    ],
)
async def test_what_is_no_message_cannot_be_tracked(stage: FedBot, given: object, text: str) -> None:
    """ "a track of something that is no message" """
    objects: dict[object, object] = {
        "a user": User.model_validate(stage.ann.json()),
        "an id": MessageId(message_id=5),
        "zero": Message.model_validate(stage.message(0)),
    }
    session = stage.session()
    with pytest.raises(NotAMessage) as caught:
        await session.track(objects.get(given, given))  # type: ignore[call-overload]  # the mistake under test
    assert str(caught.value) == text.rstrip(".") + ". Pass a Message, or an Update or event that carries one."
    assert await session.messages() == []


@pytest.mark.parametrize("direction", ["in", "sideways", True])
async def test_a_direction_that_is_none_is_refused(stage: FedBot, direction: Any) -> None:
    session = stage.session()
    with pytest.raises(InvalidTrackedMessage) as caught:
        await session.track(Message.model_validate(stage.message(5)), direction=direction)
    assert str(caught.value) == (
        f"direction of a tracked message is {direction!r}. Pass Direction.INCOMING or Direction.OUTGOING instead."
    )
    assert await session.messages() == []
