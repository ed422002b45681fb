from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deletion.records import GROUP, NOW, PERSON, claimed, record
from tgslices.deletion.ledger import Ledger, next_try
from tgslices.deletion.message_fates import ACCEPTED, NAMELESS, NOT_ASKED, Fate
from tgslices.event_loop.work_in_turns import at_once
from tgslices.model import PendingDeletion
from tgslices.results import ClearResult, Outcome
from tgslices.storage.memory import MemorySessionStorage

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("since", "rest"),
    [
        (timedelta(0), 5 * SECOND),
        (9 * SECOND, 5 * SECOND),
        (10 * SECOND, 10 * SECOND),
        (60 * SECOND, 40 * SECOND),
        (3 * HOUR, 2560 * SECOND),
    ],
)
def test_a_pending_deletion_rests_longer_the_longer_it_has_been_pending(since: timedelta, rest: timedelta) -> None:
    (entry,) = claimed(record(business_connection_id="c"), at=NOW - since)
    assert next_try(entry, NOW) == NOW + rest


def test_it_rests_shorter_when_the_message_would_get_too_old() -> None:
    (entry,) = claimed(record(age=47 * HOUR + 40 * 60 * SECOND), at=NOW - 10 * HOUR)
    assert next_try(entry, NOW) == NOW + timedelta(minutes=15, seconds=1), "five minutes before the limit"
    (late,) = claimed(record(age=47 * HOUR + 58 * 60 * SECOND), at=NOW - 10 * HOUR)
    assert next_try(late, NOW) == NOW + 5 * SECOND


def test_only_an_ephemeral_message_outlives_48_hours_of_being_pending() -> None:
    business = record(business_connection_id="c")
    ephemeral = record(0, GROUP, ephemeral_message_id=1, receiver_user_id=PERSON)
    entries = claimed(business, ephemeral, at=NOW - 48 * HOUR)
    ledger = ledger_of(*entries)
    assert [*ledger.overdue] == [business]
    assert at_once(ledger.reading()) == [ephemeral]


async def test_a_fate_is_written_down_once() -> None:
    message = record()
    ledger = ledger_of(*claimed(message))
    await ledger.settle([message], ACCEPTED)
    await ledger.settle([message], NAMELESS)
    result = result_of(ledger)
    assert result.accepted == (message,)
    assert result.unreachable == ()


async def test_what_may_succeed_later_is_told_apart_with_the_reason_of_each() -> None:
    accepted, lost, open_still = record(1), record(2), record(3)
    ledger = ledger_of(*claimed(accepted, lost, open_still))
    await ledger.settle([accepted], ACCEPTED)
    await ledger.settle([lost], Fate(Outcome.UNREACHABLE, "Forbidden: bot was kicked"))
    result = result_of(ledger)
    assert result.retryable == (lost,)
    assert [result.reason(message) for message in (accepted, lost, open_still)] == [
        None,
        "Forbidden: bot was kicked",
        NOT_ASKED.reason,
    ]


def ledger_of(*entries: PendingDeletion) -> Ledger:
    ledger = Ledger(MemorySessionStorage(), clock=lambda: NOW, lease=HOUR)
    at_once(ledger.entering(entries))
    return ledger


def result_of(ledger: Ledger) -> ClearResult:
    return at_once(
        ledger.reporting(1, fate_of_open=lambda _: NOT_ASKED, may_succeed_later=lambda _, fate: not fate.is_final)
    )
