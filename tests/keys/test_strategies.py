"""Scopes and keys, as pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.dispatcher.middlewares.user_context import UserContextMiddleware
from aiogram.types import Message, Update

from tests.updates import ANN, BOT, CHANNEL, EVENTS, PRIVATE, SCOPES, SUPERGROUP, message, update
from tgslices.errors import ConfigurationError, InvalidSessionKey
from tgslices.keys.qualifier import SessionQualifier
from tgslices.keys.scopes import scope_of
from tgslices.keys.strategies import SessionKeyStrategy, key_of
from tgslices.model import GENERAL_TOPIC, Scope, SessionKey
from tgslices.recording.messages_from_events import record_of_incoming

KNOWN = sorted({*EVENTS} & {*Update.model_fields})


@pytest.mark.parametrize("kind", KNOWN)
def test_where_an_update_comes_from(kind: str) -> None:
    event = update(kind)
    assert scope_of(event, BOT) == SCOPES[kind]
    assert scope_of(event.event, BOT) == SCOPES[kind]


@pytest.mark.parametrize("kind", sorted({*KNOWN} - {"chat_join_request"}))
async def test_what_has_no_chat_belongs_where_aiograms_own_state_machine_puts_it(kind: str) -> None:
    """The one exception is a request to join, which is answered in private."""
    event, dispatcher = update(kind), Dispatcher()
    data: dict[str, Any] = {"bot": Bot(f"{BOT}:{'A' * 35}")}
    data["event_context"] = UserContextMiddleware.resolve_event_context(event)
    state = dispatcher.fsm.resolve_event_context(data["bot"], data)
    scope = scope_of(event, BOT)
    if state is not None:
        assert scope is not None
        assert (scope.chat_id, scope.user_id) == (state.key.chat_id, state.key.user_id)
    elif scope is not None:
        assert scope.user_id is None


FORUM = SUPERGROUP | {"is_forum": True}
DIRECT = {"id": -1003, "type": "supergroup", "title": "Shop", "is_direct_messages": True}
STAND_IN = {"id": 136817688, "is_bot": True, "first_name": "Channel"}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
THREAD = {"message_thread_id": 5, "is_topic_message": True}

PLACES: list[tuple[dict[str, Any], Scope]] = [
    (message(chat=FORUM), Scope(BOT, -1001, "supergroup", 7, GENERAL_TOPIC)),
    (
        message(chat=FORUM, message_thread_id=77),
        Scope(BOT, -1001, "supergroup", 7, GENERAL_TOPIC),
    ),  # a reply in General
    (message(chat=FORUM, **THREAD), Scope(BOT, -1001, "supergroup", 7, 5)),
    (message(chat=SUPERGROUP), Scope(BOT, -1001, "supergroup", 7)),
    (message(chat=SUPERGROUP, message_thread_id=77), Scope(BOT, -1001, "supergroup", 7)),  # a reply where no topics are
    (message(chat=PRIVATE), Scope(BOT, 7, "private", 7)),
    (message(chat=PRIVATE, **THREAD), Scope(BOT, 7, "private", 7, 5)),
    (
        message(chat=DIRECT, direct_messages_topic={"topic_id": 7, "user": ANN}),
        Scope(BOT, -1003, "supergroup", 7, 7),
    ),
    (
        message(chat=DIRECT, direct_messages_topic={"topic_id": 7, "user": ANN}, sender_chat=CHANNEL)
        | {"from": STAND_IN},
        Scope(BOT, -1003, "supergroup", -1002, 7, None, -1002),
    ),
    (
        message(chat=SUPERGROUP, sender_chat=CHANNEL) | {"from": STAND_IN},
        Scope(BOT, -1001, "supergroup", -1002, None, None, -1002),
    ),
    (
        message(chat=FORUM, sender_chat=FORUM, **THREAD) | {"from": ANONYMOUS},
        Scope(BOT, -1001, "supergroup", -1001, 5, None, -1001),
    ),
    (
        message(chat=SUPERGROUP, sender_chat=CHANNEL, is_automatic_forward=True)
        | {"from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}},
        Scope(BOT, -1001, "supergroup", -1002, None, None, -1002),
    ),
    (message(chat=CHANNEL, sender_chat=CHANNEL), Scope(BOT, -1002, "channel", None, None, None, -1002)),
    (message(chat=CHANNEL), Scope(BOT, -1002, "channel")),
]


@pytest.mark.parametrize(("values", "scope"), PLACES, ids=range(len(PLACES)))
def test_the_topic_and_the_writer_of_a_message(values: dict[str, Any], scope: Scope) -> None:
    assert scope_of(Message.model_validate(values), BOT) == scope


@pytest.mark.parametrize(("values", "scope"), PLACES, ids=range(len(PLACES)))
def test_an_entry_has_the_topic_and_the_writer_of_its_scope(values: dict[str, Any], scope: Scope) -> None:
    entry = record_of_incoming(Message.model_validate(values), BOT, datetime(2026, 1, 1, tzinfo=UTC))
    assert entry is not None
    assert (entry.chat_id, entry.user_id, entry.thread_id) == (scope.chat_id, scope.user_id, scope.thread_id)


@pytest.mark.parametrize(("values", "scope"), PLACES, ids=range(len(PLACES)))
def test_a_tap_belongs_to_who_tapped_in_the_topic_of_the_message(values: dict[str, Any], scope: Scope) -> None:
    """An anonymous administrator types as the chat and taps under an own number."""
    tap = {"id": "1", "from": {**ANN, "id": 8}, "chat_instance": "1", "data": "x", "message": values}
    assert scope_of(update("callback_query", tap), BOT) == replace(scope, user_id=8, sender_chat_id=None)


@pytest.mark.parametrize(
    ("chat", "scope"),
    [
        (PRIVATE, Scope(BOT, 7, "private", 8)),
        (SUPERGROUP, Scope(BOT, -1001, "supergroup", 8)),
        (FORUM, Scope(BOT, -1001, "supergroup", 8, is_topic_untold=True)),
        (DIRECT, Scope(BOT, -1003, "supergroup", 8, is_topic_untold=True)),
    ],
)
def test_a_tap_under_an_inaccessible_message_does_not_tell_its_topic(chat: dict[str, Any], scope: Scope) -> None:
    tap = {"id": "1", "from": {**ANN, "id": 8}, "chat_instance": "1", "data": "x"}
    tap["message"] = {"message_id": 3, "chat": chat, "date": 0}
    assert scope_of(update("callback_query", tap), BOT) == scope


def test_a_tap_under_an_inline_message_belongs_to_the_private_chat_of_who_tapped() -> None:
    tap = {"id": "1", "from": ANN, "chat_instance": "1", "data": "x", "inline_message_id": "1"}
    assert scope_of(update("callback_query", tap), BOT) == Scope(BOT, 7, "private", 7)


@pytest.mark.parametrize(
    ("voter", "scope"),
    [
        ({"user": ANN}, Scope(BOT, 7, "private", 7)),
        ({"voter_chat": CHANNEL}, Scope(BOT, -1002, "channel")),
        ({"voter_chat": FORUM}, Scope(BOT, -1001, "supergroup", is_topic_untold=True)),
        ({}, None),
    ],
)
def test_a_vote_belongs_to_the_private_chat_of_a_person_and_to_a_chat_that_votes(
    voter: dict[str, Any], scope: Scope | None
) -> None:
    answer = {"poll_id": "1", "option_ids": [0], "option_persistent_ids": ["0"], **voter}
    assert scope_of(update("poll_answer", answer), BOT) == scope


def test_who_reacts_anonymously_is_the_chat_in_whose_name_they_do() -> None:
    reaction = {**EVENTS["message_reaction"], "chat": FORUM, "user": None, "actor_chat": CHANNEL}
    scope = scope_of(update("message_reaction", reaction), BOT)
    assert scope == Scope(BOT, -1001, "supergroup", -1002, None, None, -1002, is_topic_untold=True)


def test_a_message_of_an_aiogram_that_knows_no_direct_messages_keeps_its_topic() -> None:
    """The oldest supported one keeps the field as JSON, beside those that it knows."""
    known = Message.model_validate(message(chat=DIRECT, direct_messages_topic={"topic_id": 7, "user": ANN}))
    old = known.model_copy()
    old.__dict__.pop("direct_messages_topic", None)
    object.__setattr__(old, "__pydantic_extra__", {"direct_messages_topic": {"topic_id": 7, "user": ANN}})
    assert scope_of(old, BOT) == Scope(BOT, -1003, "supergroup", 7, 7)


@pytest.mark.parametrize(
    ("strategy", "chat_type", "expected"),
    [
        (SessionKeyStrategy.CHAT_USER, "private", (1, 2, None)),
        (SessionKeyStrategy.CHAT_USER, "supergroup", (1, 2, None)),
        (SessionKeyStrategy.CHAT, "supergroup", (1, None, None)),
        (SessionKeyStrategy.AUTO, "private", (1, None, None)),
        (SessionKeyStrategy.AUTO, "group", (1, 2, None)),
        (SessionKeyStrategy.AUTO, None, (1, 2, None)),
        (SessionKeyStrategy.CHAT_USER_TOPIC, "supergroup", (1, 2, 7)),
        (SessionKeyStrategy.CHAT_TOPIC, "supergroup", (1, None, 7)),
    ],
)
def test_a_strategy_chooses_the_parts_of_the_key(
    strategy: SessionKeyStrategy, chat_type: str | None, expected: tuple[int, int | None, int | None]
) -> None:
    key = strategy(Scope(BOT, 1, chat_type, 2, 7, "conn"))
    assert key is not None
    assert (key.chat_id, key.user_id, key.thread_id) == expected
    assert (key.bot_id, key.business_connection_id, key.qualifier) == (BOT, "conn", None)


@pytest.mark.parametrize("strategy", SessionKeyStrategy)
def test_a_strategy_of_topics_finds_no_key_where_the_topic_is_not_told(strategy: SessionKeyStrategy) -> None:
    """A key without a topic means every topic: what is meant for one would collect, and wipe, all of them."""
    key = strategy(Scope(BOT, -1001, "supergroup", 7, is_topic_untold=True))
    assert (key is None) == ("topic" in strategy.value)


def test_chat_user_falls_back_to_the_chat_in_channels() -> None:
    assert SessionKeyStrategy.CHAT_USER(Scope(BOT, -100, "channel")) == SessionKey(BOT, -100)


@pytest.mark.parametrize("chat_type", ["group", "supergroup"])
@pytest.mark.parametrize("strategy", SessionKeyStrategy)
def test_a_strategy_of_users_finds_no_key_in_a_group_without_one(strategy: SessionKeyStrategy, chat_type: str) -> None:
    """A key without a user means everybody: a handler of reaction counts would collect, and wipe, what all say."""
    key = strategy(Scope(BOT, -1001, chat_type))
    assert (key is None) == (strategy not in {SessionKeyStrategy.CHAT, SessionKeyStrategy.CHAT_TOPIC})


def test_a_private_chat_without_a_user_is_that_of_its_person() -> None:
    """Deleted business messages do not say who deleted them."""
    scope = Scope(BOT, 7, "private", business_connection_id="conn")
    assert SessionKeyStrategy.CHAT_USER(scope) == SessionKey(BOT, 7, 7, business_connection_id="conn")


def test_a_custom_strategy_may_say_that_there_is_no_session() -> None:
    assert key_of(Scope(BOT, 1), lambda scope: None, "order") is None


def test_a_custom_strategy_that_returns_something_else_is_refused() -> None:
    def strategy(scope: Scope) -> Any:
        return scope.chat_id

    with pytest.raises(ConfigurationError) as caught:
        key_of(Scope(BOT, 1), strategy, None)
    assert str(caught.value) == (
        f"The key strategy {strategy!r} returned 1 for an update of bot 42. "
        "Return a SessionKey with the scope's own bot_id, or None."
    )


def test_a_custom_strategy_cannot_reach_into_another_bot() -> None:
    def strategy(scope: Scope) -> SessionKey:
        return SessionKey(43, scope.chat_id)

    with pytest.raises(ConfigurationError) as caught:
        key_of(Scope(BOT, 1), strategy, None)
    assert str(caught.value) == (
        f"The key strategy {strategy!r} returned {SessionKey(43, 1)!r} for an update of bot {BOT}. "
        "Return a SessionKey with the scope's own bot_id, or None."
    )


def test_a_key_without_a_chat_is_refused() -> None:
    with pytest.raises(InvalidSessionKey) as caught:
        SessionKey(BOT, None)  # type: ignore[arg-type]  # the mistake under test
    assert str(caught.value) == (
        "chat_id of a session key is None, which is no integer identifier. Pass an integer identifier as chat_id."
    )


@pytest.mark.parametrize("bad", ["@channel", True, 1.0, 2**63])
def test_a_chat_that_is_no_numeric_id_is_refused(bad: object) -> None:
    with pytest.raises(InvalidSessionKey) as caught:
        SessionKey(BOT, bad)  # type: ignore[arg-type]  # the mistake under test
    assert str(caught.value) == (
        f"chat_id of a session key is {bad!r}, which is no integer identifier. Pass an integer identifier as chat_id."
    )


def test_an_unknown_qualifier_type_is_refused() -> None:
    with pytest.raises(InvalidSessionKey) as caught:
        SessionQualifier(5)  # type: ignore[arg-type]  # the mistake under test
    assert str(caught.value) == "qualifier of a session key is 5, which is no string. Pass a string as qualifier."


def test_no_qualifier_and_an_empty_one_are_two_sessions() -> None:
    assert SessionKey(BOT, 1) != SessionKey(BOT, 1, qualifier="")


def test_a_bare_update_of_an_unknown_kind_has_no_scope() -> None:
    assert scope_of(Update(update_id=1), BOT) is None


def test_dates_in_the_samples_are_aware() -> None:
    message = update("message").message
    assert message is not None
    assert message.date == datetime(2026, 1, 1, tzinfo=UTC)
