"""Which call can delete a message, and in which chat: the spaces of ids that must never be mixed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from tgslices.model import TrackedMessage

MAX_MESSAGE_ID: Final = 2**31 - 1
"""The largest id that a deletion request may carry; one id beyond it has the whole request refused.

Source: telegram-bot-api ``Client.cpp:12403``, ``get_message_ids`` (``to_integer_safe<int32>``)
"""


class Route(StrEnum):
    """The call that can delete a message."""

    ORDINARY = "ordinary"
    """``deleteMessages``. Source: https://core.telegram.org/bots/api#deletemessages"""
    BUSINESS = "business"
    """``deleteBusinessMessages``. Source: https://core.telegram.org/bots/api#deletebusinessmessages"""
    EPHEMERAL = "ephemeral"
    """``deleteEphemeralMessage``. Source: https://core.telegram.org/bots/api#deleteephemeralmessage"""


def route_of(message: TrackedMessage) -> Route | None:
    """Return the only route that a message may take, or None when no request can carry it.

    An ephemeral id outranks a business connection, which outranks the message id. A message id of 0 belongs to an
    ephemeral message, or to one that the server scheduled: without an ephemeral id there is nothing to ask for.
    Source: https://core.telegram.org/bots/api#message (``message_id``, ``ephemeral_message_id``)
    """
    if message.chat_id == 0:
        return None
    if message.ephemeral_message_id is not None:
        told = message.receiver_user_id is not None and message.business_connection_id is None
        return Route.EPHEMERAL if told and message.ephemeral_message_id > 0 else None
    if not 0 < message.message_id <= MAX_MESSAGE_ID:
        return None
    return Route.ORDINARY if message.business_connection_id is None else Route.BUSINESS


class Place(NamedTuple):
    """One space of ids: requests never carry ids of two."""

    route: Route
    chat_id: int
    business_connection_id: str | None


def place_of(message: TrackedMessage) -> Place | None:
    """Return the space that a message's id belongs to, or None when no request can carry it."""
    route = route_of(message)
    return None if route is None else Place(route, message.chat_id, message.business_connection_id)
