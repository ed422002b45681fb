"""People who ask to be let in, and how long a bot may write to them.

Source: https://core.telegram.org/bots/api#chatjoinrequest (``user_chat_id``)
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tgslices.testing.errors import ApiError, forbidden

ANSWER_WINDOW: Final = timedelta(minutes=5)


def initiation_refusal(open_until: int, now: int) -> ApiError | None:
    """Why a bot cannot write to somebody who never wrote to it, or None; both are Unix time, 0 for no limit.

    The text comes from the servers behind, as users report it.
    """
    if 0 < open_until < now:
        return forbidden("bot can't initiate conversation with a user")
    return None
