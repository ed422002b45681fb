"""People who ask to be let in, and how long a bot may write to them.

Source: https://core.telegram.org/bots/api#chatjoinrequest (``user_chat_id``)
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tgslices.testing.errors import ApiError, forbidden
from tgslices.testing.rules.people import Prohibition

ANSWER_WINDOW: Final = timedelta(minutes=5)


def initiation_refusal(open_until: int, now: int) -> ApiError | None:
    """Why a bot cannot write to somebody who never wrote to it, or None; both are Unix time, 0 for no limit.

    The text comes from the servers behind, as users report it.
    """
    if 0 < open_until < now:
        return forbidden("bot can't initiate conversation with a user")
    return None


def link_prohibition(
    *, is_revoked: bool, expire_date: int, member_limit: int, uses: int, now: int
) -> Prohibition | None:
    """Why nobody comes in by a link, or None; ``expire_date`` and ``now`` are Unix time, 0 stands for no limit.

    Source: https://core.telegram.org/bots/api#chatinvitelink
    """
    if is_revoked:
        return Prohibition("this link was revoked", "Take another link")
    if 0 < expire_date <= now:
        return Prohibition("this link has expired", "Take another link")
    if 0 < member_limit <= uses:
        return Prohibition("as many have come by this link as may", "Take another link")
    return None
