"""Wrong arguments: what would silently mean something else, or fail somewhere inside, is told with what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.types import Chat, Message, User

from tests.promises.fed_bot import FedBot
from tgslices import (
    ChatGiven,
    ConfigurationError,
    InSession,
    InvalidSessionKey,
    NotAMessage,
    Session,
    SessionKeyStrategy,
    SessionManager,
    SessionQualifier,
    TgslicesError,
    sessions_of,
)
from tgslices.middlewares.handler_needs import needs_of

ANN = User(id=7, is_bot=False, first_name="Ann")
CHAT = Chat(id=7, type="private")


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(TgslicesError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (CHAT, "an object of type Chat is no event that a session belongs to. Write get(chat), or get(chat, user)."),
        (
            ANN,
            (
                "an object of type User is no event that a session belongs to. "
                "Write get(user.id, user) for the private chat, or get(chat, user)."
            ),
        ),
        (
            7,
            (
                "7 is no event that a session belongs to. "
                "Pass a Message, an Update or another event of aiogram's, or write get(chat_id, user_id)."
            ),
        ),
    ],
    ids=["chat", "user", "number"],
)
def test_what_is_no_event_has_no_session(stage: FedBot, given: Any, text: str) -> None:
    """None would say that the event belongs to no chat."""
    assert refusal(lambda: stage.bot.sessions.of(given)) == text
    assert stage.bot.sessions.is_idle()


def test_a_qualifier_by_position_is_to_be_named(stage: FedBot) -> None:
    of: Any = stage.bot.sessions.of
    assert refusal(lambda: of(Message.model_validate(stage.message(5)), "order")) == (
        "of takes an event by position, and was given 'order' as well. Name what it is: of(event, qualifier='order')."
    )


def test_the_mark_of_annotations_is_no_qualifier(stage: FedBot) -> None:
    mark: Any = SessionQualifier("order")
    sessions, message = stage.bot.sessions, Message.model_validate(stage.message(5))
    with pytest.raises(InvalidSessionKey, match=r"Pass its name: qualifier='order'\.$"):
        sessions.get(7, qualifier=mark)
    with pytest.raises(InvalidSessionKey, match=r"Pass its name: qualifier='order'\.$"):
        sessions.of(message, qualifier=mark)
    assert refusal(lambda: InSession(mark)).endswith("Pass its name alone: InSession('order').")


def test_what_is_neither_true_nor_false_is_no_flag(stage: FedBot) -> None:
    message: Any = Message.model_validate(stage.message(5))
    sessions = stage.bot.sessions
    assert refusal(lambda: sessions.get(7, include_current=message)) == (
        "include_current is an object of type Message. Pass True or False as include_current."
    )
    assert refusal(lambda: sessions.of(message, collect=message)).endswith("Pass True or False as collect.")
    assert refusal(lambda: InSession("order", while_open=message)).endswith("Pass True or False as while_open.")
    assert sessions.is_idle()


async def test_a_call_of_the_bot_in_place_of_a_method_sends_nothing(stage: FedBot) -> None:
    session: Any = stage.session()
    with pytest.raises(ConfigurationError) as caught:
        await session(stage.bot.send_message(stage.chat.id, "hi"))
    assert str(caught.value) == (
        "session(...) was given the call Bot.send_message(...), which has sent nothing. "
        "Write session.send_message(...), session(SendMessage(...)), or session(message.answer(...))."
    )
    with pytest.raises(ConfigurationError, match="was given 'hi', which is no method of the Bot API"):
        await session("hi")
    assert stage.chat.texts() == []


@pytest.mark.parametrize("chat", [CHAT, ANN], ids=["chat", "user"])
async def test_a_chat_or_user_as_the_first_argument_is_named(stage: FedBot, chat: Any) -> None:
    send: Any = stage.session().send_message
    with pytest.raises(ChatGiven, match=r"Leave the chat out: session\.send_message"):
        await send(chat, "hi")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "messages are given one by one, with a star before a list: *messages"),
        (None, "it is no Telegram object"),
    ],
    ids=["list", "none"],
)
async def test_what_is_no_message_is_told_with_what_was_probably_meant(stage: FedBot, given: Any, why: str) -> None:
    session = stage.session(collect=False)
    for method in (session.track, session.keep):
        with pytest.raises(NotAMessage) as caught:
            await method(given)
        assert caught.value.why == why


async def test_what_is_no_bot_deletes_nothing_and_has_no_sessions(stage: FedBot) -> None:
    session, dispatcher = stage.session(), stage.dispatcher
    await session.send_message("stays")
    for ends in (session.clear, session.plan):
        method: Any = ends
        with pytest.raises(ConfigurationError, match=r"^an object of type Dispatcher is no bot\."):
            await method(bot=dispatcher)
    given: Any = dispatcher
    assert refusal(lambda: sessions_of(given)) == (
        "an object of type Dispatcher is no bot. Pass a bot: message.bot in a handler."
    )
    assert len(await session.messages()) == 1


def test_a_session_in_place_of_its_key_is_named(stage: FedBot) -> None:
    session: Any = stage.session()
    assert refusal(lambda: stage.bot.sessions.subscribe(session)).endswith("Write session.key.")


@pytest.mark.parametrize(
    ("annotation", "remedy"),
    [
        (SessionQualifier("order"), "Write Annotated[Session, SessionQualifier('order')]."),
        (
            Annotated[Session, SessionKeyStrategy.CHAT],
            "Pass setup_sessions a key_strategy, or write bot.sessions.get(chat, user) in the handler.",
        ),
        (
            Annotated[SessionManager, SessionQualifier("order")],
            "Write Annotated[Session, SessionQualifier(...)] for one session, or SessionManager alone.",
        ),
    ],
    ids=range(3),
)
def test_an_annotation_that_would_mean_another_session_is_refused(annotation: Any, remedy: str) -> None:
    async def handle(message: Message, order: Any) -> None: ...

    handle.__annotations__["order"] = annotation
    assert refusal(lambda: needs_of(HandlerObject(handle))).endswith(remedy)


@pytest.mark.parametrize("default", [SessionQualifier("order"), "order"], ids=["qualifier", "text"])
def test_a_default_is_no_qualifier(default: Any) -> None:
    """As in other frameworks; it would silently be the session without a qualifier."""

    async def handle(message: Message, order: Session = default) -> None: ...

    class Handle:
        order: Session = default

    for callback in (handle, Handle):
        text = refusal(lambda callback=callback: needs_of(HandlerObject(callback)))  # type: ignore[misc]
        assert "which is the session without a qualifier." in text
        assert text.endswith("Write 'order: Annotated[Session, SessionQualifier('order')]'.")
