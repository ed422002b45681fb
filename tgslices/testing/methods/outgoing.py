"""What all sending methods share: where to, in answer to what, under which buttons."""

from __future__ import annotations

from tgslices.testing.arguments import Arguments
from tgslices.testing.delivery import announce
from tgslices.testing.entities import BotAccount, Chat, Json, StoredMessage
from tgslices.testing.errors import bad_request, forbidden
from tgslices.testing.methods.markup import read_markup
from tgslices.testing.rules import identifiers
from tgslices.testing.rules.access import Access
from tgslices.testing.world import World


def send(world: World, bot: BotAccount, arguments: Arguments, kind: str, content: Json) -> Json:
    """Send one message and return it as the bot sees it.

    Raises:
        ApiError: the bot may not write there, or an argument is wrong.
    """
    inline, other = read_markup(arguments)
    chat = world.reach(bot, arguments.text("chat_id"), Access.WRITE)
    check_sending(chat, bot)
    replied = find_replied(chat, bot, arguments)
    if inline is not None:
        content["reply_markup"] = inline
    if arguments.flag("protect_content"):
        content["has_protected_content"] = True
    message = world.store(chat, bot, kind, content, reply_to=replied, markup=other)
    if chat.type != "private":
        announce(world, message)
    return message.json_for(bot.id)


def check_sending(chat: Chat, bot: BotAccount) -> None:
    """Let a message through.

    Raises:
        ApiError: the person has blocked the bot, or it lacks the right to post in the channel.
    """
    if chat.blocked:
        raise forbidden("bot was blocked by the user")
    if chat.type == "channel" and "can_post_messages" not in chat.members[bot.id].rights:
        raise bad_request("need administrator rights in the channel chat")


def find_replied(chat: Chat, bot: BotAccount, arguments: Arguments) -> StoredMessage | None:
    """The message that is replied to; None if there is none, or it is missing and that is allowed.

    Raises:
        ApiError: it is missing.

    Source: tdlib/telegram-bot-api ``Client.cpp:8470-8530``.
    """
    parameters = arguments.json("reply_parameters", "reply parameters")
    if parameters is None:
        parameters = {
            "message_id": arguments.text("reply_to_message_id"),
            "allow_sending_without_reply": arguments.flag("allow_sending_without_reply"),
        }
    elif not isinstance(parameters, dict):
        raise bad_request("Object expected as reply parameters")
    number = identifiers.message_id(str(parameters.get("message_id", "")))
    if number == 0:
        return None
    replied = chat.find(bot.id, number)
    if replied is None and not parameters.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return replied
