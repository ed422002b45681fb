"""Pending deletions in process memory."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.storage.samples import BOT, MINUTE, NOW, sent
from tgslices.model import Gone, PendingDeletion, SessionKey
from tgslices.storage.inprocess.pending import PendingDeletions

KEY = SessionKey(BOT, 7)


def entry(message_id: int, key: SessionKey = KEY) -> PendingDeletion:
    return PendingDeletion(key, sent(message_id), NOW, NOW)


def ids(entries: list[PendingDeletion]) -> list[int]:
    return [entry.message.message_id for entry in entries]


def test_what_is_put_is_held_until_its_lease_runs_out() -> None:
    pending_ = PendingDeletions()
    pending_.put(KEY, [sent(1), sent(2)], now=NOW, until=NOW + MINUTE)
    assert pending_.next_due(BOT, NOW) == NOW + MINUTE
    assert pending_.lease(BOT, now=NOW + MINUTE - timedelta.resolution, until=NOW + 2 * MINUTE, limit=9) == []
    leased = pending_.lease(BOT, now=NOW + MINUTE, until=NOW + 2 * MINUTE, limit=9)
    assert [(e.claimed_at, e.due_at) for e in leased] == [(NOW, NOW + 2 * MINUTE)] * 2
    assert ids(leased) == [1, 2]
    assert pending_.lease(BOT, now=NOW + MINUTE, until=NOW + 2 * MINUTE, limit=9) == []


def test_the_earliest_are_leased_first_and_no_more_than_asked_for() -> None:
    pending_ = PendingDeletions()
    for number, due in ((1, 3), (2, 1), (3, 2), (4, 1)):
        pending_.put(KEY, [sent(number)], now=NOW, until=NOW + due * MINUTE)
    assert ids(pending_.of_bot(BOT)) == [2, 4, 3, 1]
    assert ids(pending_.lease(BOT, now=NOW + 5 * MINUTE, until=NOW + 9 * MINUTE, limit=3)) == [2, 4, 3]
    assert ids(pending_.lease(BOT, now=NOW + 5 * MINUTE, until=NOW + 5 * MINUTE, limit=0)) == []
    assert ids(pending_.lease(BOT, now=NOW + 5 * MINUTE, until=NOW + 5 * MINUTE, limit=3)) == [1]


def test_an_entry_that_is_pending_already_keeps_when_it_was_claimed() -> None:
    pending_ = PendingDeletions()
    assert ids(pending_.put(KEY, [sent(1)], now=NOW, until=NOW + MINUTE)) == [1]
    assert ids(pending_.put(KEY, [sent(1), sent(2)], now=NOW + MINUTE, until=NOW + 5 * MINUTE)) == [2]
    assert [(e.claimed_at, e.due_at) for e in pending_.of_bot(BOT)] == [
        (NOW, NOW + 5 * MINUTE),
        (NOW + MINUTE, NOW + 5 * MINUTE),
    ]


def test_the_same_message_may_be_pending_for_two_keys() -> None:
    pending_, other = PendingDeletions(), SessionKey(BOT, 7, qualifier="order")
    for key in (KEY, other):
        pending_.put(key, [sent(1)], now=NOW, until=NOW)
    assert len(pending_.settle([entry(1)])) == 1
    assert pending_.of_bot(BOT) == [entry(1, other)]


def test_settled_entries_are_neither_settled_again_nor_postponed_back() -> None:
    pending_ = PendingDeletions()
    pending_.put(KEY, [sent(1), sent(2)], now=NOW, until=NOW)
    assert len(pending_.settle([entry(1), entry(1), entry(3)])) == 1
    pending_.postpone([entry(1), entry(2)], until=NOW + MINUTE)
    assert [(e.message.message_id, e.due_at) for e in pending_.of_bot(BOT)] == [(2, NOW + MINUTE)]
    assert len(pending_.settle([entry(2)])) == 1
    assert len(pending_.settle([entry(2)])) == 0
    assert pending_._queues == {}


def test_messages_that_are_gone_are_dropped_by_chat_connection_and_id() -> None:
    pending_ = PendingDeletions()
    messages = [sent(1), sent(2), sent(1, 8), sent(1, connection="c"), sent(1, connection="")]
    pending_.put(KEY, messages, now=NOW, until=NOW)
    assert [e.message for e in pending_.discard(BOT, Gone(7, frozenset({1, 2}), "c"))] == [messages[3]]
    assert pending_.discard(43, Gone(7, frozenset({1}))) == []
    assert [e.message for e in pending_.discard(BOT, Gone(7, frozenset({1})))] == [messages[0]]
    assert [e.message for e in pending_.of_bot(BOT)] == [sent(2), sent(1, 8), sent(1, connection="")]


def test_migration_moves_the_keys_and_not_the_messages() -> None:
    pending_, new = PendingDeletions(), SessionKey(BOT, -100)
    pending_.put(KEY, [sent(1), sent(2)], now=NOW, until=NOW + MINUTE)
    pending_.put(new, [sent(2)], now=NOW + MINUTE, until=NOW + 2 * MINUTE)
    pending_.put(SessionKey(BOT, 8), [sent(3)], now=NOW, until=NOW)
    pending_.migrate(BOT, 7, -100)
    moved = [(e.key, e.message.chat_id, e.message.message_id, e.claimed_at) for e in pending_.of_bot(BOT)]
    assert moved == [
        (SessionKey(BOT, 8), 7, 3, NOW),
        (new, 7, 1, NOW),
        (new, 7, 2, NOW + MINUTE),
    ]


def test_reading_creates_nothing() -> None:
    pending_ = PendingDeletions()
    assert pending_.put(KEY, [], now=NOW, until=NOW) == []
    assert pending_.lease(BOT, now=NOW, until=NOW, limit=5) == pending_.of_bot(BOT) == []
    assert pending_.next_due(BOT, NOW) is None
    assert pending_.settle([entry(1)]) == pending_.discard(BOT, Gone(7, frozenset({1}))) == []
    pending_.postpone([entry(1)], until=NOW)
    pending_.migrate(BOT, 7, 8)
    assert pending_._queues == {}


Steps = list[tuple[str, set[int], int]]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "lease", "postpone", "settle"]), st.sets(st.integers(1, 4)), st.integers(0, 5)
        )
    )
)
def test_the_order_is_that_of_a_sorted_list_and_nothing_stays_behind(program: Steps) -> None:
    pending_, dues = PendingDeletions(), dict[int, int]()
    for step, numbers, due in program:
        until = NOW + due * MINUTE
        if step == "put":
            pending_.put(KEY, [sent(number) for number in numbers], now=NOW, until=until)
            dues |= dict.fromkeys(numbers, due)
        elif step == "lease":
            leased = pending_.lease(BOT, now=until, until=until + MINUTE, limit=len(numbers))
            possible = sorted((at, number) for number, at in dues.items() if at <= due)
            assert [dues[number] for number in ids(leased)] == [at for at, _ in possible][: len(numbers)]
            dues |= dict.fromkeys(ids(leased), due + 1)
        elif step == "postpone":
            pending_.postpone([entry(number) for number in numbers], until=until)
            dues |= {number: due for number in numbers if number in dues}
        else:
            assert len(pending_.settle([entry(number) for number in numbers])) == len(numbers & set(dues))
            dues = {number: at for number, at in dues.items() if number not in numbers}
        there = pending_.of_bot(BOT)
        assert [(e.due_at - NOW) // MINUTE for e in there] == sorted(dues.values())
        assert set(ids(there)) == set(dues)
        assert pending_.next_due(BOT, NOW) == (NOW + min(dues.values()) * MINUTE if dues else None)
    pending_.settle([entry(number) for number in dues])
    assert pending_._queues == {}
