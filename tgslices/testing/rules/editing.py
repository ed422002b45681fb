"""Which messages a bot may edit.

Source: tdlib/td ``MessagesManager.cpp:23054-23160`` at 022d602, ``can_edit_message``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tgslices.testing.errors import ApiError, bad_request
from tgslices.testing.rules.kinds import CAPTIONED_KINDS, EDITABLE_KINDS, REPLACEABLE_KINDS, is_service

EDIT_WINDOW: Final = timedelta(days=2)
"""How long a bot may edit what it did not send (posts of its channel). Source: ``MessagesManager.cpp:23130``."""


@dataclass(frozen=True, slots=True)
class Editable:
    """All that a decision about one message needs; ``rights`` are the bot's own in the chat."""

    kind: str
    outgoing: bool
    age: timedelta = timedelta()
    is_post: bool = False
    is_forward: bool = False
    has_reply_keyboard: bool = False
    rights: frozenset[str] = frozenset()


def can_edit(message: Editable, *, only_markup: bool = False) -> bool:
    """Whether the bot may edit at all; of a kind without changeable content only the buttons."""
    if message.is_forward or message.has_reply_keyboard or is_service(message.kind):
        return False
    if message.is_post:
        can_edit_any = "can_edit_messages" in message.rights
        if not can_edit_any and not (message.outgoing and "can_post_messages" in message.rights):
            return False
        if not message.outgoing and not can_edit_any and not only_markup and message.age >= EDIT_WINDOW:
            return False
    elif not message.outgoing:
        return False
    return only_markup or message.kind in EDITABLE_KINDS


def text_refusal(message: Editable) -> ApiError | None:
    """Why the text cannot be changed, or None. Source: ``MessagesManager.cpp:23386-23393``."""
    if not can_edit(message):
        return bad_request("Message can't be edited")
    if message.kind not in {"text", "rich_message", "game"}:
        return bad_request("There is no text in the message to edit")
    return None


def caption_refusal(message: Editable) -> ApiError | None:
    """Why the caption cannot be changed, or None. Source: ``MessagesManager.cpp:23683-23687``."""
    if not can_edit(message):
        return bad_request("Message can't be edited")
    if message.kind not in CAPTIONED_KINDS:
        return bad_request("There is no caption in the message to edit")
    return None


def media_refusal(message: Editable) -> ApiError | None:
    """Why the media cannot be replaced, or None. Source: ``MessagesManager.cpp:23624``."""
    if can_edit(message) and message.kind in REPLACEABLE_KINDS:
        return None
    return bad_request("Message media can't be edited")


def markup_refusal(message: Editable) -> ApiError | None:
    """Why the buttons cannot be changed, or None. Source: ``MessagesManager.cpp:23718``."""
    return None if can_edit(message, only_markup=True) else bad_request("Message can't be edited")
