"""Edits and deletions of ephemeral messages, one a call.

Source: https://core.telegram.org/bots/api#deleteephemeralmessage ff. The public server source has none of it; the texts
of errors about missing messages are those of ordinary ones.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.input_media import read_input_media
from tgslices.testing.content.text import read_text
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.editing import (
    CAPTION,
    CONTENTS,
    NOT_MODIFIED,
    TEXTS,
    Target,
    new_content,
    read_new_buttons,
    read_new_text,
    with_markup,
)
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.wire.json_text import Json


def _find(call: Call, what: str, access: Access) -> StoredMessage:
    chat = call.chat(access)
    call.world.expire(chat)
    message = chat.ephemeral.get(call.arguments.integer("ephemeral_message_id"))
    receiver_id = call.arguments.integer("receiver_user_id")
    if message is None or receiver_id not in {message.receiver_id, message.sender_id}:
        raise bad_request(f"message to {what} not found")
    if call.bot.id not in {message.receiver_id, message.sender_id}:
        raise bad_request(f"message to {what} not found")
    return message


def delete_ephemeral_message(call: Call) -> bool:
    """Delete one ephemeral message, sent or received by the bot."""
    call.world.remove([_find(call, "delete", Access.WRITE)])
    return True


def _edit(call: Call, changes: Json, dropped: frozenset[str] | tuple[str, ...]) -> StoredMessage:
    message = _find(call, "edit", Access.EDIT)
    if message.sender_id != call.bot.id:
        raise bad_request("message can't be edited")
    inline = read_new_buttons(call, Target(message))
    content = new_content(message, with_markup(changes, inline), dropped)
    if content == message.content:
        raise bad_request(NOT_MODIFIED)
    call.world.change(message, content)
    return message


def edit_ephemeral_message_text(call: Call) -> bool:
    """Replace the text or rich message."""
    kind, changes = read_new_text(call)
    _edit(call, changes, TEXTS).kind = kind
    return True


def edit_ephemeral_message_caption(call: Call) -> bool:
    """Change the caption."""
    _edit(call, read_text(call.arguments, "caption", "caption_entities"), CAPTION)
    return True


def edit_ephemeral_message_media(call: Call) -> bool:
    """Replace the file."""
    kind, changes = read_input_media(call.world, call.arguments, call.arguments.json("media", "input media"))
    _edit(call, changes, CONTENTS).kind = kind
    return True


def edit_ephemeral_message_reply_markup(call: Call) -> bool:
    """Change the buttons, or take them away."""
    _edit(call, {}, ())
    return True


METHODS: Final[dict[str, Method]] = {
    "deleteEphemeralMessage": delete_ephemeral_message,
    "editEphemeralMessageText": edit_ephemeral_message_text,
    "editEphemeralMessageCaption": edit_ephemeral_message_caption,
    "editEphemeralMessageMedia": edit_ephemeral_message_media,
    "editEphemeralMessageReplyMarkup": edit_ephemeral_message_reply_markup,
}
