"""What was in a chat before a session was opened there, as far as an update or a message tells."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from aiogram.types import Update

from tgslices.extract import record_carried
from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.recording.current import Handling, is_over, update_of


def outside_of(
    key: SessionKey, current: Handling | None, at: datetime, first: TrackedMessage | None = None
) -> TrackedMessage | None:
    """Return the newest message that is known to be older than a session which is opened now.

    It is that of the update being handled: a new one, an edited one, the one under a tapped button or a reaction. Where
    no update is handled any more, or it tells of no message in the key's chat, it may be ``first``, the message that
    the session is opened with.
    """
    message = None if current is None else _message_of(update_of(current), key.bot_id, at)
    there = [it for it in (message, first) if it is not None and _is_at_home(key, it)]
    if current is not None and not is_over(current):
        return next(iter(there), None)
    return max(there, key=attrgetter("message_id"), default=None)


def _is_at_home(key: SessionKey, message: TrackedMessage) -> bool:
    return (message.chat_id, message.business_connection_id) == (key.chat_id, key.business_connection_id)


def _message_of(update: Update, bot_id: int, at: datetime) -> TrackedMessage | None:
    reaction = update.message_reaction or update.message_reaction_count
    if reaction is not None:
        return TrackedMessage(reaction.message_id, reaction.chat.id, None, None, Direction.INCOMING, None, at)
    return record_carried(update, bot_id, at)
