"""What keys remember in process memory: bounded, and forgotten in time."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.storage.samples import BOT, LATER, MINUTE, NOW, few_keys, few_messages, sent
from tgslices.model import REPEAT_WINDOW, SessionKey, TrackedMessage, may_come_again
from tgslices.storage.inprocess.ceilings import NO_CEILING
from tgslices.storage.inprocess.known_messages import MAX_KNOWN, MAX_QUALIFIER, KnownMessages, bounded
from tgslices.storage.inprocess.packed_rows import place_of

KEY = SessionKey(BOT, 7, qualifier="order")


def assert_nothing_is_kept(known: KnownMessages) -> None:
    assert not any(getattr(known, name) for name in ("_memories", "_places", "_visits"))
    assert not known.ceilings.by_box


def test_a_key_knows_its_newest_messages_and_forgets_the_oldest_beyond() -> None:
    known = KnownMessages()
    known.learn(KEY, [sent(number, 7 + number % 2) for number in range(MAX_KNOWN + 4)])
    known.learn(KEY, [sent(-1)])
    assert [number for number in range(10) if not known.knows(KEY, sent(number, 7 + number % 2))] == [0, 1, 2, 3, 4]
    assert known.knows(KEY, sent(-1))
    assert known.sweep(BOT, now=LATER, limit=MAX_KNOWN + 1) == MAX_KNOWN
    assert_nothing_is_kept(known)


def test_a_message_that_is_learnt_again_takes_no_more_room() -> None:
    known = KnownMessages()
    for _ in range(3):
        known.learn(KEY, [sent(number) for number in range(30)])
        known.learn(KEY, [sent(3), sent(99, 8)])
    assert known.sweep(BOT, now=LATER, limit=100) == 31


def test_a_long_qualifier_is_not_kept() -> None:
    known = KnownMessages()
    for number in range(50):
        key = SessionKey(BOT, 7, qualifier=str(number) + "x" * 100_000)
        known.learn(key, [sent(number)])
        known.close(key, NOW)
        assert known.knows(key, sent(number))
        assert not known.knows(key, sent(number + 1))
    assert max(len(parts[5] or "") for parts in known._memories) < 100


def test_a_qualifier_that_is_spelled_like_a_digest_is_another_one() -> None:
    known = KnownMessages()
    long = SessionKey(BOT, 7, qualifier="x" * (MAX_QUALIFIER + 1))
    known.learn(long, [sent(1)])
    assert not known.knows(SessionKey(BOT, 7, qualifier=bounded(long.qualifier or "")), sent(1))
    assert len(bounded("")) > MAX_QUALIFIER


def test_half_a_surrogate_pair_may_be_in_a_long_qualifier() -> None:
    known = KnownMessages()
    one, other = (SessionKey(BOT, 7, qualifier="x" * 100 + end) for end in ("\ud83e", "\ud83d"))
    known.learn(one, [sent(1)])
    assert known.knows(one, sent(1))
    assert not known.knows(other, sent(1))


def test_the_same_bytes_across_two_fields_are_not_taken_for_a_message() -> None:
    """Half an id, the number of home and half a time lie side by side."""
    known = KnownMessages()
    known.learn(KEY, [sent(number << 32, 7, at=NOW + timedelta(number)) for number in range(1, 300)])
    assert not any(known.knows(KEY, sent(number)) for number in range(-1_000, 1_000))


def test_nothing_is_visited_before_it_is_past() -> None:
    known = KnownMessages()
    known.learn(KEY, [sent(1, at=NOW + MINUTE)])
    known.learn(KEY, [sent(2, at=NOW - MINUTE), sent(3)])
    known.close(KEY, NOW - 2 * MINUTE)
    swept = [known.sweep(BOT, now=NOW + REPEAT_WINDOW + minute * MINUTE, limit=9) for minute in range(-3, 3)]
    assert swept == [0, 1, 1, 1, 1, 0]
    assert_nothing_is_kept(known)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["learn", "open", "close", "unsubscribe", "sweep", "migrate"]),
            few_keys,
            st.lists(few_messages, min_size=1, max_size=5),
            st.integers(0, 3),
        ),
        max_size=30,
    )
)
def test_whatever_was_learnt_and_moved_is_forgotten_in_the_end(
    program: list[tuple[str, SessionKey, list[TrackedMessage], int]],
) -> None:
    known = KnownMessages()
    model: dict[SessionKey, set[TrackedMessage]] = {}
    for step, key, messages, minutes in program:
        if step == "learn":
            known.learn(key, messages)
            model.setdefault(key, set()).update(filter(may_come_again, messages))
        elif step == "open":
            known.open(key, messages[0])
            known.unsubscribe(key)
            model.setdefault(key, set()).update(filter(may_come_again, messages[:1]))
        elif step == "close":
            known.close(key, NOW - minutes * MINUTE)
        elif step == "unsubscribe":
            known.unsubscribe(key)
        elif step == "sweep":
            known.sweep(key.bot_id, now=NOW + REPEAT_WINDOW - MINUTE, limit=minutes + 1)
        else:
            known.migrate(key.bot_id, key.chat_id, 3 - key.chat_id)
            for old in [it for it in model if (it.bot_id, it.chat_id) == (key.bot_id, key.chat_id)]:
                model.setdefault(old.in_chat(3 - key.chat_id), set()).update(model.pop(old))
        for known_key, its in model.items():
            assert all(known.knows(known_key, message) for message in its)
            home = (known_key.chat_id, known_key.business_connection_id, None, None)
            at_home = [message.message_id for message in its if place_of(message) == home]
            box = known_key.business_connection_id or known_key.bot_id
            assert max(at_home, default=NO_CEILING) <= known.ceilings.by_box.get(box, NO_CEILING)
            assert {message for message in messages if known.knows(known_key, message)} <= its
    for bot in (BOT, 43):
        known.sweep(bot, now=LATER, limit=10_000)
    assert_nothing_is_kept(known)
