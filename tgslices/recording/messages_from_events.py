"""From an event, or from a Bot API method with its result, to tracked messages: pure decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiogram.methods import TelegramMethod
from aiogram.types import (
    CallbackQuery,
    InaccessibleMessage,
    InlineKeyboardMarkup,
    Message,
    MessageId,
    TelegramObject,
    Update,
)

from tgslices.errors import NotAMessage
from tgslices.model import Direction, TrackedMessage, tracked_message_unchecked
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind
from tgslices.telegram_facts.message_kind import MessageKind, kind_named
from tgslices.telegram_facts.message_origin import is_direct_messages, receiver_of, since, topic_of, writer_of


def new_message(update: Update) -> Message | None:
    """Return the message that an update brings for the first time; None for edits, taps and everything else.

    Guest messages are left out: they belong to chats that the bot may not be in.
    Source: https://core.telegram.org/bots/api#update
    """
    return update.message or update.channel_post or update.business_message


def record_of_incoming(message: Message, bot_id: int, at: datetime) -> TrackedMessage | None:
    """Return the record of a message that arrived in an update; None for one without a usable id.

    Direction comes from the sender: a bot's own service messages, and what it sent for a business account, arrive as
    updates too.
    Source: telegram-bot-api ``Client.cpp`` lines 17411-17445

    Past 40 lines, because every update of an open session goes through, and each call more is a microsecond of it.
    """
    field = message.__dict__  # pydantic's own way to an attribute takes twice as long
    message_id, chat, user, business_bot = (
        field["message_id"],
        field["chat"],
        field["from_user"],
        field["sender_business_bot"],
    )
    if (
        field["text"]
        and message_id > 0
        and user is not None
        and business_bot is None
        and _EPHEMERAL in field
        and field[_EPHEMERAL] is None
        and not field["is_topic_message"]
        and chat.type == "private"
    ):  # nearly every message in a private chat, of which the detour would say the same
        user_id = user.id
        return tracked_message_unchecked(
            message_id,
            chat.id,
            user_id,
            _TEXT,
            _OUTGOING if user_id == bot_id else _INCOMING,
            _in_utc(field["date"]),
            at,
            field["business_connection_id"],
            None,
            None,
            None,
            field["reply_markup"] is not None,
            field["media_group_id"],
        )
    author = business_bot or user
    own = author is not None and author.id == bot_id
    return _track(message, at, _OUTGOING if own else _INCOMING, field["business_connection_id"])


def records_of_sent(
    method: TelegramMethod[Any], result: object, *, bot_id: int, chat_id: int | None, at: datetime
) -> list[TrackedMessage]:
    """Return the records of what a creating method made, in its order; ``[]`` where it made nothing deletable.

    ``chat_id`` is the numeric chat that the method was aimed at, needed for results that only carry ids. Records of
    such results have the bot as user, no kind, ``at`` as their date, and buttons if the method gave some.
    """
    made = result if isinstance(result, list) else [result]
    connection = getattr(method, "business_connection_id", None)
    records: list[TrackedMessage | None] = []
    for item in made:
        if isinstance(item, Message):
            records.append(_track(item, at, Direction.OUTGOING, item.business_connection_id or connection))
        elif isinstance(item, MessageId) and chat_id is not None and item.message_id > 0:
            thread = getattr(method, "message_thread_id", None) or getattr(method, "direct_messages_topic_id", None)
            has_buttons = isinstance(getattr(method, "reply_markup", None), InlineKeyboardMarkup)
            records.append(
                tracked_message_unchecked(
                    item.message_id,
                    chat_id,
                    bot_id,
                    None,
                    Direction.OUTGOING,
                    at,
                    at,
                    connection,
                    thread,
                    None,
                    None,
                    has_buttons,
                    None,
                )
            )
    return [record for record in records if record is not None]


def carries_ids_only(result: object) -> bool:
    """Tell whether a method's result names messages without saying in which chat they are."""
    return isinstance(result, MessageId) or (isinstance(result, list) and any(isinstance(i, MessageId) for i in result))


def is_sent_directly(method: TelegramMethod[Any], result: object) -> bool:
    """Tell whether a method wrote into the direct messages of a channel."""
    made = result[0] if isinstance(result, list) and result else result
    if isinstance(made, Message):
        return is_direct_messages(made.chat)
    return getattr(method, "direct_messages_topic_id", None) is not None


