"""What a bot may do in the private chats of a business account.

Source: tdlib/td ``BusinessConnectionManager.cpp:961-994, 1942-1954`` at 022d602. The client checks neither rights nor
existence nor age; what the servers behind it answer is known from DOC (https://core.telegram.org/bots/api) as a rule,
and from MTProto's list of errors as a text.
"""

from __future__ import annotations

from collections.abc import Iterable

from tgslices.testing.errors import ApiError, bad_request


def peer_refusal(*, chat_id: int, owner_id: int) -> ApiError | None:
    """Why nothing can be sent to this chat of an account, or None. ``BusinessConnectionManager.cpp:973-984``."""
    if chat_id <= 0:
        return bad_request("Chat must be a private chat")
    if chat_id == owner_id:
        return bad_request("Messages must not be sent to self")
    return None


def sending_refusal(*, is_enabled: bool, rights: frozenset[str]) -> ApiError | None:
    """Why the bot may not write for the account, or None: DOC, ``can_reply``. Texts are MTProto's, not verified."""
    if not is_enabled:
        return bad_request("BUSINESS_CONNECTION_INVALID")
    return None if "can_reply" in rights else bad_request("BUSINESS_PEER_INVALID")


def change_refusal(right: str, *, is_enabled: bool, rights: frozenset[str]) -> ApiError | None:
    """Why the bot may not change the account in this way, or None: DOC, ``BusinessBotRights``. Texts are MTProto's."""
    if not is_enabled:
        return bad_request("BUSINESS_CONNECTION_INVALID")
    return None if right in rights else bad_request("BOT_ACCESS_FORBIDDEN")


def deletion_refusal(
    *, is_enabled: bool, rights: frozenset[str], sent_by_bot: Iterable[bool], chats: int
) -> ApiError | None:
    """Why the existing messages of a call cannot be deleted, or None; age plays no part.

    ``sent_by_bot`` tells for each whether this bot sent it; ``chats`` is how many chats they belong to. DOC: all
    messages must be of one chat; own ones need ``can_delete_sent_messages``, any need ``can_delete_all_messages``. The
    texts are MTProto's, not verified.
    """
    if not is_enabled:
        return bad_request("BUSINESS_CONNECTION_INVALID")
    if chats > 1:
        return bad_request("MESSAGE_ID_INVALID")
    if "can_delete_all_messages" in rights:
        return None
    if "can_delete_sent_messages" in rights and all(sent_by_bot):
        return None
    return bad_request("BOT_ACCESS_FORBIDDEN")
