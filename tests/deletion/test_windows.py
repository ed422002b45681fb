from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.deletion.records import GROUP, NOW, PERSON, SUPERGROUP, record
from tgslices.deletion.plan import plan_deletion
from tgslices.deletion.windows import (
    DICE_MARGIN,
    DICE_WAIT,
    EPHEMERAL_LIFE,
    MAX_SKEW,
    ask_again_from,
    deletable_from,
    is_deferred,
    is_expired,
    too_old_from,
)
from tgslices.model import TrackedMessage
from tgslices.telegram_facts.age_limit import AGE_LIMIT
from tgslices.telegram_facts.message_kind import MessageKind

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("chat_id", "age", "expired"),
    [
        (PERSON, AGE_LIMIT, False),
        (PERSON, AGE_LIMIT + SECOND, True),
        (GROUP, AGE_LIMIT, False),
        (GROUP, AGE_LIMIT + SECOND, True),
        (SUPERGROUP, AGE_LIMIT - SECOND, False),
        (SUPERGROUP, AGE_LIMIT, True),
    ],
)
def test_supergroups_and_channels_refuse_at_48_hours_sharp_and_other_chats_after(
    chat_id: int, age: timedelta, expired: bool
) -> None:
    assert is_expired(record(1, chat_id, age=age), NOW) is expired


def test_a_message_of_unknown_age_is_at_least_as_old_as_its_record() -> None:
    unknown = record(1, SUPERGROUP, age=None, at=NOW - AGE_LIMIT)
    assert is_expired(unknown, NOW)
    assert not is_expired(unknown, NOW - SECOND)


def test_nobody_checks_the_age_of_a_business_message() -> None:
    assert too_old_from(record(1, business_connection_id="c")) is None
    assert not is_expired(record(1, age=timedelta(days=900), business_connection_id="c"), NOW)


def test_an_ephemeral_id_means_another_message_after_seven_days() -> None:
    ephemeral = record(0, GROUP, age=EPHEMERAL_LIFE, ephemeral_message_id=1, receiver_user_id=PERSON)
    assert is_expired(ephemeral, NOW)
    assert not is_expired(ephemeral, NOW - SECOND)


@pytest.mark.parametrize(
    ("message", "deferred"),
    [
        (record(kind=MessageKind.DICE), True),
        (record(kind=MessageKind.DICE, age=DICE_WAIT + DICE_MARGIN - SECOND), True),
        (record(kind=MessageKind.DICE, age=DICE_WAIT + DICE_MARGIN), False),
        (record(1, GROUP, kind=MessageKind.DICE), False),
        (record(kind=MessageKind.TEXT), False),
        (record(kind=MessageKind.DICE, business_connection_id="c"), False),
    ],
)
def test_only_a_fresh_dice_in_a_private_chat_waits(message: TrackedMessage, deferred: bool) -> None:
    assert is_deferred(message, NOW) is deferred


def test_a_dice_may_go_a_minute_after_its_first_day() -> None:
    assert deletable_from(record(kind=MessageKind.DICE)) == NOW + timedelta(hours=24, minutes=1)
    assert deletable_from(record()) is None


@pytest.mark.parametrize(
    ("message", "again"),
    [
        (record(kind=None), NOW + DICE_WAIT + DICE_MARGIN),
        (record(kind=None, age=DICE_WAIT + DICE_MARGIN), NOW - DICE_MARGIN + MAX_SKEW),
        (record(kind=None, age=DICE_WAIT + MAX_SKEW), None),
        (record(kind=MessageKind.DICE, age=DICE_WAIT + DICE_MARGIN), NOW - DICE_MARGIN + MAX_SKEW),
        (record(kind=MessageKind.DICE, age=DICE_WAIT + MAX_SKEW), None),
        (record(1, SUPERGROUP, kind=None), None),
        (record(1, SUPERGROUP, kind=MessageKind.DICE), None),
        (record(kind=MessageKind.TEXT), None),
        (record(kind=None, age=None), None),
        (record(kind=None, business_connection_id="c"), None),
    ],
)
def test_what_may_be_a_dice_on_its_first_day_by_telegrams_clock_is_asked_for_again(
    message: TrackedMessage, again: object
) -> None:
    assert ask_again_from(message, NOW) == again


@pytest.mark.parametrize("date", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("kind", [MessageKind.TEXT, MessageKind.DICE, None])
def test_a_date_at_the_end_of_time_stops_no_plan(date: datetime, kind: MessageKind | None) -> None:
    """One such message, made by hand, would stop every settling of what is pending beside it."""
    odd = replace(record(1), date=date, kind=kind)
    plan = plan_deletion([odd, record(2)], now=NOW, bot_id=42)
    assert sum(map(len, (plan.expired, plan.deferred, *(batch.messages for batch in plan.batches)))) == 2
    assert ask_again_from(odd, NOW) is None or date > NOW
