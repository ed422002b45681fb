"""Why a message cannot be copied or forwarded, as far as its record tells. Pure."""

from __future__ import annotations

from typing import Final

from tgslices.deletion.routes import Route, route_of
from tgslices.model import TrackedMessage
from tgslices.telegram_facts.message_kind import CONTENT, MessageKind

UNCOPYABLE: Final = frozenset(
    {MessageKind.PAID_MEDIA, MessageKind.GIVEAWAY, MessageKind.GIVEAWAY_WINNERS, MessageKind.INVOICE}
)
"""Content that is forwarded and not copied.

Source: https://core.telegram.org/bots/api#copymessage; TDLib ``MessageContent.cpp:6441-6444``
"""

WIDGETS: Final = frozenset({MessageKind.WIDGET, MessageKind.SHARED_WIDGET})
"""Content that is always protected. Source: https://core.telegram.org/bots/api#sendwidget"""


def obstacle_to(message: TrackedMessage, *, forward: bool) -> str | None:
    """Return why Telegram would not copy a message, or not forward it; None where it probably will.

    A message of which only the id is known is a copy of the bot's own, hence no service message.
    Source: https://core.telegram.org/bots/api#forwardmessage, https://core.telegram.org/bots/api#message
    """
    route, kind, verb = route_of(message), message.kind, "forwarded" if forward else "copied"
    if route is Route.EPHEMERAL or message.ephemeral_message_id is not None:
        return f"An ephemeral message cannot be {verb}."
    if message.business_connection_id is not None:
        return f"A message of a business account cannot be {verb} by a bot."
    if route is None:
        return "No request can carry the id of this message."
    if kind is None:
        return None
    if kind in WIDGETS:
        return f"A widget is protected content and cannot be {verb}."
    if kind is MessageKind.UNKNOWN:
        return f"This release does not know what this is; widgets, for one, cannot be {verb}."
    if kind not in CONTENT:
        return f"A service message cannot be {verb}."
    if kind in UNCOPYABLE and not forward:
        return f"A message of the kind {kind.value!r} cannot be copied."
    return None
