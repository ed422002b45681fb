"""Edits of messages, in ordinary chats and for business accounts.

Source: tdlib/telegram-bot-api ``Client.cpp:13470-13790``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tgslices.testing.actions.delivery import announce
from tgslices.testing.content.input_media import read_input_media
from tgslices.testing.content.markup import place_in, put_under, read_markup
from tgslices.testing.content.rich_blocks import read_rich_message
from tgslices.testing.content.text import read_link_preview, read_message_text, read_text
from tgslices.testing.errors import ApiError, bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import find_business_chat
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.editing import (
    Editable,
    caption_refusal,
    markup_refusal,
    media_refusal,
    text_refusal,
)
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
"""Source: ``Client.cpp:117-120``."""

CAPTION: Final = ("caption", "caption_entities", "show_caption_above_media")
TEXTS: Final = ("text", "entities", "rich_message", "link_preview_options")
CONTENTS: Final = frozenset(
    {
        *CAPTION,
        "animation",
        "audio",
        "document",
        "entities",
        "has_media_spoiler",
        "link_preview_options",
        "live_photo",
        "photo",
        "rich_message",
        "text",
        "video",
    }
)

Refusal = Callable[[Editable], ApiError | None]


@dataclass(frozen=True, slots=True)
class Target:
    """A message that is to be edited. ``connection_id`` names the business account that it belongs to, if any.

    An inline message was sent in a person's name; calls name it by its ``inline_message_id``.
    """

    message: StoredMessage
    connection_id: str | None = None
    is_inline: bool = False


def find_target(call: Call, refusal: Refusal) -> Target:
    """The message that is to be edited.

    Raises:
        ApiError: the chat or the message is missing, or the message cannot be edited in this way.
    """
    target = Target(find_inline_message(call), is_inline=True) if is_inline(call.arguments) else _find_in_chat(call)
    check(refusal(_editable(call, target)))
    return target


def is_inline(arguments: Arguments) -> bool:
    """Whether a message is named by its ``inline_message_id``. Source: ``Client.cpp:13510``."""
    return not arguments.text("chat_id") and arguments.message_id() == 0


def find_inline_message(call: Call) -> StoredMessage:
    """The message that ``inline_message_id`` means: a person sent it, and the bot made it.

    Raises:
        ApiError: there is none. ``MESSAGE_ID_INVALID`` comes from the servers behind.
    """
    inline_id = call.arguments.text("inline_message_id")
    if not inline_id:
        raise bad_request("Message identifier is not specified")
    message = call.world.inline_messages.get(inline_id)
    if message is None or message.is_deleted or message.bot_id != call.bot.id:
        raise bad_request("MESSAGE_ID_INVALID")
    return message


def _find_in_chat(call: Call) -> Target:
    connection_id = call.arguments.text("business_connection_id") or None
    if connection_id is None:
        return Target(call.message("edit", Access.EDIT))
    message = find_business_chat(call, call.connection()).find(call.bot.id, call.arguments.message_id())
    if message is None:
        raise bad_request("MESSAGE_ID_INVALID")
    return Target(message, connection_id)


def _editable(call: Call, target: Target) -> Editable:
    """The facts that the rules of editing ask for. An inline message is the bot's own in every chat."""
    message = target.message
    markup = message.markup or {}
    return Editable(
        kind=message.kind,
        outgoing=target.is_inline or message.is_from(call.bot.id),
        age=timedelta(seconds=call.world.clock.unix_time() - message.date),
        is_post=message.chat.type == "channel" and not target.is_inline,
        is_forward="forward_origin" in message.content,
        has_reply_keyboard="keyboard" in markup or "force_reply" in markup,
        rights=message.chat.rights_of(call.bot.id),
    )


def new_content(message: StoredMessage, changes: Json, dropped: frozenset[str] | tuple[str, ...]) -> Json:
    """The content without the dropped fields and with the changes. Buttons stay only if the changes hold them."""
    kept = {name: value for name, value in message.content.items() if name not in dropped and name != "reply_markup"}
    return kept | changes


def apply(call: Call, target: Target, content: Json) -> Json | bool:
    """Set the content, tell the other bots, and return the message as the bot sees it; True for an inline message.

    Raises:
        ApiError: nothing would change.
    """
    message = target.message
    if content == message.content:
        raise bad_request(NOT_MODIFIED)
    call.world.change(message, content)
    if message.chat.type != "private" or message.chat.owner is not None:
        announce(call.world, message, edited=True)
    return True if target.is_inline else message.json_for(call.bot.id, target.connection_id)


def read_new_buttons(call: Call, target: Target) -> Json | None:
    """The inline keyboard that an edited message gets; None for none.

    Raises:
        ApiError: it is another markup, or one that cannot stand there. Source: tdlib/td ``MessagesManager.cpp:23396``.
    """
    chat = None if target.is_inline else target.message.chat
    place = place_in(call.world, call.bot, chat, target.message.kind, is_edit=True)
    return put_under(read_markup(call.arguments), place)[0]


def with_markup(changes: Json, inline: Json | None) -> Json:
    """The changes with these buttons, if there are any."""
    return changes if inline is None else changes | {"reply_markup": inline}


def read_new_text(call: Call) -> tuple[str, Json]:
    """The kind and the content that replace a text.

    Raises:
        ApiError: the text is empty, too long, or wrongly marked up.
    """
    rich = call.arguments.json("rich_message", "rich message")
    if rich is not None:
        return "rich_message", {"rich_message": read_rich_message(call.world, call.arguments, rich)}
    return "text", read_message_text(call.arguments) | read_link_preview(call.arguments)


def edit_message_text(call: Call) -> Json | bool:
    """Replace a text or rich message. Without ``reply_markup`` the buttons go."""
    kind, changes = read_new_text(call)
    target = find_target(call, text_refusal)
    inline = read_new_buttons(call, target)
    content = new_content(target.message, with_markup(changes, inline), TEXTS)
    edited = apply(call, target, content)
    if target.message.kind != "game":
        target.message.kind = kind
    return edited


def edit_message_caption(call: Call) -> Json | bool:
    """Change a caption, or take it away."""
    changes = read_text(call.arguments, "caption", "caption_entities")
    target = find_target(call, caption_refusal)
    inline = read_new_buttons(call, target)
    return apply(call, target, new_content(target.message, with_markup(changes, inline), CAPTION))


def edit_message_media(call: Call) -> Json | bool:
    """Replace the file of a message. An inline message takes only files that were sent before.

    Source: https://core.telegram.org/bots/api#editmessagemedia and tdlib/td ``InlineMessageManager.cpp:308-312``
    """
    media = call.arguments.json("media", "input media")
    if media is None:
        raise bad_request("input media is not specified")
    if is_inline(call.arguments) and call.arguments.files:
        raise bad_request("Invalid message content specified")
    kind, changes = read_input_media(call.world, call.arguments, media)
    target = find_target(call, media_refusal)
    inline = read_new_buttons(call, target)
    content = new_content(target.message, with_markup(changes, inline), CONTENTS)
    if content != target.message.content:
        target.message.kind = kind
    return apply(call, target, content)


def edit_message_reply_markup(call: Call) -> Json | bool:
    """Change the buttons, or take them away."""
    target = find_target(call, markup_refusal)
    inline = read_new_buttons(call, target)
    return apply(call, target, new_content(target.message, with_markup({}, inline), ()))


METHODS: Final[dict[str, Method]] = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
}
