"""Drafts: previews of messages that a bot is writing. They are no messages and vanish soon.

Source: https://core.telegram.org/bots/api#sendmessagedraft and https://core.telegram.org/bots/api#sendrichmessagedraft
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tgslices.testing.content.rich_blocks import read_rich_message
from tgslices.testing.content.text import read_text
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.settings import Draft
from tgslices.testing.wire.json_text import Json

LIFETIME: Final = timedelta(seconds=30)
"""How long a draft is shown. Source: https://core.telegram.org/bots/api#sendmessagedraft"""


def _find_chat(call: Call) -> Chat:
    if call.arguments.integer("draft_id") == 0:
        raise bad_request("draft_id must be non-zero")
    chat = call.chat(Access.WRITE)
    if chat.type != "private":
        raise bad_request("drafts can be sent only to private chats")
    return chat


def _show(call: Call, chat: Chat, kind: str, content: Json) -> bool:
    expires_at = call.world.clock.unix_time() + int(LIFETIME.total_seconds())
    draft = Draft(kind, content, expires_at, call.world.next_serial())
    chat.drafts[call.arguments.integer("draft_id")] = draft
    call.world.changes.notify()
    return True


def send_message_draft(call: Call) -> bool:
    """Show a text that is being written, in the place of the draft with this number. Without a text the bot thinks."""
    content = read_text(call.arguments, "text", "entities")
    return _show(call, _find_chat(call), "text", content)


def send_rich_message_draft(call: Call) -> bool:
    """Show a rich message that is being written, like `send_message_draft`."""
    rich = read_rich_message(call.world, call.arguments, call.arguments.json("rich_message", "rich message"))
    return _show(call, _find_chat(call), "rich_message", {"rich_message": rich})


METHODS: Final[dict[str, Method]] = {
    "sendMessageDraft": send_message_draft,
    "sendRichMessageDraft": send_rich_message_draft,
}
