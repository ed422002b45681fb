"""What a poll may be, and when it closes.

Source: tdlib/td ``MessageContent.cpp:5005-5062, 6268-6280``, ``PollOption.cpp:56-90`` and ``PollManager.cpp:1789`` at
022d602, and tdlib/telegram-bot-api ``Client.cpp:13127-13197``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import ApiError, bad_request

MAX_QUESTION: Final = 300
MAX_OPTION: Final = 100
MAX_OPTIONS: Final = 12
MAX_OPEN_PERIOD: Final = 2_628_000
"""Seconds. Source: https://core.telegram.org/bots/api#sendpoll"""


def texts_refusal(question: str, options: list[str]) -> ApiError | None:
    """Why a poll cannot ask so, or None. Lengths are counted in characters."""
    if len(question) > MAX_QUESTION:
        return bad_request(f"Poll question length must not exceed {MAX_QUESTION}")
    if not options:
        return bad_request("Poll must have at least one answer option")
    if len(options) > MAX_OPTIONS:
        return bad_request(f"Poll can't have more than {MAX_OPTIONS} options")
    if any(len(option) > MAX_OPTION for option in options):
        return bad_request(f"Poll options length must not exceed {MAX_OPTION}")
    return None


def place_refusal(
    chat_type: str, *, is_anonymous: bool, members_only: bool = False, is_direct: bool = False
) -> ApiError | None:
    """Why such a poll cannot be sent to this chat, or None. ``is_direct``: it is a channel's direct messages."""
    if members_only and chat_type != "channel":
        return bad_request("Poll voters can be restricted only in channel chats")
    if is_direct:
        return bad_request("Polls can't be sent to channel direct messages chats")
    if chat_type == "channel" and not is_anonymous:
        return bad_request("Non-anonymous polls can't be sent to channel chats")
    return None


def is_over(close_date: int, now: int) -> bool:
    """Whether a poll that closes then, in Unix time, has closed; 0 is never."""
    return 0 < close_date <= now
