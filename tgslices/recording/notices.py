"""Notices that a call of the bot causes: which block they belong to when they arrive as updates."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol

from aiogram.methods import TelegramMethod
from aiogram.types import Message

from tgslices.model import Direction, TrackedMessage
from tgslices.recording.handles_of_key import SharedKey, tick
from tgslices.recording.progress import Progress
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.telegram_facts.message_origin import topic_of

NOTICE_WINDOW: Final = timedelta(minutes=1)
"""How long after a call its notice is waited for."""

NOTICES: Final[Mapping[str, MessageKind]] = MappingProxyType(
    {
        "pinChatMessage": MessageKind.PINNED_MESSAGE,
        "banChatMember": MessageKind.LEFT_CHAT_MEMBER,
        "unbanChatMember": MessageKind.LEFT_CHAT_MEMBER,
        "setChatTitle": MessageKind.NEW_CHAT_TITLE,
        "setChatPhoto": MessageKind.NEW_CHAT_PHOTO,
        "deleteChatPhoto": MessageKind.DELETE_CHAT_PHOTO,
        "createForumTopic": MessageKind.FORUM_TOPIC_CREATED,
        "editForumTopic": MessageKind.FORUM_TOPIC_EDITED,
        "editGeneralForumTopic": MessageKind.FORUM_TOPIC_EDITED,
        "closeForumTopic": MessageKind.FORUM_TOPIC_CLOSED,
        "closeGeneralForumTopic": MessageKind.FORUM_TOPIC_CLOSED,
        "reopenForumTopic": MessageKind.FORUM_TOPIC_REOPENED,
        "reopenGeneralForumTopic": MessageKind.FORUM_TOPIC_REOPENED,
        "hideGeneralForumTopic": MessageKind.GENERAL_FORUM_TOPIC_HIDDEN,
        "unhideGeneralForumTopic": MessageKind.GENERAL_FORUM_TOPIC_UNHIDDEN,
    }
)
"""The kind of the notice that a method leaves in the chat.

Source: telegram-bot-api ``Client.cpp`` lines 17411-17445 (a bot's own service messages that arrive as updates)
"""


def is_told_by(method: TelegramMethod[Any], notice: Message) -> bool:
    """Tell whether a notice of the right kind may be that of a call, as far as it names what was done to what.

    Another call of the bot's, or one that left no notice, must not give a block what it did not cause.
    """
    asked: dict[str, Any] = vars(method)
    if notice.pinned_message is not None:
        return notice.pinned_message.message_id == int(asked["message_id"])
    if notice.left_chat_member is not None:
        return notice.left_chat_member.id == int(asked["user_id"])
    if notice.new_chat_title is not None:
        return _is_same_name(notice.new_chat_title, asked["title"])
    if notice.forum_topic_created is not None:
        return _is_same_name(notice.forum_topic_created.name, asked["name"])
    return asked.get("message_thread_id") in (None, topic_of(notice))


def _is_same_name(told: str, asked: str) -> bool:
    """Tell whether a name is what was asked for: the server leaves out white space, and what is too long."""
    told, asked = ("".join(name.split()) for name in (told, asked))
    return bool(told) and asked.startswith(told)


class Owner(Protocol):
    """The block in which a call is made."""

    @property
    def shared(self) -> SharedKey:
        """The block's session."""

    def holds(self, message: TrackedMessage) -> bool:
        """Tell whether a message is in the session's own place."""


_FEW: Final = 100
"""How many places with expected notices there may be before the first look at which of them are given up."""


@dataclass(slots=True, eq=False)
class Expected:
    """A notice that a call may cause."""

    chat_id: int
    kind: MessageKind
    method: TelegramMethod[Any]
    owner: Owner
    until: datetime
    began: int = field(default_factory=tick)

    def is_over(self, now: datetime) -> bool:
        """Tell whether the notice came to no update in time, or a clock that was ahead says when it would have."""
        return not timedelta() <= self.until - now <= 2 * NOTICE_WINDOW

    def is_told_by(self, notice: Message, record: TrackedMessage) -> bool:
        """Tell whether a notice in this chat, of this kind, is the one."""
        return self.owner.holds(record) and is_told_by(self.method, notice)


class Notices:
    """The notices that one bot's calls in this process may cause."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.expected: defaultdict[tuple[int, MessageKind], deque[Expected]] = defaultdict(deque)
        """Always the same dictionary, and empty while nothing is expected."""
        self._look_at = _FEW

    def are_awaited(self, now: datetime) -> bool:
        """Tell whether a notice may still come; those that came to no update in time are given up."""
        for place in list(self.expected):
            waiting = self.expected[place]
            while waiting and waiting[0].is_over(now):
                waiting.popleft()
            self._drop_empty(*place)
        return bool(self.expected)

    def expect(self, method: TelegramMethod[Any], owner: Owner, now: datetime, *, chat_id: int) -> Expected | None:
        """Note that a call is about to be made to a chat inside a block; None where it causes no notice there."""
        kind = NOTICES.get(method.__api_method__)
        if kind is None:
            return None
        if len(self.expected) >= self._look_at:  # many notices never come
            self.are_awaited(now)
            self._look_at = max(_FEW, 2 * len(self.expected))
        expected = Expected(chat_id, kind, method, owner, now + NOTICE_WINDOW)
        self._progress.may_wait = True
        self.expected[chat_id, kind].append(expected)
        return expected

    def withdraw(self, expected: Expected) -> None:
        """Note that a call failed."""
        waiting = self.expected.get((expected.chat_id, expected.kind))
        if waiting is not None and expected in waiting:
            waiting.remove(expected)
        self._drop_empty(expected.chat_id, expected.kind)

    def take(self, notice: Message, record: TrackedMessage, now: datetime) -> SharedKey | None:
        """Return the session whose block caused a notice that arrived; None for others, and if it was closed since."""
        if record.direction is not Direction.OUTGOING or record.kind is None:
            return None
        waiting = self.expected.get((record.chat_id, record.kind), deque())
        while waiting and waiting[0].is_over(now):
            waiting.popleft()
        found = next((expected for expected in waiting if expected.is_told_by(notice, record)), None)
        if found is not None:
            waiting.remove(found)
        self._drop_empty(record.chat_id, record.kind)
        if found is None or found.owner.shared.was_closed_since(found.began):
            return None
        return found.owner.shared

    def _drop_empty(self, chat_id: int, kind: MessageKind) -> None:
        if not self.expected.get((chat_id, kind)):
            self.expected.pop((chat_id, kind), None)
