from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.deletion.records import BOT_ID, GROUP, NOW, PERSON, SUPERGROUP, foreign, record
from tgslices.deletion.plan import MAX_IDS_PER_REQUEST, DeletionPlan, plan_deletion
from tgslices.deletion.routes import Route, place_of
from tgslices.deletion.windows import is_expired
from tgslices.model import Direction, TrackedMessage
from tgslices.results import Outcome
from tgslices.telegram_facts.message_kind import MessageKind


def plan(*messages: TrackedMessage, migrated: tuple[int, ...] = ()) -> DeletionPlan:
    return plan_deletion(messages, now=NOW, bot_id=BOT_ID, migrated=migrated)


ages = st.one_of(st.none(), st.integers(0, 200 * 3600).map(lambda seconds: timedelta(seconds=seconds)))
messages = st.builds(
    record,
    st.integers(-1, 2000),
    st.sampled_from([PERSON, PERSON + 1, GROUP, SUPERGROUP, SUPERGROUP - 1, 0]),
    age=ages,
    kind=st.sampled_from([None, *MessageKind]),
    direction=st.sampled_from(Direction),
    user_id=st.sampled_from([None, BOT_ID, PERSON]),
    business_connection_id=st.sampled_from([None, None, "c", "d"]),
    ephemeral_message_id=st.sampled_from([None, None, None, 1, 2]),
    receiver_user_id=st.sampled_from([None, PERSON]),
)


@given(st.lists(messages, max_size=60), st.sets(st.sampled_from([GROUP, PERSON, SUPERGROUP])))
def test_every_message_stands_in_exactly_one_place_of_the_plan(
    given_messages: list[TrackedMessage], migrated: set[int]
) -> None:
    made = plan_deletion(given_messages, now=NOW, bot_id=BOT_ID, migrated=migrated)
    asked = [message for batch in made.batches for message in batch.messages]
    everything = [*asked, *made.expired, *made.deferred, *made.unreachable]
    assert len(everything) == len(set(everything)) == len(made.messages)
    assert set(everything) == set(given_messages)
    assert [message for message, _ in made.outcomes()] == list(dict.fromkeys(given_messages))
    assert {m for m, outcome in made.outcomes() if outcome is Outcome.PENDING} == set(asked)
    assert made.requests == len(made.batches)


@given(st.lists(messages, max_size=60))
def test_no_request_mixes_chats_routes_or_healthy_and_suspect_messages(given_messages: list[TrackedMessage]) -> None:
    made = plan(*given_messages)
    for lane in made.lanes:
        assert {place_of(message) for message in lane.messages} == {lane.place}
        assert tuple(lane.suspicions) in {(), lane.messages}
    assert [message for lane in made.lanes for message in lane.messages] == [
        message for batch in made.batches for message in batch.messages
    ]
    for batch in made.batches:
        assert 1 <= len(batch.messages) <= (1 if batch.route is Route.EPHEMERAL else MAX_IDS_PER_REQUEST)
        assert {place_of(message) for message in batch.messages} == {batch.place}
        assert not any(is_expired(message, NOW) for message in batch.messages)


def test_a_thousand_healthy_messages_take_ten_requests() -> None:
    made = plan(*(record(n) for n in range(1, 1001)))
    assert made.requests == 10
    assert not any(batch.suspect for batch in made.batches)
    assert [m.message_id for batch in made.batches for m in batch.messages] == list(range(1, 1001))


def test_suspects_share_no_batch_with_healthy_messages_and_the_most_urgent_come_first() -> None:
    aged = record(5, GROUP, age=timedelta(hours=47, minutes=58))
    service = foreign(4, kind=MessageKind.NEW_CHAT_TITLE)
    made = plan(record(1, GROUP), service, foreign(3), aged, record(2, GROUP))
    assert [(batch.suspect, [m.message_id for m in batch.messages]) for batch in made.batches] == [
        (False, [1, 2]),
        (True, [5, 3, 4]),
    ]


def test_neighbours_in_a_batch_were_sent_one_after_the_other() -> None:
    made = plan(*(foreign(n, age=timedelta(hours=n)) for n in (3, 1, 2)))
    assert [m.message_id for m in made.batches[0].messages] == [3, 2, 1]


def test_what_is_past_48_hours_is_never_asked_for() -> None:
    old = record(1, age=timedelta(hours=49))
    made = plan(old, record(2, age=timedelta(hours=49), business_connection_id="c"))
    assert made.expired == (old,)
    assert made.requests == 1


def test_a_fresh_dice_waits_until_it_can_go() -> None:
    dice = record(1, kind=MessageKind.DICE)
    made = plan(dice)
    assert made.deferred == (dice,)
    assert made.due_at(dice) == NOW + timedelta(hours=24, minutes=1)
    assert made.requests == 0


def test_nothing_but_a_deferred_message_is_due_later() -> None:
    message = record(1)
    assert plan(message).due_at(message) is None


def test_the_messages_of_a_chat_that_migrated_are_asked_for_nowhere() -> None:
    left, right = record(1, GROUP), record(1, SUPERGROUP)
    made = plan(left, right, migrated=(GROUP,))
    assert made.unreachable == (left,)
    assert [batch.chat_id for batch in made.batches] == [SUPERGROUP]


def test_only_a_basic_group_migrates() -> None:
    assert plan(record(1), record(1, SUPERGROUP), migrated=(PERSON, SUPERGROUP)).unreachable == ()


def test_an_id_of_zero_is_never_asked_for() -> None:
    scheduled = record(0)
    assert plan(scheduled, record(1)).unreachable == (scheduled,)


def test_a_business_chat_is_another_place_than_the_private_chat_of_the_same_number() -> None:
    made = plan(record(1), record(1, business_connection_id="c"), record(1, business_connection_id="d"))
    assert [(batch.route, batch.business_connection_id) for batch in made.batches] == [
        (Route.ORDINARY, None),
        (Route.BUSINESS, "c"),
        (Route.BUSINESS, "d"),
    ]


def test_ephemeral_messages_go_one_by_one() -> None:
    made = plan(*(record(0, GROUP, ephemeral_message_id=n, receiver_user_id=PERSON) for n in (1, 2, 3)))
    assert [len(batch.messages) for batch in made.batches] == [1, 1, 1]


def test_nothing_to_delete_is_an_empty_plan() -> None:
    assert plan() == DeletionPlan((), (), (), (), ())
