"""Predicates over tracked messages: plain callables, and aiogram's ``F``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from aiogram import F
from hypothesis import given
from hypothesis import strategies as st

from tgslices import Direction, PredicateFailed, TrackedMessage
from tgslices.errors import quoted
from tgslices.predicates import select
from tgslices.telegram_facts.message_kind import MessageKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def tracked(message_id: int, direction: Direction = Direction.INCOMING) -> TrackedMessage:
    kind = MessageKind.PHOTO if message_id % 2 else MessageKind.TEXT
    return TrackedMessage(message_id, 7, 7, kind, direction, NOW, NOW)


ALL = [tracked(1), tracked(2, Direction.OUTGOING), tracked(3), tracked(4, Direction.OUTGOING)]


class Odd:
    """A callable object."""

    def __call__(self, message: TrackedMessage) -> bool:
        return bool(message.message_id % 2)

    def method(self, message: TrackedMessage) -> bool:
        return self(message)


@pytest.mark.parametrize(
    ("predicate", "ids"),
    [
        (None, [1, 2, 3, 4]),
        (lambda message: message.message_id > 2, [3, 4]),
        (lambda message: message.message_id - 1, [2, 3, 4]),
        (Odd(), [1, 3]),
        (Odd().method, [1, 3]),
        (partial(lambda floor, message: message.message_id >= floor, 3), [3, 4]),
        (F.direction == Direction.INCOMING, [1, 3]),
        (F.direction == "in", [1, 3]),
        (F.kind == "photo", [1, 3]),
        (F.kind.in_({MessageKind.TEXT}), [2, 4]),
        (F.message_id.in_({1, 4}) & (F.direction == Direction.OUTGOING), [4]),
        (~F.business_connection_id, [1, 2, 3, 4]),
        (F.business_connection_id, []),
        (F.kind.in_({MessageKind.PHOTO}) | F.date.year.is_(2025), [1, 3]),
        (F.user_id == F.chat_id, [1, 2, 3, 4]),
        (F[F.kind == "photo"].message_id > 1, [3]),
        (F.func(lambda message: message.message_id) == 2, [2]),
        (F, [1, 2, 3, 4]),
    ],
)
def test_what_a_predicate_chooses(predicate: Any, ids: list[int]) -> None:
    """ "A predicate is any callable over `TrackedMessage`, or aiogram's `F`" """
    assert [message.message_id for message in select(ALL, predicate)] == ids


@given(st.lists(st.integers(1, 50)), st.frozensets(st.integers(1, 50)))
def test_order_and_repetition_are_those_of_what_was_given(ids: list[int], wanted: frozenset[int]) -> None:
    chosen = select(map(tracked, ids), lambda message: message.message_id in wanted)
    assert [message.message_id for message in chosen] == [number for number in ids if number in wanted]


def test_what_is_returned_is_the_callers_own() -> None:
    messages = list(ALL)
    select(messages, None).clear()
    assert messages == ALL


def naive(message: TrackedMessage) -> bool:
    return bool(message.text)  # type: ignore[attr-defined]  # the mistake under test


async def asynchronous(message: TrackedMessage) -> bool:
    return True


class Undecided:
    """Its truth cannot be told."""

    def __bool__(self) -> bool:
        raise RuntimeError("who knows")


def undecided(message: TrackedMessage) -> Any:
    return Undecided()


class Later:
    """What can be awaited is true, whatever it will say."""

    def __await__(self) -> Iterator[None]:
        yield


def awaitable(message: TrackedMessage) -> Any:
    return Later()


def generator(message: TrackedMessage) -> Iterator[bool]:
    yield False


async def asynchronous_generator(message: TrackedMessage) -> AsyncIterator[bool]:
    yield False


FIELDS = "they have " + ", ".join(TrackedMessage.__dataclass_fields__)
REMEDY = "; nothing was changed. Pass a plain function of one TrackedMessage, or aiogram's F."


@pytest.mark.parametrize(
    ("predicate", "why"),
    [
        (naive, "raised AttributeError: 'TrackedMessage' object has no attribute 'text'"),
        (asynchronous, "is a coroutine function"),
        ("text", "cannot be called"),
        (F.text == "x", f"asks for text, which entries do not have ({FIELDS})"),
        (~F.text.lower().startswith("x"), f"asks for text, which entries do not have ({FIELDS})"),
        ((F.kind == "photo") | (F.caption & F.text), f"asks for caption, text, which entries do not have ({FIELDS})"),
        (F.user_id == F.from_user.id, f"asks for from_user, which entries do not have ({FIELDS})"),
        (F[F.kind == "photo"].text, f"asks for text, which entries do not have ({FIELDS})"),
        (F["text"], f"asks for ['text'], which entries do not have ({FIELDS})"),
        (5, "cannot be called"),
        (undecided, "raised RuntimeError: who knows"),
        (awaitable, "returned a Later in place of an answer"),
        (generator, "returned a generator in place of an answer"),
        (asynchronous_generator, "returned a async_generator in place of an answer"),
    ],
)
def test_a_predicate_that_cannot_choose_is_named_with_the_remedy(predicate: Any, why: str) -> None:
    with pytest.raises(PredicateFailed) as caught:
        select(ALL, predicate)
    assert str(caught.value) == f"The predicate {quoted(predicate)} {why}{REMEDY}"
    assert caught.value.predicate is predicate


def test_the_cause_of_a_failure_is_kept() -> None:
    with pytest.raises(PredicateFailed) as caught:
        select(ALL, naive)
    assert isinstance(caught.value.__cause__, AttributeError)


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit])
def test_what_is_no_error_passes_through(signal: type[BaseException]) -> None:
    def stop(message: TrackedMessage) -> bool:
        raise signal

    with pytest.raises(signal):
        select(ALL, stop)


def test_a_field_that_entries_do_not_have_is_refused_even_where_there_are_none() -> None:
    with pytest.raises(PredicateFailed):
        select([], F.text == "x")


def test_a_predicate_is_never_asked_about_nothing() -> None:
    asked: Callable[[TrackedMessage], bool] = naive
    assert select([], asked) == []


@pytest.mark.parametrize(
    ("predicate", "why"),
    [
        (
            F.direction != "incoming",
            "compares direction with 'incoming', which it never is (it is Direction.INCOMING or Direction.OUTGOING)",
        ),
        (F.kind == "foto", "compares kind with 'foto', which it never is (it is a member of MessageKind)"),
        (
            ~F.kind.in_({"text", "foto"}),
            "compares kind with 'foto', which it never is (it is a member of MessageKind)",
        ),
        (F.date & (F.user_id == "7"), "compares user_id with '7', which it never is (its type is int)"),
        (F[F.chat_id == "@shop"].date, "compares chat_id with '@shop', which it never is (its type is int)"),
        (F.date == 2026, "compares date with 2026, which it never is (its type is datetime)"),
        (F.kind.text, "asks for text of kind, whose type is MessageKind"),
    ],
)
def test_an_expression_that_is_the_same_for_every_entry_is_refused(predicate: Any, why: str) -> None:
    """It would choose nothing, or everything."""
    with pytest.raises(PredicateFailed) as caught:
        select(ALL, predicate)
    assert caught.value.why == why


@pytest.mark.parametrize(
    "predicate",
    [
        F.kind.value == "photo",
        F.kind.in_(["photo", "text"]),
        F.kind.not_in({MessageKind.VIDEO}),
        F.thread_id == None,  # noqa: E711  # how expressions are written
        F.user_id == F.chat_id,
        F.message_id.cast(str) != "x",
        F.date.year != 5,
        F.business_connection_id != "x",
        F.has_buttons == 0,
    ],
)
def test_an_expression_that_may_hold_is_evaluated(predicate: Any) -> None:
    assert select(ALL, predicate)
