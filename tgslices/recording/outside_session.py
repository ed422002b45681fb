"""What was in a chat before a session was opened there, as far as an update or a message tells."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Final, TypeAlias

from aiogram.types import Message, Update

from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.recording.current_update import Handling, is_over, update_of
from tgslices.recording.messages_from_events import new_message, record_carried

MAX_RECENT: Final = 128
"""How many messages a bot looks back on: more than Telegram hands over at once, which is 100."""

_Came: TypeAlias = tuple[int, int]
"""Chat and id of a message that an update brought.

Not the update: to free one long after its handler has ended, when it has left the processor's caches, takes 5 µs.
"""


class RecentMessages:
    """The messages that came to a bot in this process last."""

    __slots__ = ("_on_connections", "_past_connections")

    def __init__(self) -> None:
        self._past_connections: deque[_Came] = deque(maxlen=MAX_RECENT)
        self._on_connections: deque[tuple[str, _Came]] = deque(maxlen=MAX_RECENT)

    @property
    def note_ordinary(self) -> Callable[[_Came], None]:
        """What notes a message of no business connection, without a call of ours: every update does."""
        return self._past_connections.append

    def note(self, message: Message) -> None:
        """Note a message, whether it came over a business connection or not."""
        came = (message.chat.id, message.message_id)
        if message.business_connection_id is None:
            self._past_connections.append(came)
        else:
            self._on_connections.append((message.business_connection_id, came))

    def came_again(self, message: TrackedMessage) -> bool:
        """Tell whether a message came more than once: the update that is handled now is a repeated one."""
        came, connection = (message.chat_id, message.message_id), message.business_connection_id
        if connection is None:
            return self._past_connections.count(came) > 1
        return self._on_connections.count((connection, came)) > 1

    def newest(self, key: SessionKey, current: Handling | None, at: datetime) -> TrackedMessage | None:
        """Return the newest message of a key's chat that one of them brought; None if that is the one being handled."""
        if current is not None and not is_over(current) and _is_brought_to(key, current):
            return None
        connection = key.business_connection_id
        there = (
            self._past_connections
            if connection is None
            else (came for its, came in self._on_connections if its == connection)
        )
        newest = max((number for chat_id, number in there if chat_id == key.chat_id), default=None)
        if newest is None:
            return None
        return TrackedMessage(newest, key.chat_id, None, None, Direction.INCOMING, None, at, connection)


def outside_of(
    key: SessionKey, current: Handling | None, at: datetime, *others: TrackedMessage | None
) -> TrackedMessage | None:
    """Return the newest message that is known to be older than a session which is opened now.

    It is that of the update being handled, if it brought one to the key's chat. Otherwise it is the newest of the
    ``others`` and of what the update tells of there: an edited message, or the one under a tapped button or a reaction.
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
