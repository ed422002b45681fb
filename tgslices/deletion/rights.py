"""Whether a bot may delete what others sent: one question that spares as many as there are foreign messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aiogram.methods import GetBusinessConnection, GetChatMember, TelegramMethod
from aiogram.types import (
    BusinessConnection,
    ChatMemberAdministrator,
    ChatMemberOwner,
)

from tgslices.deletion.routes import Place, Route
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind

_OWN_NAMES: Final = ("can_delete_sent_messages", "can_delete_outgoing_messages")
"""The right over own messages: as Telegram calls it, and as aiogram 3.20 does."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Whose messages a bot's rights let it delete in one place, whatever else is true of a message."""

    own: bool = True
    foreign: bool = True

    def allow(self, *, is_own: bool) -> bool:
        """Tell whether the bot may delete a message of its own, or of somebody else."""
        return self.own if is_own else self.foreign


def rights_request(place: Place, bot_id: int) -> TelegramMethod[Any] | None:
    """Return the call that tells a bot's rights in a place; None where no right is needed, or none can be told."""
    if place.route is Route.BUSINESS:
        return GetBusinessConnection(business_connection_id=str(place.business_connection_id))
    if place.route is Route.EPHEMERAL or chat_kind(place.chat_id) is ChatKind.PRIVATE:
        return None
    return GetChatMember(chat_id=place.chat_id, user_id=bot_id)


def rights_of(place: Place, answer: object) -> Rights:
    """Understand the answer. What it does not say for certain counts as allowed.

    Among the direct messages of a channel, ``can_manage_direct_messages`` is the right over what others sent.
    Source: https://core.telegram.org/bots/api#deletemessage; https://core.telegram.org/bots/api#businessbotrights;
    TDLib ``MessagesManager.cpp:8331-8396``
    """
    if isinstance(answer, BusinessConnection):
        rights = answer.rights
        can_delete_all = rights is None or _has(rights, "can_delete_all_messages")
        return Rights(own=can_delete_all or _has(rights, *_OWN_NAMES), foreign=can_delete_all)
    if isinstance(answer, ChatMemberAdministrator):
        is_direct = bool(getattr(answer, "can_manage_direct_messages", False))
        return Rights(foreign=chat_kind(place.chat_id) is ChatKind.GROUP or answer.can_delete_messages or is_direct)
    return Rights(foreign=isinstance(answer, ChatMemberOwner))


def _has(rights: object, *names: str) -> bool:
    return any(bool(getattr(rights, name, None)) for name in names)
