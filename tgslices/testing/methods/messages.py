"""Sending text."""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.text import read_link_preview, read_text
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json


def send_message(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Send a text and return the ``Message``.

    Source: https://core.telegram.org/bots/api#sendmessage
    """
    content = read_text(arguments, "text", "entities")
    if not content:
        raise bad_request("Message text is empty")
    return send(world, bot, arguments, "text", content | read_link_preview(arguments))


METHODS: Final[dict[str, Method]] = {"sendMessage": send_message}
