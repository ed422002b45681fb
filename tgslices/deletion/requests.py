"""Messages to Bot API methods: the only place where ids of messages enter a request that deletes."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram import methods
from aiogram.methods import DeleteBusinessMessages, DeleteMessage, DeleteMessages, TelegramMethod

from tgslices.deletion.plan import max_batch
from tgslices.deletion.routes import Place, Route, place_of
from tgslices.model import TrackedMessage


class DeleteEphemeralMessage(TelegramMethod[bool]):
    """The method of Bot API 10.2, for an aiogram that does not have it yet.

    Source: https://core.telegram.org/bots/api#deleteephemeralmessage
    """

    __returning__ = bool
    __api_method__ = "deleteEphemeralMessage"

    chat_id: int
    receiver_user_id: int
    ephemeral_message_id: int


def request_for(place: Place, messages: Sequence[TrackedMessage], *, singly: bool = False) -> TelegramMethod[bool]:
    """Return the call that deletes messages of one place: 1-100, but one where a call takes no more.

    ``singly`` chooses ``deleteMessage``, for one message: servers before Bot API 7.0 lack ``deleteMessages``.

    Raises:
        ValueError: a message belongs to another place, or there are too few or too many.
    Source: https://core.telegram.org/bots/api#updating-messages
    """
    _require_together(place, messages, 1 if singly else max_batch(place.route))
    ids = [message.message_id for message in messages]
    if place.route is Route.EPHEMERAL:
        return _ephemeral_request(messages[0])
    if place.route is Route.BUSINESS:
        return DeleteBusinessMessages(business_connection_id=str(place.business_connection_id), message_ids=ids)
    if singly:
        return DeleteMessage(chat_id=place.chat_id, message_id=ids[0])
    return DeleteMessages(chat_id=place.chat_id, message_ids=ids)


def _require_together(place: Place, messages: Sequence[TrackedMessage], most: int) -> None:
    """Refuse what would delete other messages than those meant. This is the last look before a request."""
    if not 1 <= len(messages) <= most:
        raise ValueError(f"One request of the {place.route.value} route cannot delete {len(messages)} messages.")
    for message in messages:
        if place_of(message) != place:
            raise ValueError(f"{message} does not belong to {place}.")


def _ephemeral_request(message: TrackedMessage) -> TelegramMethod[bool]:
    method: type[TelegramMethod[bool]] = getattr(methods, "DeleteEphemeralMessage", DeleteEphemeralMessage)
    values = {
        "chat_id": message.chat_id,
        "receiver_user_id": message.receiver_user_id,
        "ephemeral_message_id": message.ephemeral_message_id,
    }
    return method.model_validate(values)
