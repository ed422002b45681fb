"""Floods (C9).

Source: tdlib/telegram-bot-api ``Client.cpp:60-81`` at 01a3679.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import ApiError, described, too_many_requests

_PREFIX: Final = "Too Many Requests: retry after "


def retry_after_of(text: str) -> int:
    """The seconds that a flood error asks for; 0 if the text does not say. Source: ``get_retry_after_time``."""
    rest = text.removeprefix(_PREFIX)
    return int(rest) if rest != text and rest.isdecimal() else 0


def flood_answer(text: str) -> ApiError:
    """What a client gets for a 429 from behind: the same, or a 500 if the text does not say how long to wait."""
    seconds = retry_after_of(text)
    return too_many_requests(seconds) if seconds > 0 else ApiError(500, described(500, text))
