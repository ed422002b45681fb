"""Sending rich messages.

Source: https://core.telegram.org/bots/api#sendrichmessage
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.rich import read_rich_message
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json


def send_rich_message(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Send a rich message."""
    given = arguments.json("rich_message", "rich message")
    if given is None:
        raise bad_request('Parameter "rich_message" is required')
    rich = read_rich_message(world, arguments, given)
    return send(world, bot, arguments, "rich_message", {"rich_message": rich})


METHODS: Final[dict[str, Method]] = {"sendRichMessage": send_rich_message}
