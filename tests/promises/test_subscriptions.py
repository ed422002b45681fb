"""What is open, and which updates an open key gets: subscribing by scope and by predicate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiogram import Dispatcher, F
from aiogram.types import Message, Update

from tests.promises.fed_bot import FedBot, ids_in, texts_of
from tests.updates import EVENTS
from tgslices import ConfigurationError, Session, SessionBot, SessionKey, SessionStorage, setup_sessions
from tgslices.errors import quoted
from tgslices.telegram_facts.message_kind import MessageKind


@pytest.fixture
def key(stage: FedBot) -> SessionKey:
    return SessionKey(stage.bot.id, stage.chat.id, stage.ann.id, qualifier="order")


def session_of(stage: FedBot, key: SessionKey) -> Session:
    """Return a handle, which does not touch a predicate."""
    return stage.bot.sessions.get(key.chat_id, key.user_id, qualifier=key.qualifier)


async def test_a_predicate_over_update_replaces_the_default_match(stage: FedBot, key: SessionKey) -> None:
    """ "a predicate over `Update` replaces the default match": wider and narrower than the scope."""

    def asks(update: Update) -> bool:
        return "?" in str(update.message.text if update.message else "")

    stage.bot.sessions.subscribe(key, asks)
    bob = stage.api.add_person("Bob").private_chat(stage.account)
    await stage.says("no question", "a question?")
    await bob.types("another?")
    await stage.settled()
    entries = await session_of(stage, key).messages()
    assert [(entry.chat_id, entry.message_id) for entry in entries] == [(stage.chat.id, 2), (bob.id, 3)]


async def test_a_predicate_may_be_an_expression(stage: FedBot, key: SessionKey) -> None:
    """aiogram's ``F`` is callable, and what it returns is true whatever the update is: it must be resolved."""
    stage.bot.sessions.subscribe(key, F.message.text.startswith("yes"))
    await stage.says("no", "yes", "no", "yes, please")
    assert await texts_of(session_of(stage, key), stage.chat) == ["yes", "yes, please"]


async def test_a_predicate_that_raises_counts_as_no_match_and_is_logged(
    stage: FedBot, key: SessionKey, caplog: pytest.LogCaptureFixture
) -> None:
    """ "one that raises counts as no match and is logged" """
    handled: list[str | None] = []

    @stage.dispatcher.message()
    async def handle(message: Message) -> None:
        handled.append(message.text)

    stage.bot.sessions.subscribe(key, lambda update: update.message.no_such_thing)
    beside = stage.session("support")
    await stage.says("hello")
    assert handled == ["hello"]
    assert await ids_in(session_of(stage, key)) == []
    assert await ids_in(beside) == [1]
    assert f"The predicate of {key} raised; the update counts as no match" in caplog.text


async def test_a_coroutine_function_is_no_predicate(
    stage: FedBot, key: SessionKey, caplog: pytest.LogCaptureFixture
) -> None:
    """The coroutine that it returns is true, whatever it would have said."""

    async def asks(update: Update) -> bool:
        return False

    stage.bot.sessions.subscribe(key, asks)
    await stage.says("hello")
    assert await ids_in(session_of(stage, key)) == []
    assert f"The predicate of {key} is a coroutine function; the update counts as no match" in caplog.text


async def test_a_generator_function_is_no_predicate(
    stage: FedBot, key: SessionKey, caplog: pytest.LogCaptureFixture
) -> None:
    """The generator that it returns is true, whatever it would have said."""

    def asks(update: Update) -> Iterator[bool]:
        yield False

    stage.bot.sessions.subscribe(key, asks)
    await stage.says("hello")
    assert await ids_in(session_of(stage, key)) == []
    text = f"The predicate of {key} returned a generator in place of an answer; the update counts as no match"
    assert text in caplog.messages


async def test_a_predicate_that_subscribes_another_one_disturbs_nobody(stage: FedBot, key: SessionKey) -> None:
    handled: list[str | None] = []

    @stage.dispatcher.message()
    async def handle(message: Message) -> None:
        handled.append(message.text)

    def spreads(update: Update) -> bool:
        stage.bot.sessions.subscribe(replace(key, qualifier="support"), lambda update: True)
        return True

    stage.bot.sessions.subscribe(key, spreads)
    await stage.says("one", "two")
    assert handled == ["one", "two"]
    assert await ids_in(session_of(stage, key)) == [1, 2]
    assert await ids_in(stage.session("support")) == [2]


@pytest.mark.parametrize("bad", ["order", None, 7, SessionKey(5, 7)])
async def test_what_is_no_key_of_this_bot_is_refused(stage: FedBot, bad: Any) -> None:
    """A storage could do nothing with it, and what comes behind it would wait for ever."""
    text = f"{bad!r} is no session key of bot {stage.bot.id}. Pass a SessionKey that has the bot's id as bot_id."
    with pytest.raises(ConfigurationError) as caught:
        stage.bot.sessions.subscribe(bad)
    assert str(caught.value) == text
    with pytest.raises(ConfigurationError) as caught:
        await stage.bot.sessions.unsubscribe(bad)
    assert str(caught.value) == text
    assert stage.bot.sessions.is_idle()


