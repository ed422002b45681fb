"""Drafts: what a person sees of a message while it is being made up. They are no messages and vanish soon (C10).

Source: https://core.telegram.org/bots/api#sendmessagedraft and https://core.telegram.org/bots/api#sendrichmessagedraft
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.rich import read_rich_message
from tgslices.testing.content.text import read_text
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.rules.access import Access
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.settings import Draft
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

LIFETIME_SECONDS: Final = 30
"""How long a draft is shown. Source: https://core.telegram.org/bots/api#sendmessagedraft"""


def _find_chat(world: World, bot: BotAccount, arguments: Arguments) -> Chat:
    if arguments.integer("draft_id") == 0:
        raise bad_request("draft_id must be non-zero")
    chat = world.reach(bot, arguments.text("chat_id"), Access.WRITE)
    if chat.type != "private":
        raise bad_request("drafts can be sent only to private chats")
    return chat


def _show(world: World, arguments: Arguments, chat: Chat, kind: str, content: Json) -> bool:
    expires_at = world.clock.unix_time() + LIFETIME_SECONDS
    draft = Draft(kind, content, expires_at, world.next_serial())
    chat.drafts[arguments.integer("draft_id")] = draft
    world.changes.notify()
    return True


def send_message_draft(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Show a text in the making, or another in the place of the draft of this number; an empty one only thinks."""
    content = read_text(arguments, "text", "entities")
    return _show(world, arguments, _find_chat(world, bot, arguments), "text", content)


def send_rich_message_draft(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """The same for a rich message."""
    rich = read_rich_message(world, arguments, arguments.json("rich_message", "rich message"))
    return _show(world, arguments, _find_chat(world, bot, arguments), "rich_message", {"rich_message": rich})


METHODS: Final[dict[str, Method]] = {
    "sendMessageDraft": send_message_draft,
    "sendRichMessageDraft": send_rich_message_draft,
}
