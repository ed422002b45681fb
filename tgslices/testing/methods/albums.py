"""Sending albums.

Source: tdlib/telegram-bot-api ``Client.cpp:11840-11870, 13379-13436``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.input_media import read_input_media
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import find_destination, send_all
from tgslices.testing.rules.albums import album_refusal
from tgslices.testing.wire.json_text import Json


def send_media_group(call: Call) -> list[Json]:
    """Send 2-10 files as one album. A single file is sent without the mark of an album."""
    call.arguments.required("media")
    media = call.arguments.json("media", "media")
    if not isinstance(media, list):
        raise bad_request("Expected an Array of InputMedia")
    items = [read_input_media(call.world, call.arguments, item) for item in media]
    check(album_refusal([kind for kind, _ in items]))
    destination = find_destination(call, items[0][0])
    if len(items) > 1:
        mark = call.world.next_album()
        for _, content in items:
            content["media_group_id"] = mark
    if call.arguments.flag("protect_content"):
        for _, content in items:
            content["has_protected_content"] = True
    sent = send_all(call, destination, items)
    return [message.json_for(call.bot.id, destination.connection_id) for message in sent]


METHODS: Final[dict[str, Method]] = {"sendMediaGroup": send_media_group}
