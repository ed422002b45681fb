"""The packed entries of one key, against a plain list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.samples import NOW, any_messages, exactly, few_messages, sent
from tgslices.errors import InvalidTrackedMessage
from tgslices.model import Direction, Gone, TrackedMessage
from tgslices.storage.inprocess.numbered_values import Numbered
from tgslices.storage.inprocess.packed_rows import HEAD, HOME, ROW, SIZE, place_of
from tgslices.storage.inprocess.slices import Chat, Rows, Slices, stands_evenly
from tgslices.telegram_facts.message_kind import MessageKind


class Slice:
    """The rows of one key and what they need to be read."""

    def __init__(self, *messages: TrackedMessage, home: Chat = (1, None)) -> None:
        self.slices, self.rows, self.home = Slices(), Rows(), home
        for message in messages:
            self.add(message)

    def __len__(self) -> int:
        return len(self.rows) // SIZE

    def add(self, message: TrackedMessage) -> None:
        self.slices.add(self.rows, self.home, message)

    def messages(self) -> list[TrackedMessage]:
        return self.slices.messages(self.rows, self.home)

    def take(self, messages: list[TrackedMessage]) -> list[TrackedMessage]:
        return self.slices.take(self.rows, self.home, messages)

    def discard(self, chat_id: int, connection: str | None, ids: Iterable[int]) -> int:
        return len(self.slices.discard(self.rows, self.home, Gone(chat_id, frozenset(ids), connection)))

    def chats(self) -> set[Chat]:
        return self.slices.chats(self.rows)


@given(any_messages)
def test_a_message_comes_back_exactly_and_in_utc(message: TrackedMessage) -> None:
    for home in ((1, None), (message.chat_id, message.business_connection_id)):
        (back,) = Slice(message, home=home).messages()
        assert exactly(back) == exactly(message)
        assert back.at.tzinfo is UTC
        assert back.date is None or back.date.tzinfo is UTC


@pytest.mark.parametrize("kind", [None, *MessageKind])
def test_every_kind_comes_back(kind: MessageKind | None) -> None:
    message = TrackedMessage(1, 1, None, kind, Direction.OUTGOING, None, NOW)
    (back,) = Slice(message).messages()
    assert back.kind is kind
    assert back.direction is Direction.OUTGOING


Steps = list[tuple[str, list[TrackedMessage]]]
steps = st.lists(st.tuples(st.sampled_from(["add", "add", "take", "discard"]), st.lists(few_messages, max_size=6)))


@given(steps)
def test_it_does_what_a_plain_list_does(program: Steps) -> None:
    packed, plain = Slice(), list[TrackedMessage]()
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
            at_home = [m for m in plain if (m.chat_id, m.business_connection_id) == (1, None)]
            gone = [m for m in at_home if m.message_id in ids and m.ephemeral_message_id is None]
            assert packed.discard(1, None, ids) == len(gone)
            plain = [message for message in plain if message not in gone]
        assert list(map(exactly, packed.messages())) == list(map(exactly, plain))
        assert len(packed) == len(plain)
        foreign = {
            (m.chat_id, m.business_connection_id) for m in plain if (m.chat_id, m.business_connection_id) != (1, None)
        }
        assert packed.chats() - {(1, None)} == foreign
        assert len(packed.slices._places) == len({place_of(m) for m in plain} - {(1, None, None, None)})


@given(st.permutations(range(40)), st.sets(st.integers(0, 39)))
def test_ids_in_any_order_are_kept_once_and_in_that_order(order: list[int], again: set[int]) -> None:
    packed = Slice(*map(sent_at_home, [*order, *again]))
    assert [message.message_id for message in packed.messages()] == order


def sent_at_home(message_id: int) -> TrackedMessage:
    return sent(message_id, 1)


def test_a_long_slice_finds_every_message_again() -> None:
    numbers = [*range(0, 3000, 2), *range(1999, 0, -2), -5, 10**12]
    packed = Slice(*map(sent_at_home, numbers))
    assert len(packed) == len(numbers)
    for number in numbers:
        packed.add(sent_at_home(number))
    assert [message.message_id for message in packed.messages()] == numbers
    assert packed.take([sent_at_home(700)]) == [sent_at_home(700)]
    packed.add(sent_at_home(699))
    packed.add(sent_at_home(700))
    assert [message.message_id for message in packed.messages()] == [n for n in numbers if n != 700] + [700]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=120, unique=True), st.integers(1, 400), st.booleans())
def test_a_guess_is_right_whenever_it_says_yes(ids: list[int], wanted: int, grows: bool) -> None:
    kept = Slice(*(sent_at_home(number) for number in (sorted(ids) if grows else ids)))
    guessed = stands_evenly(kept.rows, HEAD.pack(wanted, HOME), wanted)
    assert not guessed or wanted in ids


def test_ids_that_grow_evenly_are_all_guessed() -> None:
    kept = Slice(*(sent_at_home(number) for number in range(10, 5000, 7)))
    assert all(stands_evenly(kept.rows, HEAD.pack(number, HOME), number) for number in range(10, 5000, 7))
    assert not stands_evenly(kept.rows, HEAD.pack(11, HOME), 11)


def test_the_same_bytes_in_the_middle_of_a_row_are_not_taken_for_a_message() -> None:
    """A user's id and half a topic's are the bytes of the message of that id at home; a search for bytes meets them."""
    later = [sent(2**62 + number, 1) for number in range(100)]
    packed = Slice(*(sent(2**61 + number, 1, user_id=77, thread_id=0) for number in range(3)), *later)
    assert HEAD.pack(77, HOME) in packed.rows
    packed.add(sent(77, 1))
    assert packed.messages()[-1] == sent(77, 1)
    packed.add(sent(2**61 + 1, 1))
    packed.add(sent(77, 1))
    assert len(packed) == 104


def test_more_ephemeral_messages_than_sixteen_bits_can_count() -> None:
    count = 70_000
    packed = Slice(*(sent(0, 1, ephemeral=number, receiver=5) for number in range(count)))
    assert len(packed) == count
    packed.add(sent(0, 1, ephemeral=count - 1, receiver=5))
    packed.add(sent(0, 1, ephemeral=3, receiver=5))
    assert [message.ephemeral_message_id for message in packed.messages()] == list(range(count))
    packed.take([sent(0, 1, ephemeral=number, receiver=5) for number in range(count - 1)])
    assert [message.ephemeral_message_id for message in packed.messages()] == [count - 1]
    assert len(packed.slices._places) == 1


def test_what_is_emptied_leaves_nothing_behind() -> None:
    messages = [sent(3, 1), sent(4, 2), sent(5, 2), sent(0, 1, ephemeral=4)]
    messages[1:2] = [replace(messages[1], media_group_id="album")]
    for drop in (False, True):
        packed = Slice(*messages)
        if drop:
            assert packed.slices.drop(packed.rows) == 4
        else:
            packed.take(messages)
        assert not packed.rows
        for numbered in (packed.slices._places, packed.slices._albums):
            assert not any(getattr(numbered, name) for name in Numbered.__slots__)


def test_slices_of_one_storage_share_places_and_keep_their_own_entries() -> None:
    one, other = Slice(), Slice(home=(2, None))
    other.slices = one.slices
    for packed in (one, other):
        packed.add(sent(3, 3))
        packed.add(sent(4, 3))
    assert len(one.slices._places) == 1
    one.slices.drop(one.rows)
    assert other.messages() == [sent(3, 3), sent(4, 3)]
    assert other.take([sent(4, 3)]) == [sent(4, 3)]
    assert other.messages() == [sent(3, 3)]


def test_a_place_that_only_other_keys_know_takes_nothing_away() -> None:
    one, other = Slice(sent(3, 3), sent(9, 1)), Slice(sent(8, 1))
    other.slices = one.slices
    other.add(sent(3, 3))
    assert other.take([sent(4, 3), sent(9, 1)]) == []
    assert other.messages() == [sent(8, 1), sent(3, 3)]


def test_reading_changes_nothing_and_hands_out_no_alias() -> None:
    packed = Slice(sent(3, 1))
    packed.messages().clear()
    assert packed.take([]) == []
    assert packed.take([sent(4, 1), sent(3, 2)]) == []
    assert packed.discard(1, "c", [3]) == packed.discard(1, None, []) == 0
    assert packed.messages() == [sent(3, 1)]


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
            "kind of a tracked message is 'text of the future'. Pass a MessageKind instead.",
        ),
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_cannot_be_kept_is_refused_and_nothing_changes(
    message: TrackedMessage, text: str, *, elsewhere: bool
) -> None:
    packed = Slice(sent(3, 2), sent(5, 1), home=(2, None) if elsewhere else (1, None))
    with pytest.raises(InvalidTrackedMessage) as caught:
        packed.add(message)
    assert str(caught.value) == text
    assert packed.messages() == [sent(3, 2), sent(5, 1)]
    assert len(packed.slices._places) == 1
    packed.add(sent(9, 1))
    assert packed.messages() == [sent(3, 2), sent(5, 1), sent(9, 1)]


def test_a_row_stays_small() -> None:
    assert ROW.size <= 56
