"""Which messages may well be refused, and why. Suspects keep to themselves, so that they spoil no healthy batch."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from tgslices.deletion.routes import Route, place_of
from tgslices.deletion.windows import AGE_MARGIN, age_limit, sent_at_latest
from tgslices.model import Direction, TrackedMessage
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind
from tgslices.telegram_facts.message_kind import CONTENT, MessageKind


class Suspicion(IntEnum):
    """Why a message may be refused, the most urgent first. Messages under one suspicion tend to share their fate."""

    NEAR_LIMIT = 0
    """About to get too old."""
    AGE_UNKNOWN = 1
    """Telegram did not tell when it was sent."""
    FOREIGN = 2
    """Sent by somebody else where that takes a right which the bot may lack."""
    DICE = 3
    """A dice in a private chat, which goes on its second day only."""
    SERVICE = 4
    """A service message, some of which nobody may delete; or content that the installed aiogram does not know."""


def suspicion_of(message: TrackedMessage, *, now: datetime, bot_id: int) -> Suspicion | None:
    """Return the gravest reason why a message may be refused, or None for a healthy one.

    A message of which only the id is known is a copy or a forward of the bot's own, hence no service message.
    Source: TDLib ``MessagesManager.cpp:8331-8450``
    """
    place = place_of(message)
    limit = None if place is None else age_limit(place)
    if limit is not None and now >= sent_at_latest(message) + limit - AGE_MARGIN:
        return Suspicion.NEAR_LIMIT
    is_ordinary = place is not None and place.route is Route.ORDINARY
    if is_ordinary and message.date is None:
        return Suspicion.AGE_UNKNOWN
    if is_notice(message):
        return Suspicion.SERVICE
    if is_ordinary and chat_kind(message.chat_id) is ChatKind.PRIVATE:
        return Suspicion.DICE if message.kind is MessageKind.DICE else None
    return None if is_own(message, bot_id) else Suspicion.FOREIGN


def is_notice(message: TrackedMessage) -> bool:
    """Tell whether a message is a service message, or of a kind that the installed aiogram does not know."""
    return message.kind is not None and message.kind not in CONTENT


def is_own(message: TrackedMessage, bot_id: int) -> bool:
    """Tell whether this bot sent a message, which takes less of a right to delete than what others sent.

    What a bot sends for a business account has the account's owner as its sender, and an anonymous administrator has
    the chat.
    Source: https://core.telegram.org/bots/api#message (``sender_business_bot``, ``sender_chat``)
    """
    writer = message.user_id
    if writer is None or writer < 0 or message.business_connection_id is not None:
        return message.direction is Direction.OUTGOING
    return writer == bot_id
