"""The vocabulary: values that compare by identity, stay as they are, and refuse what could not be found again."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgslices import (
    ClearResult,
    Direction,
    InvalidSessionKey,
    InvalidTrackedMessage,
    Outcome,
    PendingDeletion,
    Scope,
    SessionKey,
    TrackedMessage,
)
from tgslices.model import MAX_INT, scope_unchecked, tracked_message_unchecked
from tgslices.telegram_facts.message_kind import MessageKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = SessionKey(42, 7)


def tracked(message_id: int = 1, chat_id: int = 7, **more: Any) -> TrackedMessage:
    values: dict[str, Any] = {
        "user_id": 7,
        "kind": MessageKind.TEXT,
        "direction": Direction.INCOMING,
        "date": NOW,
        "at": NOW,
    }
    return TrackedMessage(message_id, chat_id, **values | more)


# Keys


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("bot_id", 43),
        ("chat_id", 8),
        ("user_id", 9),
        ("thread_id", 3),
        ("business_connection_id", "conn"),
        ("qualifier", "order"),
        ("qualifier", ""),
    ],
)
def test_every_part_of_a_key_tells_it_from_others(part: str, value: Any) -> None:
    other = dataclasses.replace(KEY, **{part: value})
    assert other != KEY
    assert len({KEY, other, dataclasses.replace(KEY)}) == 2


@pytest.mark.parametrize("part", ["bot_id", "chat_id", "user_id", "thread_id"])
@pytest.mark.parametrize("bad", ["7", "@news", True, 7.0, MAX_INT + 1, -MAX_INT - 1, b"7", [7]])
def test_a_number_that_is_none_is_refused(part: str, bad: Any) -> None:
    with pytest.raises(InvalidSessionKey) as caught:
        dataclasses.replace(KEY, **{part: bad})
    assert (caught.value.field, caught.value.value) == (part, bad)


@pytest.mark.parametrize("part", ["bot_id", "chat_id"])
def test_a_key_without_bot_or_chat_is_refused(part: str) -> None:
    nothing: dict[str, Any] = {part: None}
    with pytest.raises(InvalidSessionKey) as caught:
        dataclasses.replace(KEY, **nothing)
    assert str(caught.value) == (
        f"{part} of a session key is None, which is no integer identifier. Pass an integer identifier as {part}."
    )


@pytest.mark.parametrize("part", ["business_connection_id", "qualifier"])
@pytest.mark.parametrize("bad", [5, b"order", ["order"], True])
def test_a_name_that_is_no_string_is_refused(part: str, bad: Any) -> None:
    with pytest.raises(InvalidSessionKey) as caught:
        dataclasses.replace(KEY, **{part: bad})
    assert str(caught.value) == f"{part} of a session key is {bad!r}, which is no string. Pass a string as {part}."


@pytest.mark.parametrize("value", [KEY, Scope(42, 7), tracked(), PendingDeletion(KEY, tracked(), NOW, NOW)])
def test_values_are_frozen_and_have_no_room_for_more(value: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, 5)
    assert not hasattr(value, "__dict__")
    assert copy.deepcopy(value) == value


# Tracked messages


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("message_id", 2),
        ("chat_id", 8),
        ("business_connection_id", "conn"),
        ("ephemeral_message_id", 9),
        ("receiver_user_id", 9),
    ],
)
def test_what_identifies_a_message(part: str, value: Any) -> None:
    """ "Two records are the same message when chat, message id, business connection, ephemeral id and receiver
    agree." """
    other = dataclasses.replace(tracked(), **{part: value})
    assert other != tracked()
    assert len({other, tracked()}) == 2


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("user_id", None),
        ("kind", None),
        ("direction", Direction.OUTGOING),
        ("date", None),
        ("at", NOW + timedelta(1)),
        ("thread_id", 3),
    ],
)
def test_what_only_describes_a_message(part: str, value: Any) -> None:
    other = dataclasses.replace(tracked(), **{part: value})
    assert other == tracked()
    assert len({other, tracked()}) == 1


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ({"message_id": "5"}, "message_id of a tracked message is '5'. Pass a 64-bit integer instead."),
        ({"chat_id": "@news"}, "chat_id of a tracked message is '@news'. Pass a 64-bit integer instead."),
        (
            {"direction": "in"},
            "direction of a tracked message is 'in'. Pass Direction.INCOMING or Direction.OUTGOING instead.",
        ),
        ({"at": None}, "at of a tracked message is None. Pass an aware datetime instead."),
        ({"chat_id": 2**63}, f"chat_id of a tracked message is {2**63}. Pass a 64-bit integer instead."),
        (
            {"at": datetime(2026, 1, 1)},  # noqa: DTZ001  # the mistake under test
            "at of a tracked message is datetime.datetime(2026, 1, 1, 0, 0). Pass an aware datetime instead.",
        ),
        (
            {"date": datetime(2026, 1, 1)},  # noqa: DTZ001  # the mistake under test
            "date of a tracked message is datetime.datetime(2026, 1, 1, 0, 0). Pass an aware datetime instead.",
        ),
    ],
)
def test_a_record_that_no_storage_could_give_back_is_refused(bad: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidTrackedMessage) as caught:
        dataclasses.replace(tracked(), **bad)
    assert str(caught.value) == text


def test_a_message_without_a_date_may_be_tracked() -> None:
    assert tracked(date=None).date is None


