"""Pending deletions in process memory."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.storage.samples import BOT, MINUTE, NOW, sent
from tgslices.model import PendingDeletion, SessionKey
from tgslices.storage.inprocess.pendings import Pendings

KEY = SessionKey(BOT, 7)


def entry(message_id: int, key: SessionKey = KEY) -> PendingDeletion:
    return PendingDeletion(key, sent(message_id), NOW, NOW)


def ids(entries: list[PendingDeletion]) -> list[int]:
    return [entry.message.message_id for entry in entries]


def test_what_is_put_is_held_until_its_lease_runs_out() -> None:
    pendings = Pendings()
    pendings.put(KEY, [sent(1), sent(2)], now=NOW, until=NOW + MINUTE)
    assert pendings.next_due(BOT) == NOW + MINUTE
    assert pendings.lease(BOT, now=NOW + MINUTE - timedelta.resolution, until=NOW + 2 * MINUTE, limit=9) == []
    leased = pendings.lease(BOT, now=NOW + MINUTE, until=NOW + 2 * MINUTE, limit=9)
    assert [(e.claimed_at, e.due_at) for e in leased] == [(NOW, NOW + 2 * MINUTE)] * 2
    assert ids(leased) == [1, 2]
    assert pendings.lease(BOT, now=NOW + MINUTE, until=NOW + 2 * MINUTE, limit=9) == []


def test_the_earliest_are_leased_first_and_no_more_than_asked_for() -> None:
    pendings = Pendings()
    for number, due in ((1, 3), (2, 1), (3, 2), (4, 1)):
        pendings.put(KEY, [sent(number)], now=NOW, until=NOW + due * MINUTE)
    assert ids(pendings.of_bot(BOT)) == [2, 4, 3, 1]
    assert ids(pendings.lease(BOT, now=NOW + 5 * MINUTE, until=NOW + 9 * MINUTE, limit=3)) == [2, 4, 3]
    assert ids(pendings.lease(BOT, now=NOW + 5 * MINUTE, until=NOW + 5 * MINUTE, limit=0)) == []
    assert ids(pendings.lease(BOT, now=NOW + 5 * MINUTE, until=NOW + 5 * MINUTE, limit=3)) == [1]


def test_an_entry_that_is_pending_already_keeps_when_it_was_claimed() -> None:
    pendings = Pendings()
    assert ids(pendings.put(KEY, [sent(1)], now=NOW, until=NOW + MINUTE)) == [1]
    assert ids(pendings.put(KEY, [sent(1), sent(2)], now=NOW + MINUTE, until=NOW + 5 * MINUTE)) == [2]
    assert [(e.claimed_at, e.due_at) for e in pendings.of_bot(BOT)] == [
        (NOW, NOW + 5 * MINUTE),
        (NOW + MINUTE, NOW + 5 * MINUTE),
    ]


def test_the_same_message_may_be_pending_for_two_keys() -> None:
    pendings, other = Pendings(), SessionKey(BOT, 7, qualifier="order")
    for key in (KEY, other):
        pendings.put(key, [sent(1)], now=NOW, until=NOW)
    assert pendings.settle([entry(1)]) == 1
    assert pendings.of_bot(BOT) == [entry(1, other)]


def test_settled_entries_are_neither_settled_again_nor_postponed_back() -> None:
    pendings = Pendings()
    pendings.put(KEY, [sent(1), sent(2)], now=NOW, until=NOW)
    assert pendings.settle([entry(1), entry(1), entry(3)]) == 1
    pendings.postpone([entry(1), entry(2)], until=NOW + MINUTE)
    assert [(e.message.message_id, e.due_at) for e in pendings.of_bot(BOT)] == [(2, NOW + MINUTE)]
    assert pendings.settle([entry(2)]) == 1
    assert pendings.settle([entry(2)]) == 0
    assert pendings._queues == {}


def test_messages_that_are_gone_are_dropped_by_chat_connection_and_id() -> None:
    pendings = Pendings()
    messages = [sent(1), sent(2), sent(1, 8), sent(1, connection="c"), sent(1, connection="")]
    pendings.put(KEY, messages, now=NOW, until=NOW)
    assert pendings.discard(BOT, "c", 7, [1, 2]) == 1
    assert pendings.discard(43, None, 7, [1]) == 0
    assert pendings.discard(BOT, None, 7, [1]) == 1
    assert [e.message for e in pendings.of_bot(BOT)] == [sent(2), sent(1, 8), sent(1, connection="")]


def test_migration_moves_the_keys_and_not_the_messages() -> None:
    pendings, new = Pendings(), SessionKey(BOT, -100)
    pendings.put(KEY, [sent(1), sent(2)], now=NOW, until=NOW + MINUTE)
    pendings.put(new, [sent(2)], now=NOW + MINUTE, until=NOW + 2 * MINUTE)
    pendings.put(SessionKey(BOT, 8), [sent(3)], now=NOW, until=NOW)
    pendings.migrate(BOT, 7, -100)
    moved = [(e.key, e.message.chat_id, e.message.message_id, e.claimed_at) for e in pendings.of_bot(BOT)]
    assert moved == [
        (SessionKey(BOT, 8), 7, 3, NOW),
        (new, 7, 1, NOW),
        (new, 7, 2, NOW + MINUTE),
    ]


def test_reading_creates_nothing() -> None:
    pendings = Pendings()
    assert pendings.put(KEY, [], now=NOW, until=NOW) == []
    assert pendings.lease(BOT, now=NOW, until=NOW, limit=5) == pendings.of_bot(BOT) == []
    assert pendings.next_due(BOT) is None
    assert pendings.settle([entry(1)]) == pendings.discard(BOT, None, 7, [1]) == 0
    pendings.postpone([entry(1)], until=NOW)
    pendings.migrate(BOT, 7, 8)
    assert pendings._queues == {}


Steps = list[tuple[str, set[int], int]]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "lease", "postpone", "settle"]), st.sets(st.integers(1, 4)), st.integers(0, 5)
        )
    )
)
def test_the_order_is_that_of_a_sorted_list_and_nothing_stays_behind(program: Steps) -> None:
    pendings, dues = Pendings(), dict[int, int]()
    for step, numbers, due in program:
        until = NOW + due * MINUTE
        if step == "put":
            pendings.put(KEY, [sent(number) for number in numbers], now=NOW, until=until)
            dues |= dict.fromkeys(numbers, due)
        elif step == "lease":
            leased = pendings.lease(BOT, now=until, until=until + MINUTE, limit=len(numbers))
            possible = sorted((at, number) for number, at in dues.items() if at <= due)
            assert [dues[number] for number in ids(leased)] == [at for at, _ in possible][: len(numbers)]
            dues |= dict.fromkeys(ids(leased), due + 1)
        elif step == "postpone":
            pendings.postpone([entry(number) for number in numbers], until=until)
            dues |= {number: due for number in numbers if number in dues}
        else:
            assert pendings.settle([entry(number) for number in numbers]) == len(numbers & set(dues))
            dues = {number: at for number, at in dues.items() if number not in numbers}
        there = pendings.of_bot(BOT)
        assert [(e.due_at - NOW) // MINUTE for e in there] == sorted(dues.values())
        assert set(ids(there)) == set(dues)
        assert pendings.next_due(BOT) == (NOW + min(dues.values()) * MINUTE if dues else None)
    pendings.settle([entry(number) for number in dues])
    assert pendings._queues == {}
