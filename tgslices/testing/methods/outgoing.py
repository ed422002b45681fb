"""The common part of sending methods: destination, receiver, reply and buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tgslices.testing.actions.delivery import announce
from tgslices.testing.actions.polls import await_end
from tgslices.testing.content.markup import place_in, put_under, read_markup
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.ephemeral_receiver import Receiver, find_receiver
from tgslices.testing.methods.method import Call
from tgslices.testing.methods.replies import find_reply
from tgslices.testing.rules import business, forwarding, invitations, sending, topics
from tgslices.testing.rules.access import Access
from tgslices.testing.state.accounts import BotAccount, BusinessConnection
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json


@dataclass(frozen=True, slots=True)
class Destination:
    """The chat that a message goes to. It may be for a business account, ephemeral, or a reply.

    ``fields`` are the fields of ``Message`` that follow from it: the topic, a quote, an effect.
    """

    chat: Chat
    connection: BusinessConnection | None = None
    receiver: Receiver | None = None
    reply_to: StoredMessage | None = None
    fields: Json = field(default_factory=dict)

    @property
    def connection_id(self) -> str | None:
        """The name of the business connection, or None."""
        return None if self.connection is None else self.connection.id


def send(call: Call, kind: str, content: Json) -> Json:
    """Send one message and return it as the bot sees it.

    Raises:
        ApiError: the bot may not write there, or an argument is wrong.
    """
    markup = read_markup(call.arguments)
    destination = find_destination(call, kind)
    inline, other = put_under(markup, place_in(call.world, call.bot, destination.chat, kind))
    if inline is not None:
        content["reply_markup"] = inline
    if call.arguments.flag("protect_content"):
        content["has_protected_content"] = True
    message = deliver(call, destination, kind, content, other)
    return message.json_for(call.bot.id, destination.connection_id)


def send_all(call: Call, destination: Destination, items: Sequence[tuple[str, Json]]) -> list[StoredMessage]:
    """Send the messages of one call and return them in order.

    Raises:
        ApiError: a scripted failure hit one message; the others are sent.
    """
    failing = call.world.failing_item
    sent = []
    for position, (kind, content) in enumerate(items, start=1):
        if failing is None or failing[0] != position:
            sent.append(deliver(call, destination, kind, content, None))
    if failing is not None and failing[0] <= len(items):
        raise forwarding.partial_failure(*failing)
    return sent


def deliver(call: Call, destination: Destination, kind: str, content: Json, markup: Json | None) -> StoredMessage:
    """Store one message at its destination and tell the other bots. Nothing is checked."""
    chat = destination.chat
    content |= destination.fields
    receiver = destination.receiver
    if receiver is not None:
        return call.world.store_ephemeral(
            chat, call.bot, receiver.user, kind, content, reply_to=destination.reply_to, replaces=receiver.replaces
        )
    if destination.connection is not None:
        content["sender_business_bot"] = call.bot.json()
        sender = destination.connection.owner
        message = call.world.store(chat, sender, kind, content, reply_to=destination.reply_to, markup=markup)
        announce(call.world, message)
        return message
    message = call.world.store(chat, call.bot, kind, content, reply_to=destination.reply_to, markup=markup)
    if kind == "poll":
        await_end(call.world, message)
    if chat.type != "private":
        announce(call.world, message)
    return message


def find_destination(call: Call, kind: str) -> Destination:
    """The destination of a message of this kind.

    Raises:
        ApiError: the bot may not write there, or an argument is wrong.
    """
    if call.arguments.text("business_connection_id"):
        return _business_destination(call)
    chat = call.chat(Access.WRITE)
    topic_id = _find_topic(call, chat)
    _check_permission(call.world, chat, call.bot, kind)
    receiver = find_receiver(call, chat, kind)
    reply = find_reply(call, chat, topic_id=topic_id, is_ephemeral=receiver is not None)
    fields = chat.topic_json(topic_id) | _effect(call.arguments, chat) | reply.fields
    return Destination(chat, None, receiver, reply.message, fields)


def _effect(arguments: Arguments, chat: Chat) -> Json:
    """The effect of a message, which only private chats show.

    Source: https://core.telegram.org/bots/api#sendmessage (``message_effect_id``)
    """
    effect_id = arguments.integer("message_effect_id")
    return {"effect_id": str(effect_id)} if effect_id and chat.type == "private" else {}


def _check_permission(world: World, chat: Chat, bot: BotAccount, kind: str) -> None:
    status, rights = chat.status_of(bot.id), chat.rights_of(bot.id)
    if status == "member" and chat.type != "private":
        limited = chat.settings.permissions
        if limited is not None:
            status, rights = "restricted", limited
    if chat.open_until:
        check(invitations.initiation_refusal(chat.open_until, world.clock.unix_time()))
    check(sending.sending_refusal(chat.type, kind, status=status, rights=rights, is_blocked=chat.is_blocked))


def _business_destination(call: Call) -> Destination:
    connection = call.connection()
    chat = find_business_chat(call, connection)
    check(business.sending_refusal(is_enabled=connection.is_enabled, rights=connection.rights))
    reply = find_reply(call, chat, is_business=True)
    return Destination(chat, connection, None, reply.message, _effect(call.arguments, chat) | reply.fields)


def find_business_chat(call: Call, connection: BusinessConnection) -> Chat:
    """The chat of a business account that ``chat_id`` means.

    Raises:
        ApiError: there is no such chat. Source: tdlib/telegram-bot-api ``Client.cpp:8294-8304``.
    """
    reference = call.arguments.text("chat_id")
    if not reference:
        raise bad_request("chat identifier is empty")
    try:
        chat_id = int(reference)
    except ValueError:
        raise bad_request("chat identifier must be a valid Integer") from None
    check(business.peer_refusal(chat_id=chat_id, owner_id=connection.owner.id))
    chat = call.world.business_chats.get((connection.owner.id, chat_id))
    if chat is None:
        raise bad_request("BUSINESS_PEER_INVALID")
    return chat


def _find_topic(call: Call, chat: Chat) -> int:
    """The number of the named topic; 0 for none. Chats without topics ignore it."""
    if chat.parent is not None:
        topic_id = call.arguments.integer("direct_messages_topic_id")
        is_known = topic_id in chat.writers
        check(topics.direct_messages_refusal(topic_id, is_run_by_bot=chat.is_run_by(call.bot.id), is_known=is_known))
        return topic_id
    thread_id = call.arguments.integer("message_thread_id")
    if thread_id <= 0 or not chat.has_topics:
        return 0
    topic = chat.topics.get(thread_id)
    check(topics.thread_refusal(thread_id, is_forum=chat.is_forum, is_known=topic is not None))
    is_closed = topic is not None and topic.is_closed
    check(topics.closed_topic_refusal(is_closed=is_closed, rights=chat.rights_of(call.bot.id)))
    return thread_id
