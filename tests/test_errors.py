"""The error tree: one root, an idiomatic second base each, the data kept, and a text that ends with the remedy."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from aiogram import Bot
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import Chat

import tgslices
from tgslices import (
    CannotSendThere,
    ChatGiven,
    ConfigurationError,
    DataBusy,
    DataConflict,
    DataRefused,
    DataTooNew,
    InvalidSessionKey,
    InvalidStorage,
    InvalidTrackedMessage,
    MemorySessionStorage,
    NotAMessage,
    OtherSchema,
    PredicateFailed,
    SessionKey,
    SessionUnavailable,
    StorageError,
    TgslicesError,
    UnknownMark,
    ValueRefused,
)
from tgslices.errors import quoted

KEY = SessionKey(42, 7)

ERRORS: list[tuple[TgslicesError, type[Exception], str]] = [
    (
        InvalidSessionKey("chat_id", "@news", "integer identifier"),
        ValueError,
        "chat_id of a session key is '@news', which is no integer identifier. Pass an integer identifier as chat_id.",
    ),
    (
        InvalidSessionKey("user_id", "order", "integer identifier", 'Write get(1, qualifier="order").'),
        ValueError,
        "user_id of a session key is 'order', which is no integer identifier. Write get(1, qualifier=\"order\").",
    ),
    (
        ChatGiven("send_message", 7),
        TypeError,
        (
            "send_message of a session was given 7 as a chat, but it fills in the session's own. "
            "Leave the chat out: session.send_message(...). Write bot.send_message(...) to send elsewhere."
        ),
    ),
    (
        InvalidStorage("postgresql://shop:hunter2@db/shop", ("add", "list", "remove", "clear")),
        TypeError,
        'A text is no session storage. Open the storage of a URL: open_storage("sqlite:///slices.db").',
    ),
    (
        InvalidStorage(MemoryStorage(), ("add", "list")),
        TypeError,
        (
            "MemoryStorage keeps the states of aiogram's dispatcher and is no session storage. "
            "Leave it to Dispatcher(storage=...), and pass setup_sessions what open_storage(...) returns."
        ),
    ),
    (
        InvalidTrackedMessage("at", "today", "an aware datetime"),
        ValueError,
        "at of a tracked message is 'today'. Pass an aware datetime instead.",
    ),
    (
        NotAMessage(5, "it is no Telegram object"),
        TypeError,
        (
            "int cannot be tracked, because it is no Telegram object. "
            "Pass a Message, or an Update or event that carries one."
        ),
    ),
    (
        PredicateFailed(5, "cannot be called"),
        ValueError,
        (
            "The predicate 5 cannot be called; nothing was changed. "
            "Pass a plain function of one TrackedMessage, or aiogram's F."
        ),
    ),
    (
        SessionUnavailable("start", "order", "inline_query"),
        LookupError,
        (
            "start requires 'order', but there is no session, because the key strategy finds no key in this "
            "inline_query update. Annotate 'order' as 'Session | None', or do not handle inline_query updates there."
        ),
    ),
    (
        SessionUnavailable("start", None, "poll"),
        LookupError,
        (
            "start runs inside a session, but there is no session, because the key strategy finds no key "
            "in this poll update. Take the flag or InSession off it, or do not handle poll updates there."
        ),
    ),
    (
        CannotSendThere("send_gift", KEY),
        TypeError,
        (
            f"send_gift cannot reach the chat of {KEY}, because the Bot API sends it either only on business "
            "connections or never on one. "
            "Send it with bot(...) where it belongs, or use a session of the other kind of chat."
        ),
    ),
    (
        CannotSendThere("send_message", KEY, -1001),
        TypeError,
        (
            f"send_message cannot reach the chat of {KEY}, because it answers a tap in chat -1001. "
            "Send it through the session of the tap, sessions.of(tap), or with bot(...)."
        ),
    ),
    (
        ConfigurationError("It is wired twice.", "Wire it once."),
        RuntimeError,
        "It is wired twice. Wire it once.",
    ),
    (
        InvalidStorage({}, ("add", "list")),
        TypeError,
        (
            "dict is no session storage: it misses add, list. "
            "Implement the four async methods of tgslices.SessionStorage: add, list, remove, clear."
        ),
    ),
    (
        InvalidStorage({}, ("postpone", "settle")),
        TypeError,
        (
            "dict is no durable session storage: it misses postpone, settle. Implement the whole of "
            "tgslices.storage.protocol.DurableSessionStorage, or only add, list, remove and clear, "
            "to have pending deletions kept in memory."
        ),
    ),
    (
        InvalidStorage(MemorySessionStorage, ("add", "list", "remove", "clear")),
        TypeError,
        "MemorySessionStorage is a class and no session storage. Pass an instance of it.",
    ),
    (
        StorageError("The database is away.", "Start it."),
        RuntimeError,
        "The database is away. Start it.",
    ),
    (
        OtherSchema("The tables have version 3.", "Install a newer release."),
        RuntimeError,
        "The tables have version 3. Install a newer release.",
    ),
    (
        ValueRefused("The database refuses the message.", "Drop the trigger."),
        ValueError,
        "The database refuses the message. Drop the trigger.",
    ),
    (
        UnknownMark("size", ("item", "address")),
        LookupError,
        (
            "The session has no mark 'size'; it has 'item', 'address'. Set it with session.mark('size') before; "
            "clear(), close() and going back to an earlier mark drop marks."
        ),
    ),
    (
        DataRefused("Form", "items[0].price", "comes back as None"),
        ValueError,
        (
            "Form was refused: its part items[0].price comes back as None. Nothing was written. "
            "Change the value, or the type of its SessionData."
        ),
    ),
    (
        DataTooNew("Form", 3, 2),
        ValueError,
        (
            "What is stored as Form has version 3, but this code knows versions up to 2. It stays as it is. "
            "Run the newer version of the bot."
        ),
    ),
    (
        DataConflict(("Cart", "Form"), KEY),
        RuntimeError,
        (
            f"Cart and Form of {KEY} went to another holder before the change was written, because this process "
            "stood still for too long, or the person was erased meanwhile. Nothing of it was written. "
            "Load it anew and change it again, or use "
            "session.data(...).update(function), which does so."
        ),
    ),
    (
        DataBusy(("Form",), KEY, timedelta(seconds=30)),
        TimeoutError,
        (
            f"Form of {KEY} was held by another handler for 0:00:30. Hold data for a short time, pass it to tasks "
            "that you start and wait for, and take several fragments as parameters of one handler, which never wait "
            "in a circle."
        ),
    ),
]


@pytest.mark.parametrize(("error", "base", "text"), ERRORS, ids=lambda part: getattr(type(part), "__name__", ""))
def test_an_error_names_the_cause_and_the_remedy(error: TgslicesError, base: type[Exception], text: str) -> None:
    """ "an error of the `TgslicesError` tree whose text names the cause and the remedy" """
    assert str(error) == text
    assert isinstance(error, base)
    assert isinstance(error, TgslicesError)


TOKEN = "123456789:AAFqv3hT9mZ1xYkLwPzR7dUeJcGbNsVoQiE"


@pytest.mark.parametrize("secret", [TOKEN, TOKEN.partition(":")[2], f"bot{TOKEN}", "postgresql://shop:hunter2@db/shop"])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: InvalidSessionKey("chat_id", value, "integer identifier"),
        lambda value: InvalidTrackedMessage("at", value, "an aware datetime"),
        lambda value: NotAMessage(value, "it is no Telegram object"),
        lambda value: PredicateFailed(value, "cannot be called"),
        lambda value: ChatGiven("send_message", value),
        lambda value: InvalidStorage(value, ("add",)),
    ],
)
def test_no_error_quotes_what_may_be_a_secret(make: Callable[[object], TgslicesError], secret: str) -> None:
    error = make(secret)
    assert secret not in str(error) + repr(error)
    assert secret not in repr([error])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (5, "5"),
        (1.5, "1.5"),
        (True, "True"),
        ("@a_username_of_thirty_two_letters", "'@a_username_of_thirty_two_letters'"),
        (TOKEN, "a text of 45 characters"),
        (Chat(id=7, type="private", bio="x" * 5000), "an object of type Chat"),
        (Bot(TOKEN), "an object of type Bot"),
        (len, "<built-in function len>"),
        (partial(len, TOKEN), "an object of type partial"),
        (SessionKey, "the class SessionKey"),
    ],
)
def test_an_error_text_quotes_numbers_and_short_texts_and_names_the_rest(value: object, text: str) -> None:
    assert quoted(value) == text


def test_every_public_error_is_tried() -> None:
    public = {
        value
        for value in vars(tgslices).values()
        if inspect.isclass(value) and issubclass(value, TgslicesError) and value is not TgslicesError
    }
    assert public == {type(error) for error, _, _ in ERRORS}


@pytest.mark.parametrize(
    "error", [error for error, _, _ in ERRORS if not isinstance(error, InvalidStorage)], ids=lambda e: type(e).__name__
)
def test_an_error_survives_the_way_from_another_process(error: TgslicesError) -> None:
    again: Any = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
