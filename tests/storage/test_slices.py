"""The packed entries of one key, against a plain list."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest
from aiogram.enums import ContentType
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.samples import NOW, any_messages, exactly, few_messages, sent
from tgslices.errors import InvalidTrackedMessage
from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.storage.rows import ROW
from tgslices.storage.slices import PackedSlice

KEY = SessionKey(42, 1, 5, qualifier="order")


def slice_of(*messages: TrackedMessage, key: SessionKey = KEY) -> PackedSlice:
    packed = PackedSlice(key)
    for message in messages:
        packed.add(message)
    return packed


@given(any_messages)
def test_a_message_comes_back_exactly_and_in_utc(message: TrackedMessage) -> None:
    home = SessionKey(1, message.chat_id, business_connection_id=message.business_connection_id)
    for key in (KEY, home):
        (back,) = slice_of(message, key=key).messages()
        assert exactly(back) == exactly(message)
        assert back.at.tzinfo is UTC
        assert back.date is None or back.date.tzinfo is UTC


@pytest.mark.parametrize("kind", [None, *ContentType])
def test_every_kind_comes_back(kind: ContentType | None) -> None:
    message = TrackedMessage(1, 1, None, kind, Direction.OUTGOING, None, NOW)
    (back,) = slice_of(message).messages()
    assert back.kind is kind
    assert back.direction is Direction.OUTGOING


Steps = list[tuple[str, list[TrackedMessage]]]
steps = st.lists(st.tuples(st.sampled_from(["add", "add", "take", "discard"]), st.lists(few_messages, max_size=6)))


@given(steps)
def test_it_does_what_a_plain_list_does(program: Steps) -> None:
    packed, plain = PackedSlice(KEY), list[TrackedMessage]()
    for step, messages in program:
        if step == "add":
            for message in messages:
                packed.add(message)
                if message not in plain:
                    plain.append(message)
        elif step == "take":
            taken = [message for message in plain if message in messages]
            assert list(map(exactly, packed.take(messages))) == list(map(exactly, taken))
            plain = [message for message in plain if message not in taken]
        else:
            ids = {message.message_id for message in messages}
            gone = [m for m in plain if (m.chat_id, m.business_connection_id) == (1, None) and m.message_id in ids]
            assert packed.discard(1, None, ids) == len(gone)
            plain = [message for message in plain if message not in gone]
        assert list(map(exactly, packed.messages())) == list(map(exactly, plain))
        assert len(packed) == len(plain)
        foreign = {
            (m.chat_id, m.business_connection_id) for m in plain if (m.chat_id, m.business_connection_id) != (1, None)
        }
        assert set(packed.chats()) - {(1, None)} == foreign


@given(st.permutations(range(40)), st.sets(st.integers(0, 39)))
def test_ids_in_any_order_are_kept_once_and_in_that_order(order: list[int], again: set[int]) -> None:
    packed = slice_of(*map(sent_at_home, [*order, *again]))
    assert [message.message_id for message in packed.messages()] == order


def sent_at_home(message_id: int) -> TrackedMessage:
    return sent(message_id, 1)


def test_a_long_slice_finds_every_message_again() -> None:
    numbers = [*range(0, 3000, 2), *range(1999, 0, -2), -5, 10**12]
    packed = slice_of(*map(sent_at_home, numbers))
    assert len(packed) == len(numbers)
    for number in numbers:
        packed.add(sent_at_home(number))
    assert [message.message_id for message in packed.messages()] == numbers
    assert packed.take([sent_at_home(700)]) == [sent_at_home(700)]
    packed.add(sent_at_home(699))
    packed.add(sent_at_home(700))
    assert [message.message_id for message in packed.messages()] == [n for n in numbers if n != 700] + [700]


def test_the_same_bytes_in_the_middle_of_a_row_are_not_taken_for_a_message() -> None:
    """A row whose user and thread hold the very bytes of a head: id 0 at home, which is twelve zero bytes."""
    packed = slice_of(
        *(sent(n, 1, user_id=0, thread_id=0, date=datetime(1970, 1, 1, tzinfo=UTC)) for n in range(9, 1, -1))
    )
    packed.add(sent(0, 1))
    packed.add(sent(0, 1))
    assert [message.message_id for message in packed.messages()] == [9, 8, 7, 6, 5, 4, 3, 2, 0]
    # Some id whose head, in part of one field and part of the next, stands across the border of user and thread.
    user, thread = struct.unpack("<qq", b"\1\2\3\4\5\6\7\x08\0\0\0\0\1\1\1\1")
    (head,) = struct.unpack("<q", b"\1\2\3\4\5\6\7\x08")
    packed = slice_of(sent(2**62, 1, user_id=user, thread_id=thread), sent(head, 1))
    assert [message.message_id for message in packed.messages()] == [2**62, head]


def test_more_ephemeral_messages_than_sixteen_bits_can_count() -> None:
    count = 70_000
    packed = slice_of(*(sent(0, 1, ephemeral=number, receiver=5) for number in range(count)))
    assert len(packed) == count
    packed.add(sent(0, 1, ephemeral=count - 1, receiver=5))
    packed.add(sent(0, 1, ephemeral=3, receiver=5))
    assert [message.ephemeral_message_id for message in packed.messages()] == list(range(count))
    packed.take([sent(0, 1, ephemeral=number, receiver=5) for number in range(count - 1)])
    assert [message.ephemeral_message_id for message in packed.messages()] == [count - 1]
    assert packed.places is not None
    assert len(packed.places) == 1


def test_what_is_emptied_by_taking_is_as_new() -> None:
    messages = [sent(3, 1), sent(4, 2), sent(0, 1, ephemeral=4)]
    packed, new = slice_of(*messages), PackedSlice(KEY)
    packed.take(messages)
    for name in ("_rows", "_top", "_blocks", "places"):
        assert getattr(packed, name) == getattr(new, name)


def test_reading_changes_nothing_and_hands_out_no_alias() -> None:
    packed = slice_of(sent(3, 1))
    packed.messages().clear()
    assert packed.take([]) == []
    assert packed.take([sent(4, 1), sent(3, 2)]) == []
    assert packed.discard(1, "c", [3]) == packed.discard(1, None, []) == 0
    assert packed.messages() == [sent(3, 1)]
    assert packed.key() == KEY


FAR = 2**63
BEFORE_YEAR_ONE = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
AFTER_YEAR_9999 = datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=5)))


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (sent(9, 1, user_id=FAR), f"user_id of a tracked message is {FAR}. Pass a 64-bit integer instead."),
        (
            sent(9, 1, thread_id=-FAR - 1),
            f"thread_id of a tracked message is {-FAR - 1}. Pass a 64-bit integer instead.",
        ),
        (
            sent(9, 1, ephemeral=FAR),
            f"ephemeral_message_id of a tracked message is {FAR}. Pass a 64-bit integer instead.",
        ),
        (sent(9, 1, receiver=FAR), f"receiver_user_id of a tracked message is {FAR}. Pass a 64-bit integer instead."),
        (
            sent(9, 1, at=BEFORE_YEAR_ONE),
            f"at of a tracked message is {BEFORE_YEAR_ONE!r}. Pass a time within the years of UTC instead.",
        ),
        (
            sent(9, 1, date=AFTER_YEAR_9999),
            f"date of a tracked message is {AFTER_YEAR_9999!r}. Pass a time within the years of UTC instead.",
        ),
        (
            TrackedMessage(9, 1, 5, "text of the future", Direction.INCOMING, NOW, NOW),  # type: ignore[arg-type]
            "kind of a tracked message is 'text of the future'. Pass a ContentType instead.",
        ),
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_cannot_be_kept_is_refused_and_nothing_changes(
    message: TrackedMessage, text: str, *, elsewhere: bool
) -> None:
    packed = PackedSlice(SessionKey(42, 2) if elsewhere else KEY)
    packed.add(sent(3, 2))
    packed.add(sent(5, 1))
    places = None if packed.places is None else dict(packed.places)
    with pytest.raises(InvalidTrackedMessage) as caught:
        packed.add(message)
    assert str(caught.value) == text
    assert packed.messages() == [sent(3, 2), sent(5, 1)]
    assert packed.places == places
    packed.add(sent(9, 1))
    assert packed.messages() == [sent(3, 2), sent(5, 1), sent(9, 1)]


def test_a_row_stays_small() -> None:
    assert ROW.size <= 56
