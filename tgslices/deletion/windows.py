"""When Telegram lets a bot delete a message. Pure; every time is aware and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from tgslices.deletion.routes import Place, Route, place_of, route_of
from tgslices.model import TrackedMessage
from tgslices.telegram_facts.age_limit import AGE_LIMIT
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind
from tgslices.telegram_facts.message_kind import MessageKind

AGE_MARGIN: Final = timedelta(minutes=5)
"""This long before the limit a message is a suspect: two clocks and a request under way may put it on the far side."""

DICE_WAIT: Final = timedelta(hours=24)
"""How old a dice in a private chat must be before it may be deleted.

Source: https://core.telegram.org/bots/api#deletemessage ("A dice message in a private chat can only be deleted if it
was sent more than 24 hours ago")
"""

DICE_MARGIN: Final = timedelta(minutes=1)
"""A dice is asked for this much later than it might go, because one that is asked for too early counts as refused."""

MAX_SKEW: Final = timedelta(hours=1)
"""A dice that is refused nevertheless is asked for once more this late: this clock may be ahead of Telegram's."""

EPHEMERAL_LIFE: Final = timedelta(days=7)
"""After this time an ephemeral message is gone and its id may belong to another one.

Source: TDLib ``MessagesManager.cpp:11467`` (``ttl_period``)
"""

_SECOND: Final = timedelta(seconds=1)
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""No message is younger; from here on, a message made by hand could not be told when it will be too old."""


def sent_at_latest(message: TrackedMessage) -> datetime:
    """Return when a message was sent, or, where Telegram does not tell, a time by which it had been sent."""
    return min(message.at if message.date is None else message.date, _LATEST)


def age_limit(place: Place) -> timedelta | None:
    """Return at what age Telegram refuses the messages of a place; None where the server checks no age.

    Supergroups and channels refuse at 48 hours sharp, private chats and basic groups one second later. Nobody checks
    the age of a business message beforehand.
    Source: TDLib ``MessagesManager.cpp:8331-8450``, ``BusinessConnectionManager.cpp:573``
    """
    if place.route is Route.ORDINARY:
        return AGE_LIMIT if chat_kind(place.chat_id) is ChatKind.CHANNEL else AGE_LIMIT + _SECOND
    return EPHEMERAL_LIFE if place.route is Route.EPHEMERAL else None


def too_old_from(message: TrackedMessage) -> datetime | None:
    """Return from when on Telegram refuses a message for its age; None if it never does."""
    place = place_of(message)
    limit = None if place is None else age_limit(place)
    return None if limit is None else sent_at_latest(message) + limit


def is_expired(message: TrackedMessage, now: datetime) -> bool:
    """Tell whether Telegram refuses a message for its age."""
    limit = too_old_from(message)
    return limit is not None and now >= limit


def deletable_from(message: TrackedMessage) -> datetime | None:
    """Return when a dice of a private chat may be asked for; None for everything else, which may be at once."""
    is_dice = message.kind is MessageKind.DICE and _is_private(message)
    return _end_of_dice_wait(message) if is_dice else None


def is_deferred(message: TrackedMessage, now: datetime) -> bool:
    """Tell whether a message is a dice that must not be asked for yet."""
    start = deletable_from(message)
    return start is not None and now < start


def ask_again_from(message: TrackedMessage, now: datetime) -> datetime | None:
    """Return when to ask again for a refused message that is a dice, or of which only the id is known; else None.

    Nothing else that a bot sends or copies into a private chat is refused there on its first day. Where that day is
    over by our clock, it may not be over by Telegram's.
    Source: TDLib ``MessagesManager.cpp:8400-8450``, ``can_revoke_message``
    """
    is_copy = message.kind is None and message.date is not None
    if not (_is_private(message) and (is_copy or message.kind is MessageKind.DICE)):
        return None
    tries = (_end_of_dice_wait(message), sent_at_latest(message) + DICE_WAIT + MAX_SKEW)
    return next((again for again in tries if now < again), None)


def _is_private(message: TrackedMessage) -> bool:
    return route_of(message) is Route.ORDINARY and chat_kind(message.chat_id) is ChatKind.PRIVATE


def _end_of_dice_wait(message: TrackedMessage) -> datetime:
    return sent_at_latest(message) + DICE_WAIT + DICE_MARGIN
