"""Scopes and keys, as pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aiogram.dispatcher.middlewares.user_context import UserContextMiddleware
from aiogram.types import Update

from tests.updates import EVENTS, update
from tgslices.errors import ConfigurationError, InvalidSessionKey
from tgslices.keys import SessionKeyStrategy, SessionQualifier, key_of, scope_of
from tgslices.model import Scope, SessionKey

BOT = 42


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_the_scope_agrees_with_aiograms_own_event_context(kind: str) -> None:
    event = update(kind)
    context = UserContextMiddleware.resolve_event_context(event)
    scope = scope_of(event, BOT)
    if context.chat is None:
        assert scope is None
        return
    assert scope is not None
    assert (scope.chat_id, scope.user_id, scope.thread_id) == (context.chat_id, context.user_id, context.thread_id)
    if kind not in {"message", "edited_message"}:  # aiogram leaves the connection out where Telegram never sends one
        assert scope.business_connection_id == context.business_connection_id
    assert scope.bot_id == BOT
    assert scope.chat_type == context.chat.type


def test_every_kind_of_update_that_aiogram_knows_is_tried() -> None:
    known = set(Update.model_fields) - {"update_id"}
    assert known <= set(EVENTS), f"new kinds of updates: {sorted(known - set(EVENTS))}"


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
    assert (key.chat_id, key.user_id, key.thread_id) == expected
    assert (key.bot_id, key.business_connection_id, key.qualifier) == (BOT, "conn", None)


def test_chat_user_falls_back_to_the_chat_where_there_is_no_user() -> None:
    assert SessionKeyStrategy.CHAT_USER(Scope(BOT, -100, "channel")) == SessionKey(BOT, -100)


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
