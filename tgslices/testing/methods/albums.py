"""Sending albums.

Source: tdlib/telegram-bot-api ``Client.cpp:11840-11870, 13379-13436``.
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.content.files import find_file, keep_file
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.media import MEDIA, media_content
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.outgoing import find_destination, send_all
from tgslices.testing.rules.albums import album_refusal
from tgslices.testing.state.accounts import BotAccount, Json
from tgslices.testing.state.chats import StoredFile
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import FieldError, fields_of, text_field


def read_input_media(world: World, arguments: Arguments, media: Any) -> tuple[str, Json]:
    """The kind and the content of one ``InputMedia``.

    Raises:
        ApiError: it is none, or there is no such file.
    """
    try:
        return _read(world, arguments, fields_of(media))
    except FieldError as error:
        raise bad_request(f"Can't parse InputMedia: {error.cause}") from None


def _read(world: World, arguments: Arguments, given: Json) -> tuple[str, Json]:
    name = text_field(given, "type", is_required=True).lower()
    kind = MEDIA.get(name)
    if kind is None or kind.kind in {"sticker", "voice", "video_note"}:
        raise FieldError(f'type "{name}" is unsupported')
    return kind.kind, media_content(kind, _file(world, arguments, text_field(given, "media"), kind.kind), given)


def _file(world: World, arguments: Arguments, reference: str, kind: str) -> StoredFile:
    upload = arguments.attached(reference)
    if upload is None and not reference:
        raise FieldError("media not found")
    return keep_file(world, upload, kind) if upload is not None else find_file(world, reference)


def send_media_group(world: World, bot: BotAccount, arguments: Arguments) -> list[Json]:
    """Send 2-10 files as one album; one is sent by itself, without an album's mark."""
    if not arguments.text("media"):
        raise bad_request('Parameter "media" is required')
    media = arguments.json("media", "media")
    if not isinstance(media, list):
        raise bad_request("Expected an Array of InputMedia")
    items = [read_input_media(world, arguments, item) for item in media]
    refusal = album_refusal([kind for kind, _ in items])
    if refusal is not None:
        raise refusal
    destination = find_destination(world, bot, arguments, items[0][0])
    if len(items) > 1:
        mark = str(13_000_000_000_000_000 + world.next_serial())
        for _, content in items:
            content["media_group_id"] = mark
    sent = send_all(world, bot, destination, items)
    return [message.json_for(bot.id, destination.connection_id) for message in sent]


METHODS: Final[dict[str, Method]] = {"sendMediaGroup": send_media_group}
