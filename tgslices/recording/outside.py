"""What was in a chat before a session was opened there, as far as an update or a message tells."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from operator import attrgetter
from typing import Final, TypeAlias

from aiogram.types import Message, Update

from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.recording.current import Handling, is_over, update_of
from tgslices.recording.messages_from_events import new_message, record_carried

MOST_RECENT: Final = 256
"""How many messages a dispatcher looks back on."""

Came: TypeAlias = tuple[int, int, str | None, int]
"""Bot, chat, business connection and id of a message that an update brought.

Not the update: to free one long after its handler has ended, when it has left the processor's caches, takes 5 µs.
"""


class RecentUpdates:
    """The messages that came to this process last."""

    __slots__ = ("_sources",)

    def __init__(self) -> None:
        self._sources: list[deque[Came]] = []

    def look_back_on(self, updates: deque[Came]) -> None:
        """Take the updates of one more dispatcher into account."""
        if not any(updates is known for known in self._sources):
            self._sources.append(updates)

    def newest(self, key: SessionKey, current: Handling | None, at: datetime) -> TrackedMessage | None:
        """Return the newest message of a key's chat that one of them brought; None if that is the one being handled."""
        if current is not None and not is_over(current) and _is_brought_to(key, current):
            return None
        place = (key.bot_id, key.chat_id, key.business_connection_id)
        ids = [came[3] for source in self._sources for came in source if came[:3] == place]
        if not ids:
            return None
        connection = key.business_connection_id
        return TrackedMessage(max(ids), key.chat_id, None, None, Direction.INCOMING, None, at, connection)


def outside_of(
    key: SessionKey, current: Handling | None, at: datetime, *others: TrackedMessage | None
) -> TrackedMessage | None:
    """Return the newest message that is known to be older than a session which is opened now.

    It is that of the update being handled, if it brought one to the key's chat. Otherwise it is the newest of what the
    update tells of there (an edited message, the one under a tapped button or a reaction) and of the ``others``.
    """
    message = None if current is None else _message_of(update_of(current), key.bot_id, at)
    if current is not None and not is_over(current) and _is_brought_to(key, current):
        return message
    there = [it for it in (message, *others) if it is not None and _is_at_home(key, it)]
    return max(there, key=attrgetter("message_id"), default=None)


def _is_brought_to(key: SessionKey, current: Handling) -> bool:
    """Tell whether the update brought a message to a key's chat."""
    message = new_message(update_of(current))
    return message is not None and _is_in_chat(key, message)


def _is_in_chat(key: SessionKey, message: Message) -> bool:
    return message.chat.id == key.chat_id and message.business_connection_id == key.business_connection_id


def _is_at_home(key: SessionKey, message: TrackedMessage) -> bool:
    return (message.chat_id, message.business_connection_id) == (key.chat_id, key.business_connection_id)


def _message_of(update: Update, bot_id: int, at: datetime) -> TrackedMessage | None:
    reaction = update.message_reaction or update.message_reaction_count
    if reaction is not None:
        return TrackedMessage(reaction.message_id, reaction.chat.id, None, None, Direction.INCOMING, None, at)
    return record_carried(update, bot_id, at)