def record_of_event(
    event: TelegramObject | TrackedMessage, bot_id: int, at: datetime, direction: Direction | None
) -> TrackedMessage:
    """Return the record of the message that an event carries, whatever the event is; an entry as it is.

    Its direction comes from the sender unless it is given. A tap tells that the bot itself sent the message. So it does
    of a message that Telegram does not hand out any more, and of posts, which name no sender.

    Raises:
        NotAMessage: it carries none that a bot could delete.
    """
    if isinstance(event, TrackedMessage):
        return event if direction is None else replace(event, direction=direction)
    message, is_tapped = _message_in(event)
    _require_own(event, message, bot_id)
    if isinstance(message, Message):
        record = record_of_incoming(message, bot_id, at)
        if record is None:
            raise NotAMessage(event, "its message_id is 0 and it carries no ephemeral id")
    elif isinstance(message, InaccessibleMessage):
        record = TrackedMessage(message.message_id, message.chat.id, None, None, Direction.INCOMING, None, at)
    else:
        raise NotAMessage(event, "it carries no message that this bot could delete")
    if is_tapped and direction is None:
        direction = Direction.OUTGOING
    return record if direction is None else replace(record, direction=direction)


def record_carried(event: TelegramObject, bot_id: int, at: datetime) -> TrackedMessage | None:
    """Return the record of the message that an event carries; None where it carries none that a bot could delete."""
    try:
        return record_of_event(event, bot_id, at, None)
    except NotAMessage:
        return None


def is_tapped(message: object, update: Update | None) -> bool:
    """Tell whether an update is a tap under a message, which the bot itself sent then."""
    tapped = None if update is None or update.callback_query is None else update.callback_query.message
    if tapped is None or not isinstance(message, (Message, InaccessibleMessage)):
        return False
    return (message.chat.id, message.message_id) == (tapped.chat.id, tapped.message_id)


def _message_in(event: object) -> tuple[object, bool]:
    """Return the message that an event carries, and whether the event is a tap on one of its buttons."""
    if isinstance(event, Update):
        message = (
            new_message(event)
            or event.edited_message
            or event.edited_channel_post
            or event.edited_business_message
            or getattr(event, "guest_message", None)
        )
        return (message, False) if message is not None else _message_in(event.callback_query)
    return (event.message, True) if isinstance(event, CallbackQuery) else (event, False)


def _require_own(event: TelegramObject, message: object, bot_id: int) -> None:
    """Refuse a message whose number means another message, or none, to this bot."""
    if getattr(event, "guest_message", None) or getattr(message, "guest_query_id", None):
        raise NotAMessage(event, "a guest message belongs to a chat that the bot may not be in")
    if not isinstance(message, (Message, InaccessibleMessage)) or chat_kind(message.chat.id) is ChatKind.CHANNEL:
        return
    if message.bot is not None and message.bot.id != bot_id:
        raise NotAMessage(event, "it came to another bot, and outside of supergroups message ids belong to one bot")


_NO_OFFSET: Final = timedelta(0)
_combine: Final = datetime.combine
_TEXT: Final = MessageKind.TEXT  # looking up a member of an enum costs as much as three fields of a message
_INCOMING: Final = Direction.INCOMING
_OUTGOING: Final = Direction.OUTGOING


def _track(message: Message, at: datetime, direction: Direction, connection: str | None) -> TrackedMessage | None:
    field = message.__dict__  # pydantic's own way to an attribute takes twice as long
    ephemeral = field[_EPHEMERAL] if _EPHEMERAL in field else since(message, _EPHEMERAL)
    receiver_id = receiver_of(message) if ephemeral else None
    if field["message_id"] <= 0 and not ephemeral:
        return None
    chat, user = field["chat"], field["from_user"]
    if field["is_topic_message"] or user is None or chat.type != "private":
        user_id, thread_id = writer_of(message), topic_of(message)
    else:  # what both would say of nearly every message in a private chat
        user_id, thread_id = user.id, None
    return tracked_message_unchecked(
        field["message_id"],
        chat.id,
        user_id,
        _TEXT if field["text"] else kind_named(message.content_type),
        direction,
        _in_utc(field["date"]),
        at,
        connection,
        thread_id,
        ephemeral,
        receiver_id,
        field["reply_markup"] is not None,
        field["media_group_id"],
    )


_EPHEMERAL: Final = "ephemeral_message_id"


def _in_utc(date: datetime) -> datetime:
    """Return a time with our own tzinfo object: to compute with the one that pydantic makes costs ten times as much."""
    zone = date.tzinfo
    if zone is not None and zone.utcoffset(None) == _NO_OFFSET:
        return _combine(date, date.time(), UTC)
    return date.astimezone(UTC)
