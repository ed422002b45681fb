"""Keys, messages and moments for the tests of storages, plain and by Hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from tgslices.model import REPEAT_WINDOW, Direction, SessionKey, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind

BOT = 42
NOW = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATER = NOW + 2 * REPEAT_WINDOW
"""When all that is known since ``NOW`` is past."""


def sent(
    message_id: int,
    chat_id: int = 7,
    *,
    user_id: int | None = 7,
    date: datetime | None = NOW,
    at: datetime = NOW,
    connection: str | None = None,
    thread_id: int | None = None,
    ephemeral: int | None = None,
    receiver: int | None = None,
) -> TrackedMessage:
    return TrackedMessage(
        message_id,
        chat_id,
        user_id,
        MessageKind.TEXT,
        Direction.INCOMING,
        date,
        at,
        connection,
        thread_id,
        ephemeral,
        receiver,
    )


def exactly(message: TrackedMessage) -> tuple[object, ...]:
    """Return every field, because messages compare by identity alone."""
    return tuple(getattr(message, name) for name in TrackedMessage.__dataclass_fields__)


ids = st.integers(-(2**63) + 1, 2**63 - 1)
small = st.integers(-2, 2)
times = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=11, minutes=59))]),
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - Hypothesis wants bounds without a zone
    max_value=datetime(9999, 12, 30, 23, 59, 59, 999999),  # noqa: DTZ001
)
names = st.none() | st.sampled_from(["", "order", "a\0b", "'\"; --", "🧾", "\udcff", "x" * 1000])

any_messages = st.builds(
    TrackedMessage,
    message_id=ids,
    chat_id=ids,
    user_id=st.none() | ids,
    kind=st.none() | st.sampled_from(MessageKind),
    direction=st.sampled_from(Direction),
    date=st.none() | times,
    at=times,
    business_connection_id=names,
    thread_id=st.none() | ids,
    ephemeral_message_id=st.none() | ids,
    receiver_user_id=st.none() | ids,
    has_buttons=st.booleans(),
    media_group_id=names,
)
"""Messages of every kind; hardly two of them are the same."""

few_messages = st.builds(
    TrackedMessage,
    message_id=st.integers(0, 5),
    chat_id=st.sampled_from([1, 2]),
    user_id=st.none() | small,
    kind=st.none() | st.sampled_from(MessageKind),
    direction=st.sampled_from(Direction),
    date=st.none() | st.just(NOW),
    at=st.just(NOW),
    business_connection_id=st.sampled_from([None, None, None, "c"]),
    thread_id=st.sampled_from([None, 3]),
    ephemeral_message_id=st.sampled_from([None, None, None, 4]),
    receiver_user_id=st.sampled_from([None, None, None, 9]),
    has_buttons=st.booleans(),
    media_group_id=st.sampled_from([None, None, "album"]),
)
"""Messages among which many are the same."""

few_keys = st.builds(
    SessionKey,
    bot_id=st.sampled_from([BOT, BOT, 43]),
    chat_id=st.sampled_from([1, 2]),
    user_id=st.sampled_from([None, 5, 6]),
    thread_id=st.sampled_from([None, 3]),
    business_connection_id=st.sampled_from([None, None, "c", ""]),
    qualifier=st.sampled_from([None, "", "order", "support"]),
)
"""Keys of which many share a chat."""
