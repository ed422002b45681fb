"""Changing what has been sent.

Source: tdlib/telegram-bot-api ``Client.cpp:13500-13790``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.arguments import Arguments
from tgslices.testing.delivery import announce
from tgslices.testing.entities import BotAccount, Json, StoredMessage
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.markup import read_markup
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.text import read_text
from tgslices.testing.rules.access import Access
from tgslices.testing.world import World

NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
"""Source: ``Client.cpp:117-120``."""


def find_editable(world: World, bot: BotAccount, arguments: Arguments) -> StoredMessage:
    """The bot's own message that is to be edited.

    Raises:
        ApiError: the chat or the message is missing, or somebody else's.
    """
    number = arguments.message_id()
    if not arguments.text("chat_id") and number == 0:
        raise bad_request("Message identifier is not specified")
    chat = world.reach(bot, arguments.text("chat_id"), Access.EDIT)
    message = chat.find(bot.id, number)
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender_id != bot.id:
        raise bad_request("message can't be edited")
    return message


def apply_edit(
    world: World, bot: BotAccount, message: StoredMessage, changes: Json, dropped: tuple[str, ...], markup: Json | None
) -> Json:
    """Put new fields in the place of those named in ``dropped``, and a new inline keyboard in the place of the old one.

    Raises:
        ApiError: nothing would change.
    """
    kept = {name: value for name, value in message.content.items() if name not in dropped and name != "reply_markup"}
    content = kept | changes
    if markup is not None:
        content["reply_markup"] = markup
    if content == message.content:
        raise bad_request(NOT_MODIFIED)
    message.content = content
    world.touch(message)
    if message.chat.type != "private":
        announce(world, message, edited=True)
    return message.json_for(bot.id)


def edit_message_text(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Change a text and its buttons; without ``reply_markup`` the buttons go."""
    inline, _ = read_markup(arguments)
    changes = read_text(arguments, "text", "entities")
    if not changes:
        raise bad_request("Message text is empty")
    message = find_editable(world, bot, arguments)
    if message.kind != "text":
        raise bad_request("there is no text in the message to edit")
    return apply_edit(world, bot, message, changes, ("text", "entities"), inline)


def edit_message_reply_markup(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Change the buttons, or take them away."""
    inline, _ = read_markup(arguments)
    message = find_editable(world, bot, arguments)
    return apply_edit(world, bot, message, {}, (), inline)


METHODS: Final[dict[str, Method]] = {
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
}