@pytest.mark.parametrize("bad", ["photo", 5, MessageKind.PHOTO])
async def test_what_cannot_be_called_is_no_predicate(stage: FedBot, key: SessionKey, bad: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        stage.bot.sessions.subscribe(key, bad)
    assert str(caught.value) == (
        f"The predicate {quoted(bad)} cannot be called. Pass a plain function of one Update, or aiogram's F."
    )
    assert stage.bot.sessions.is_idle()


async def test_a_subscription_without_a_predicate_matches_by_scope_again(stage: FedBot, key: SessionKey) -> None:
    stage.bot.sessions.subscribe(key, lambda update: False)
    await stage.says("one")
    stage.bot.sessions.subscribe(key)
    await stage.says("two")
    assert await texts_of(session_of(stage, key), stage.chat) == ["two"]


async def test_a_predicate_takes_the_place_of_whatever_opened_the_key_before(stage: FedBot, key: SessionKey) -> None:
    """Also within one handler, before anything of it was written."""

    @stage.dispatcher.message(F.text == "/order")
    async def start(message: Message) -> None:
        session_of(stage, key)
        stage.bot.sessions.get(key.chat_id, key.user_id, qualifier=key.qualifier, include_current=True)
        stage.bot.sessions.subscribe(key, lambda update: False)

    await stage.says("/order", "two")
    assert await texts_of(session_of(stage, key), stage.chat) == ["/order"]


async def test_an_update_that_matches_a_key_twice_is_recorded_once(stage: FedBot, key: SessionKey) -> None:
    stage.bot.sessions.subscribe(key, lambda update: True)
    session_of(stage, key)
    await stage.says("one")
    assert await ids_in(session_of(stage, key)) == [1]


async def test_a_block_of_a_key_with_a_predicate_records_what_is_sent(stage: FedBot, key: SessionKey) -> None:
    stage.bot.sessions.subscribe(key, lambda update: False)
    async with session_of(stage, key) as session:
        await stage.bot.send_message(stage.chat.id, "sent")
    await stage.says("not matched")
    assert await texts_of(session, stage.chat) == ["sent"]


async def test_unsubscribing_stops_the_tracking_and_keeps_the_entries(stage: FedBot, key: SessionKey) -> None:
    session_of(stage, key)
    await stage.says("one")
    await stage.bot.sessions.unsubscribe(key)
    assert stage.bot.sessions.is_idle()
    await stage.says("two")
    assert [entry.message_id for entry in await stage.bot.sessions.storage.list(key)] == [1]
    again = session_of(stage, key)
    await stage.says("three")
    assert await texts_of(again, stage.chat) == ["one", "three"]


async def test_unsubscribing_ends_a_predicate(stage: FedBot, key: SessionKey) -> None:
    stage.bot.sessions.subscribe(key, lambda update: True)
    await stage.bot.sessions.unsubscribe(key)
    await stage.says("one")
    assert stage.bot.sessions.is_idle()
    assert await stage.bot.sessions.storage.list(key) == []


async def test_closing_ends_a_predicate(stage: FedBot, key: SessionKey) -> None:
    stage.bot.sessions.subscribe(key, lambda update: True)
    await stage.says("one")
    assert await session_of(stage, key).close() == 1
    await stage.says("two")
    assert stage.bot.sessions.is_idle()


async def test_what_was_never_open_can_be_unsubscribed(stage: FedBot, key: SessionKey) -> None:
    await stage.bot.sessions.unsubscribe(key)
    assert stage.bot.sessions.is_idle()


@pytest.mark.parametrize(
    ("parts", "matches"),
    [
        ({}, True),
        ({"user_id": 1001}, True),
        ({"user_id": 1001, "qualifier": "order"}, True),
        ({"user_id": 1}, False),
        ({"thread_id": 3}, False),
        ({"business_connection_id": "conn"}, False),
    ],
)
async def test_matching_subscriptions_names_the_open_keys_of_an_update(
    stage: FedBot, parts: dict[str, Any], matches: bool
) -> None:
    """ "`await matching_subscriptions(update) -> list[SessionKey]`" """
    key = SessionKey(stage.bot.id, stage.chat.id, **parts)
    stage.bot.sessions.subscribe(key)
    found = await stage.bot.sessions.matching_subscriptions(stage.update("message", stage.message(5)))
    assert found == ([key] if matches else [])


async def test_matching_subscriptions_asks_predicates_and_records_nothing(stage: FedBot, key: SessionKey) -> None:
    stage.bot.sessions.subscribe(key, F.message.text == "hi")
    by_scope = stage.session("support")
    update = stage.update("message", stage.message(5))
    found = await stage.bot.sessions.matching_subscriptions(update)
    assert sorted(found, key=str) == sorted([key, by_scope.key], key=str)
    assert await ids_in(by_scope) == []


async def test_an_update_without_a_chat_belongs_to_the_private_one(stage: FedBot) -> None:
    session = stage.session()
    event = {"id": "1", "from": stage.ann.json(), "query": "x", "offset": ""}
    assert await stage.bot.sessions.matching_subscriptions(stage.update("inline_query", event)) == [session.key]


async def test_an_update_of_nobody_matches_nothing_by_scope(stage: FedBot) -> None:
    stage.session()
    assert await stage.bot.sessions.matching_subscriptions(stage.update("poll", EVENTS["poll"])) == []


async def test_a_predicate_ends_with_its_process(stage: FedBot, key: SessionKey, storage: SessionStorage) -> None:
    """Another process has the same storage. Nothing there tells it of the predicate, and nothing opens the key."""
    stage.bot.sessions.subscribe(key, F.message.text)
    async with SessionBot(stage.account.token, session=stage.api.client_session()) as later:
        dispatcher = Dispatcher()
        setup_sessions(dispatcher, later, storage=storage)
        await dispatcher.feed_update(later, stage.update("message", stage.message(77)))
        session = later.sessions.get(key.chat_id, key.user_id, qualifier=key.qualifier, collect=False)
        assert not await session.is_open()
        assert await session.messages() == []
