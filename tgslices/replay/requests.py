"""Chunks to Bot API methods, and results to the ids of the copies. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiogram.methods import CopyMessage, CopyMessages, ForwardMessage, ForwardMessages, TelegramMethod
from aiogram.types import Chat

from tgslices.errors import ConfigurationError, quoted
from tgslices.model import GENERAL_TOPIC
from tgslices.replay.plan import Chunk
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind


@dataclass(frozen=True, slots=True)
class Target:
    """Where copies go: a chat, by its id or ``@username``, and a topic of it. ``forward``: with their origin."""

    chat_id: int | str
    thread_id: int | None
    forward: bool


def target_of(to: Chat | int | str, thread_id: int | None, *, forward: bool) -> Target:
    """Return the target that a caller names.

    Raises:
        ConfigurationError: it is no chat, id or ``@username``.
    """
    chat_id = to.id if isinstance(to, Chat) else to
    if not isinstance(chat_id, int | str) or isinstance(chat_id, bool):
        raise ConfigurationError(
            f"A session cannot be replayed to {quoted(to)}.", "Pass a Chat, its id, or its @username."
        )
    return Target(chat_id, thread_id, forward)


def request_for(chunk: Chunk, target: Target) -> TelegramMethod[Any]:
    """Return the call that copies or forwards a chunk.

    Source: https://core.telegram.org/bots/api#copymessage, https://core.telegram.org/bots/api#forwardmessages
    """
    where: dict[str, Any] = {"chat_id": target.chat_id, "from_chat_id": chunk.chat_id}
    is_general = target.thread_id == GENERAL_TOPIC and not _is_private(target.chat_id)
    if target.thread_id is not None and not is_general:
        where["message_thread_id"] = target.thread_id
    ids = [message.message_id for message in chunk.messages]
    if len(ids) == 1:
        single = ForwardMessage if target.forward else CopyMessage
        return single(message_id=ids[0], **where)
    several = ForwardMessages if target.forward else CopyMessages
    return several(message_ids=ids, **where)


def ids_of(result: Any) -> list[int]:
    """Return the ids of the copies that a call made, in its order."""
    return [made.message_id for made in (result if isinstance(result, list) else [result])]


def _is_private(chat_id: int | str) -> bool:
    return isinstance(chat_id, int) and chat_kind(chat_id) is ChatKind.PRIVATE
