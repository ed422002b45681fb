"""When a session is looked at and when it ends, from what is known of it and the present."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgslices import ConfigurationError, Ended, Lifetime, SessionBot, SessionKey, setup_sessions
from tgslices.config import SessionConfig
from tgslices.ending.session_lifetimes import (
    LOOK_AT_LEAST_EVERY,
    MAX_DURATION,
    end_of,
    finding,
    first_due,
    must_clear,
    next_due,
)
from tgslices.storage.ending_protocol import Due, DueSession, EndReason
from tgslices.telegram_facts.age_limit import AGE_LIMIT

NOW = datetime(2026, 7, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEY = SessionKey(42, 7, qualifier="order")
SESSION = DueSession(KEY, NOW, NOW, NOW, None)
ORDER = "Lifetime(idle=timedelta(hours=2))"

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": (
        {},
        f"A Lifetime without idle, most and before_limit ends nothing. Write {ORDER}.",
    ),
    "a number": (
        {"idle": 7200},
        f"idle of a Lifetime is 7200. Pass a positive timedelta of at most 36500 days, as in {ORDER}.",
    ),
    "no time": (
        {"most": timedelta()},
        f"most of a Lifetime is datetime.timedelta(0). Pass a positive timedelta of at most 36500 days, as in {ORDER}.",
    ),
    "more time than there is": (
        {"most": timedelta.max},
        f"most of a Lifetime is {timedelta.max!r}. Pass a positive timedelta of at most 36500 days, as in {ORDER}.",
    ),
    "another end": (
        {"idle": HOUR, "then": "wipe"},
        "then of a Lifetime is 'wipe'. Pass 'clear', or 'close' to leave Telegram alone.",
    ),
    "two days before two days": (
        {"before_limit": AGE_LIMIT},
        (
            "before_limit of a Lifetime is 2 days, 0:00:00, and messages can be deleted for 2 days, 0:00:00. "
            "Pass how long before that they are to go, as in before_limit=timedelta(hours=1)."
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_lifetime_that_cannot_be_is_refused_with_what_to_write(case: str) -> None:
    arguments, message = REFUSED[case]
    with pytest.raises(ConfigurationError) as caught:
        Lifetime(**arguments)
    assert str(caught.value) == message


def test_lifetimes_are_found_by_qualifier_or_by_a_function() -> None:
    order, rest = Lifetime(idle=HOUR), Lifetime(most=DAY)
    find = finding({"order": order, None: rest})
    assert [find(replace(KEY, qualifier=name)) for name in ("order", None, "support")] == [order, rest, None]
    assert finding(lambda key: rest if key.chat_id == 7 else None)(KEY) is rest


@pytest.mark.parametrize("lifetimes", [{"order": HOUR}, {7: Lifetime(idle=HOUR)}, Lifetime(idle=HOUR), "order", 7])
def test_lifetimes_of_another_shape_are_refused(lifetimes: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Pass lifetimes by qualifier, as in \{\"order\": Lifetime"):
        SessionConfig(lifetimes=lifetimes)


async def tell(ended: Ended) -> None:
    """Be told."""


def test_on_end_without_lifetimes_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        SessionConfig(on_end=tell)
    assert str(caught.value) == (
        "on_end is given without lifetimes, so that nothing ends by itself. "
        f'Pass lifetimes as well, as in lifetimes={{"order": {ORDER}}}.'
    )


@pytest.mark.parametrize("on_end", [lambda ended: None, 7, "say"])
def test_on_end_that_cannot_be_awaited_is_refused(on_end: Any) -> None:
    from aiogram import Dispatcher

    with pytest.raises(ConfigurationError, match="Pass an async function: async def on_end"):
        setup_sessions(Dispatcher(), SessionBot("42:TOKEN"), lifetimes={"order": Lifetime(idle=HOUR)}, on_end=on_end)


def test_an_object_that_is_called_may_be_told() -> None:
    from aiogram import Dispatcher

    class Teller:
        async def __call__(self, ended: Ended) -> None:
            """Be told."""

    setup_sessions(Dispatcher(), SessionBot("42:TOKEN"), lifetimes={"order": Lifetime(idle=HOUR)}, on_end=Teller())


ENDS = {
    "idle is over": (Lifetime(idle=HOUR), HOUR, timedelta(), "idle"),
    "idle is nearly over": (Lifetime(idle=HOUR), HOUR - timedelta(microseconds=1), timedelta(), None),
    "something was said": (Lifetime(idle=HOUR), HOUR, timedelta(microseconds=1), None),
    "most is over": (Lifetime(most=HOUR), HOUR, HOUR, "most"),
    "both are over, idle first": (Lifetime(idle=HOUR, most=2 * HOUR), 3 * HOUR, timedelta(), "idle"),
    "both are over, most first": (Lifetime(idle=HOUR, most=2 * HOUR), 3 * HOUR, HOUR + HOUR / 2, "most"),
    "it never ends": (Lifetime(before_limit=HOUR), 100 * DAY, timedelta(), None),
    "the clock was put back": (Lifetime(idle=HOUR, most=HOUR), -10 * HOUR, timedelta(), None),
}
"""A lifetime, how long ago a session was opened, how long after that it was active last, and why it ends."""


@pytest.mark.parametrize("case", ENDS)
def test_a_session_ends_for_the_first_reason_that_has_come(case: str) -> None:
    lifetime, open_for, active, reason = ENDS[case]
    assert end_of(lifetime, replace(SESSION, active_at=NOW + active), NOW + open_for) == reason


def test_a_session_is_looked_at_first_when_it_may_end() -> None:
    assert first_due(Lifetime(idle=HOUR), NOW) == Due(NOW + HOUR, NOW + AGE_LIMIT)
    assert first_due(Lifetime(idle=2 * HOUR, most=HOUR), NOW).at == NOW + HOUR
    assert first_due(Lifetime(idle=5 * DAY), NOW).at == NOW + LOOK_AT_LEAST_EVERY
    assert first_due(Lifetime(before_limit=47 * HOUR), NOW).at == NOW + HOUR


def test_the_limit_is_that_of_the_oldest_message() -> None:
    lifetime = Lifetime(idle=5 * DAY, before_limit=HOUR)
    old = replace(SESSION, oldest_at=NOW - 40 * HOUR)
    assert next_due(lifetime, old, NOW) == Due(NOW + 7 * HOUR, NOW + 8 * HOUR)
    assert next_due(lifetime, old, NOW, NOW + 3 * HOUR) == Due(NOW + 2 * HOUR, NOW + 3 * HOUR)
    assert not must_clear(lifetime, old, NOW)
    assert must_clear(lifetime, old, NOW + 7 * HOUR)
    assert not must_clear(Lifetime(idle=HOUR), old, NOW + 7 * HOUR)
    assert not must_clear(lifetime, SESSION, NOW + 100 * DAY)


times = st.timedeltas(-3000 * DAY, 3000 * DAY).map(lambda since: NOW + since)
durations = st.none() | st.timedeltas(timedelta(microseconds=1), MAX_DURATION)


@given(
    idle=durations,
    most=durations,
    before=st.timedeltas(timedelta(microseconds=1), AGE_LIMIT - timedelta(microseconds=1)),
    opened_at=times,
    active_at=times,
    oldest_at=st.none() | times,
    now=times,
)
def test_the_next_look_is_always_to_come_and_never_far(
    idle: timedelta | None,
    most: timedelta | None,
    before: timedelta,
    opened_at: datetime,
    active_at: datetime,
    oldest_at: datetime | None,
    now: datetime,
) -> None:
    lifetime = Lifetime(idle, most, before_limit=before)
    session = DueSession(KEY, opened_at, now, active_at, oldest_at)
    due = next_due(lifetime, session, now)
    assert now < due.at <= now + LOOK_AT_LEAST_EVERY
    reason = end_of(lifetime, session, now)
    assert reason in (None, *EndReason)
    if reason is None and not must_clear(lifetime, session, now):
        # Whatever may happen first happens no later than the next look.
        ends = [at for at in (idle and active_at + idle, most and opened_at + most) if at]
        assert all(due.at <= max(at, now + timedelta(seconds=1)) for at in ends)
