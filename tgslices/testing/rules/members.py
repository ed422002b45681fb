"""Whom a bot may not promote, restrict or ban, whatever its rights are.

Source: tdlib/td ``DialogParticipantManager.cpp:2341, 2395, 2938-2998`` at 022d602.
"""

from __future__ import annotations

from tgslices.testing.errors import ApiError, bad_request


def promotion_refusal(chat_type: str, *, is_self: bool, rights: frozenset[str]) -> ApiError | None:
    """Why nobody can be given these rights there, or None. A bot may lay down its own.

    Source: tdlib/telegram-bot-api ``Client.cpp:15207-15212``.
    """
    if chat_type not in {"supergroup", "channel"}:
        return bad_request("method is available for supergroup and channel chats only")
    return bad_request("Can't promote self") if is_self and rights else None


def restriction_refusal(chat_type: str, *, is_self: bool) -> ApiError | None:
    """Why a member cannot be banned or restricted there, or None."""
    if chat_type == "private":
        return bad_request("Can't ban members in private chats")
    return bad_request("Can't restrict self") if is_self else None
