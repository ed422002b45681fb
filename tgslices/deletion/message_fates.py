"""What becomes of one message, why, and whether it may succeed later. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tgslices.deletion.likely_refusals import is_notice, is_own
from tgslices.deletion.rights import Rights
from tgslices.deletion.routes import Route, route_of
from tgslices.deletion.windows import AGE_MARGIN, too_old_from
from tgslices.model import TrackedMessage
from tgslices.results import Outcome
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind
from tgslices.telegram_facts.message_kind import MessageKind

UNDELETABLE: Final = frozenset(
    {
        MessageKind.CHANNEL_CHAT_CREATED,
        MessageKind.FORUM_TOPIC_CREATED,
        MessageKind.MIGRATE_FROM_CHAT_ID,
        MessageKind.SUPERGROUP_CHAT_CREATED,
    }
)
"""Kinds that nobody deletes from a supergroup or channel.

Source: TDLib ``MessagesManager.cpp:8355-8358``
"""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message; ``reason`` is Telegram's where Telegram was asked; None for what was accepted.

    ``is_final``: asking again later is useless, whatever changes.
    """

    outcome: Outcome
    reason: str | None = None
    is_final: bool = False


ACCEPTED: Final = Fate(Outcome.ACCEPTED)
EXPIRED: Final = Fate(Outcome.EXPIRED, "The message is too old for a bot to delete it.")
DEFERRED: Final = Fate(Outcome.DEFERRED, "A dice in a private chat can be deleted on its second day only.")
MIGRATED: Final = Fate(
    Outcome.UNREACHABLE, "The group has become a supergroup; its old messages cannot be deleted.", is_final=True
)
NAMELESS: Final = Fate(Outcome.UNREACHABLE, "No request can carry the id of this message.", is_final=True)
NOT_ASKED: Final = Fate(Outcome.PENDING, "The message was not asked for yet.")


def may_succeed_later(
    message: TrackedMessage, fate: Fate, *, rights: Rights | None, now: datetime, bot_id: int
) -> bool:
    """Tell whether a refused or unreachable message can go later, for example once the bot has another right.

    ``rights``: what the bot may delete in the message's place; None where that was not told.
    Source: TDLib ``MessagesManager.cpp:8331-8450``
    """
    if fate.is_final or not has_time(message, now):
        return False
    if fate.outcome is Outcome.REFUSED:
        return _takes_right(message, bot_id) and not _suffice(rights, message, bot_id)
    return fate.outcome is Outcome.UNREACHABLE


def has_time(message: TrackedMessage, now: datetime) -> bool:
    """Tell whether a message is young enough to be asked for later."""
    limit = too_old_from(message)
    return limit is None or now < limit - AGE_MARGIN


def _takes_right(message: TrackedMessage, bot_id: int) -> bool:
    """Tell whether some right would let a bot delete a message that this one may not delete.

    In a channel even the bot's own posts take one, and ids do not tell channels from supergroups.
    """
    route, kind = route_of(message), chat_kind(message.chat_id)
    if route is Route.BUSINESS:
        return True
    if route is not Route.ORDINARY or kind is ChatKind.PRIVATE:
        return False
    if kind is ChatKind.GROUP:
        return not is_own(message, bot_id) or is_notice(message)
    return message.kind not in UNDELETABLE and message.message_id != 1


def _suffice(rights: Rights | None, message: TrackedMessage, bot_id: int) -> bool:
    """Tell whether the bot is known to have the right already, so that something else kept the message."""
    if rights is None:
        return False
    return rights.own if route_of(message) is Route.BUSINESS and is_own(message, bot_id) else rights.foreign
