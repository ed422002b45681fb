"""Batches to Bot API methods: the only place where ids of messages enter a request that deletes."""

from __future__ import annotations

from aiogram import methods
from aiogram.methods import DeleteBusinessMessages, DeleteMessage, DeleteMessages, TelegramMethod

from tgslices.deletion.plan import Batch
from tgslices.deletion.routes import Route


class DeleteEphemeralMessage(TelegramMethod[bool]):
    """The method of Bot API 10.2, for an aiogram that does not have it yet.

    Source: https://core.telegram.org/bots/api#deleteephemeralmessage
    """

    __returning__ = bool
    __api_method__ = "deleteEphemeralMessage"

    chat_id: int
    receiver_user_id: int
    ephemeral_message_id: int


def request_for(batch: Batch, *, singly: bool = False) -> TelegramMethod[bool]:
    """Return the call that deletes a batch.

    ``singly`` chooses ``deleteMessage`` for a server that lacks ``deleteMessages`` (before Bot API 7.0); the batch then
    holds one message.

    Raises:
        ValueError: a batch of several messages is to be deleted singly.
    Source: https://core.telegram.org/bots/api#updating-messages
    """
    ids = [message.message_id for message in batch.messages]
    if batch.route is Route.EPHEMERAL:
        return _ephemeral_request(batch)
    if batch.route is Route.BUSINESS:
        return DeleteBusinessMessages(business_connection_id=str(batch.business_connection_id), message_ids=ids)
    if not singly:
        return DeleteMessages(chat_id=batch.chat_id, message_ids=ids)
    (message_id,) = ids
    return DeleteMessage(chat_id=batch.chat_id, message_id=message_id)


def _ephemeral_request(batch: Batch) -> TelegramMethod[bool]:
    (message,) = batch.messages
    method: type[TelegramMethod[bool]] = getattr(methods, "DeleteEphemeralMessage", DeleteEphemeralMessage)
    values = {
        "chat_id": batch.chat_id,
        "receiver_user_id": message.receiver_user_id,
        "ephemeral_message_id": message.ephemeral_message_id,
    }
    return method.model_validate(values)
