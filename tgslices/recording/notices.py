"""Notices that a call of the bot causes: which block they belong to when they arrive as updates."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol

from aiogram.enums import ContentType
from aiogram.methods import TelegramMethod

from tgslices.model import Direction, TrackedMessage
from tgslices.recording.handles import SharedKey

NOTICE_WINDOW: Final = timedelta(minutes=1)
"""How long after a call its notice is waited for."""

NOTICES: Final[Mapping[str, ContentType]] = MappingProxyType(
    {
        "pinChatMessage": ContentType.PINNED_MESSAGE,
        "banChatMember": ContentType.LEFT_CHAT_MEMBER,
        "unbanChatMember": ContentType.LEFT_CHAT_MEMBER,
        "setChatTitle": ContentType.NEW_CHAT_TITLE,
        "setChatPhoto": ContentType.NEW_CHAT_PHOTO,
        "deleteChatPhoto": ContentType.DELETE_CHAT_PHOTO,
        "createForumTopic": ContentType.FORUM_TOPIC_CREATED,
        "editForumTopic": ContentType.FORUM_TOPIC_EDITED,
        "editGeneralForumTopic": ContentType.FORUM_TOPIC_EDITED,
        "closeForumTopic": ContentType.FORUM_TOPIC_CLOSED,
        "closeGeneralForumTopic": ContentType.FORUM_TOPIC_CLOSED,
        "reopenForumTopic": ContentType.FORUM_TOPIC_REOPENED,
        "reopenGeneralForumTopic": ContentType.FORUM_TOPIC_REOPENED,
        "hideGeneralForumTopic": ContentType.GENERAL_FORUM_TOPIC_HIDDEN,
        "unhideGeneralForumTopic": ContentType.GENERAL_FORUM_TOPIC_UNHIDDEN,
    }
)
"""The kind of the notice that a method leaves in the chat.

Source: telegram-bot-api ``Client.cpp`` lines 17411-17445 (a bot's own service messages that arrive as updates)
"""


class Owner(Protocol):
    """The block in which a call is made."""

    @property
    def shared(self) -> SharedKey:
        """The block's session."""

    def holds(self, message: TrackedMessage) -> bool:
        """Tell whether a message is in the session's own place."""


@dataclass(slots=True, eq=False)
class Expected:
    """A notice that a call may cause."""

    chat_id: int
    kind: ContentType
    owner: Owner
    until: datetime


class Notices:
    """The notices that one bot's calls in this process may cause."""

    def __init__(self) -> None:
        self.expected: defaultdict[tuple[int, ContentType], deque[Expected]] = defaultdict(deque)
        """Always the same dictionary, and empty while nothing is expected."""

    def are_awaited(self, now: datetime) -> bool:
        """Tell whether a notice may still come; those that came to no update in time are given up."""
        for place in list(self.expected):
            waiting = self.expected[place]
            while waiting and waiting[0].until < now:
                waiting.popleft()
            self._drop_empty(*place)
        return bool(self.expected)

    def expect(self, method: TelegramMethod[Any], owner: Owner, now: datetime) -> Expected | None:
        """Note that a call is about to be made inside a block; None where it causes no notice there."""
        kind, chat_id = NOTICES.get(method.__api_method__), getattr(method, "chat_id", None)
        if kind is None or type(chat_id) is not int:
            return None
        expected = Expected(chat_id, kind, owner, now + NOTICE_WINDOW)
        self.expected[chat_id, kind].append(expected)
        return expected

    def withdraw(self, expected: Expected) -> None:
        """Note that a call failed."""
        waiting = self.expected.get((expected.chat_id, expected.kind))
        if waiting is not None and expected in waiting:
            waiting.remove(expected)
        self._drop_empty(expected.chat_id, expected.kind)

    def take(self, message: TrackedMessage, now: datetime) -> SharedKey | None:
        """Return the session whose block caused a notice that arrived; None for any other message."""
        if message.direction is not Direction.OUTGOING or message.kind is None:
            return None
        waiting = self.expected.get((message.chat_id, message.kind), deque())
        while waiting and waiting[0].until < now:
            waiting.popleft()
        found = next((expected for expected in waiting if expected.owner.holds(message)), None)
        if found is not None:
            waiting.remove(found)
        self._drop_empty(message.chat_id, message.kind)
        return None if found is None else found.owner.shared

    def _drop_empty(self, chat_id: int, kind: ContentType) -> None:
        if not self.expected.get((chat_id, kind)):
            self.expected.pop((chat_id, kind), None)
