"""Floods.

Source: tdlib/telegram-bot-api ``Client.cpp:60-81, 7963-7985, 12889, 16172, 16262`` at 01a3679.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tgslices.testing.errors import ApiError, described, too_many_requests

_PREFIX: Final = "Too Many Requests: retry after "

MAX_UNSENT: Final = 310
"""The number of a bot's unsent messages into one chat that still lets it send.

Source: ``Client.h:73``, ``MAX_CONCURRENTLY_SENT_CHAT_MESSAGES``
"""

MAX_ACTIVE: Final = 1000
"""The number of a bot's requests at once, besides one for each of its updates of the last minute.

Source: ``Client.cpp:7970``
"""

UPDATE_WINDOW: Final = timedelta(minutes=1)
"""The time for which an update allows one more request. Source: ``Client.cpp:7969``, ``get_minute_update_count``"""

RETRY_AFTER: Final = timedelta(minutes=1)
"""The wait that the server's own limits ask for. Source: ``Client.cpp:16267``, ``set_retry_after_error(60)``"""

LOCAL_METHODS: Final = frozenset(
    {"close", "deletewebhook", "getme", "getupdates", "getwebhookinfo", "logout", "setwebhook"}
)
"""Methods, in small letters, that the server's limit on requests leaves alone.

Source: ``Client.cpp:399-402``, ``is_local_method``
"""


def retry_after_of(text: str) -> int:
    """The seconds that a flood error asks for; 0 if the text does not say. Source: ``get_retry_after_time``."""
    rest = text.removeprefix(_PREFIX)
    return int(rest) if rest != text and rest.isdecimal() else 0


def flood_answer(text: str) -> ApiError:
    """What a client gets for a 429 from behind: the same, or a 500 if the text does not say how long to wait."""
    seconds = retry_after_of(text)
    return too_many_requests(seconds) if seconds > 0 else ApiError(500, described(500, text))


def unsent_refusal(unsent: int) -> ApiError | None:
    """Why nothing more can be sent to a chat, or None; ``unsent`` messages are on their way there already.

    The call itself may send a hundred: only what was there before it counts.
    """
    return _limit() if unsent >= MAX_UNSENT else None


def active_refusal(method: str, *, active: int, recent_updates: int) -> ApiError | None:
    """Why a request is not worked on at all, or None.

    ``method`` is in small letters; ``active`` requests of the bot are worked on, this one included; ``recent_updates``
    are those that came for it within `UPDATE_WINDOW`.
    """
    if method in LOCAL_METHODS or active <= MAX_ACTIVE + recent_updates:
        return None
    return _limit()


def _limit() -> ApiError:
    return too_many_requests(int(RETRY_AFTER.total_seconds()))