@given(
    st.tuples(
        st.integers(-MAX_INT, MAX_INT),
        st.integers(-MAX_INT, MAX_INT),
        st.none() | st.integers(0, MAX_INT),
        st.none() | st.sampled_from(MessageKind),
        st.sampled_from(Direction),
        st.none() | st.datetimes(timezones=st.just(UTC)),
        st.datetimes(timezones=st.just(timezone(timedelta(hours=3)))),
        st.none() | st.text(),
        st.none() | st.integers(0, MAX_INT),
        st.none() | st.integers(0, MAX_INT),
        st.none() | st.integers(0, MAX_INT),
        st.booleans(),
        st.none() | st.text(),
    )
)
def test_the_fast_constructor_makes_what_the_ordinary_one_makes(values: tuple[Any, ...]) -> None:
    fast, ordinary = tracked_message_unchecked(*values), TrackedMessage(*values)
    assert type(fast) is TrackedMessage
    assert dataclasses.astuple(fast) == dataclasses.astuple(ordinary)
    assert (fast == ordinary, hash(fast) == hash(ordinary), repr(fast) == repr(ordinary)) == (True, True, True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        fast.message_id = 5  # type: ignore[misc]  # the mistake under test


def test_the_fast_constructor_of_a_scope_makes_what_the_ordinary_one_makes() -> None:
    values = (42, 7, "private", 7, 3, "conn", -100)
    assert scope_unchecked(*values) == Scope(*values)
    assert hash(scope_unchecked(*values)) == hash(Scope(*values))


# Results


def test_a_result_is_the_number_of_entries_and_prints_as_such() -> None:
    """ "an `int` (how many entries left the session ...; it prints as that number)" """
    result = ClearResult([(tracked(1), Outcome.ACCEPTED), (tracked(2), Outcome.REFUSED)], requests=3)
    assert result == 2
    assert result + 1 == 3
    assert isinstance(result, int)
    assert (str(result), f"{result}", f"{result:>3}", "%d" % result, json.dumps(result)) == ("2", "2", "  2", "2", "2")  # noqa: UP031
    assert repr(result) == "ClearResult(2, accepted=1, refused=1, requests=3)"
    assert not ClearResult()
    assert repr(ClearResult()) == "ClearResult(0, requests=0)"


outcomes = st.lists(st.tuples(st.integers(1, 9).map(tracked), st.sampled_from(Outcome)))


def standing(result: ClearResult) -> list[tuple[TrackedMessage, Outcome]]:
    return [(message, outcome) for outcome in Outcome for message in getattr(result, outcome.value)]


@given(outcomes)
def test_every_entry_stands_in_exactly_one_tuple_in_its_order(given: list[tuple[TrackedMessage, Outcome]]) -> None:
    """ "with each entry in exactly one of them" """
    result = ClearResult(given)
    assert int(result) == len(given) == len(standing(result))
    for outcome in Outcome:
        kept = getattr(result, outcome.value)
        assert isinstance(kept, tuple)
        assert kept == tuple(message for message, its in given if its is outcome)


@given(st.lists(st.tuples(outcomes, st.integers(0, 9))))
def test_a_total_counts_everything_once(parts: list[tuple[list[tuple[TrackedMessage, Outcome]], int]]) -> None:
    results = [ClearResult(given, requests=requests) for given, requests in parts]
    total = ClearResult.total(iter(results))
    assert int(total) == sum(map(int, results))
    assert total.requests == sum(requests for _, requests in parts)
    for outcome in Outcome:
        joined = [message for result in results for message in getattr(result, outcome.value)]
        assert list(getattr(total, outcome.value)) == joined


@given(outcomes, st.integers(0, 9))
def test_a_result_can_be_copied_and_sent_to_another_process(
    given: list[tuple[TrackedMessage, Outcome]], requests: int
) -> None:
    """Test runners and task queues do it."""
    result = ClearResult(given, requests=requests)
    for again in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert type(again) is ClearResult
        assert (int(again), again.requests, standing(again)) == (int(result), requests, standing(result))


def test_totals_and_copies_keep_the_reasons_and_what_may_go_later() -> None:
    why = "Bad Request: message can't be deleted"
    refused = ClearResult([(tracked(1), Outcome.REFUSED)], retryable=[tracked(1)], reasons={tracked(1): why})
    total = ClearResult.total([ClearResult([(tracked(2), Outcome.ACCEPTED)]), refused])
    for result in (total, copy.copy(total), copy.deepcopy(total), pickle.loads(pickle.dumps(total))):
        assert result.retryable == (tracked(1),)
        assert [result.reason(tracked(n)) for n in (1, 2, 3)] == [why, None, None]


# Pending deletions


def test_a_pending_deletion_is_its_key_and_its_message() -> None:
    one = PendingDeletion(KEY, tracked(), NOW, NOW)
    assert one == PendingDeletion(KEY, tracked(user_id=None), NOW, NOW + timedelta(1))
    assert one != PendingDeletion(dataclasses.replace(KEY, qualifier="order"), tracked(), NOW, NOW)
    assert one != PendingDeletion(KEY, tracked(2), NOW, NOW)


def test_a_key_shows_the_beginning_alone_of_what_is_long() -> None:
    """A qualifier may be what a person typed, and stands in lines of the log."""
    key = SessionKey(1, 2, business_connection_id="b" * 1000, qualifier="q" * 1_000_000)
    shown = "SessionKey(bot_id=1, chat_id=2, user_id=None, thread_id=None, "
    assert str(key) == f"{shown}business_connection_id='{'b' * 63}…', qualifier='{'q' * 63}…')"
    assert str(SessionKey(1, 2, qualifier="q" * 64)) == repr(SessionKey(1, 2, qualifier="q" * 64))
