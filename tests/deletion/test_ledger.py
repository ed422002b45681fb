from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deletion.records import GROUP, NOW, PERSON, claimed, record
from tgslices.deletion.ledger import Ledger, next_try
from tgslices.results import Outcome
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
    ledger = Ledger(MemorySessionStorage(), entries, clock=lambda: NOW, lease=HOUR)
    assert ledger.overdue() == {business}


async def test_a_fate_is_written_down_once() -> None:
    message = record()
    ledger = Ledger(MemorySessionStorage(), claimed(message), clock=lambda: NOW, lease=HOUR)
    await ledger.settle([message], Outcome.ACCEPTED)
    await ledger.settle([message], Outcome.UNREACHABLE)
    result = ledger.result(requests=1)
    assert result.accepted == (message,)
    assert result.unreachable == ()
