"""Asking for files."""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.rules.files import download_refusal
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json


def get_file(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """The ``File``, with the path it can be fetched from.

    Source: https://core.telegram.org/bots/api#getfile and tdlib/telegram-bot-api ``Client.cpp:8366, 8719``
    """
    reference = arguments.text("file_id")
    if not reference:
        raise bad_request("file_id not specified")
    file = world.files.get(reference)
    if file is None:
        raise bad_request("invalid file_id")
    refusal = download_refusal(len(file.data))
    if refusal is not None:
        raise refusal
    return {**file.json(), "file_path": file.path}


METHODS: Final[dict[str, Method]] = {"getFile": get_file}
