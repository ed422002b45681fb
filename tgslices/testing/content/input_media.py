"""``InputMedia`` as calls give it.

Source: https://core.telegram.org/bots/api#inputmedia and tdlib/telegram-bot-api ``Client.cpp:13379-13436``.
"""

from __future__ import annotations

from typing import Any

from tgslices.testing.content.files import find_file, given_file, keep_file
from tgslices.testing.content.media import MEDIA, MediaKind, media_content
from tgslices.testing.errors import bad_request
from tgslices.testing.state.files import StoredFile
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import FieldError, fields_of, text_field
from tgslices.testing.wire.json_text import Json


def read_input_media(world: World, arguments: Arguments, media: Any) -> tuple[str, Json]:
    """The kind and the content of one ``InputMedia``.

    Raises:
        ApiError: the object is malformed, or the file is missing.
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
    file = _file(world, arguments, text_field(given, "media"), kind.kind)
    picture = find_picture(world, arguments, kind, given)
    return kind.kind, media_content(kind, file, given, picture=picture)


def find_picture(world: World, arguments: Arguments, kind: MediaKind, given: Json) -> StoredFile | None:
    """The still picture of a live photo, or the thumbnail that is uploaded with another file; None if there is none.

    A thumbnail cannot be named by an identifier, which is ignored.
    Source: https://core.telegram.org/bots/api#sendlivephoto and https://core.telegram.org/bots/api#inputmediadocument

    Raises:
        ApiError: it is empty, too big, or not there.
    """
    reference = text_field(given, "photo" if kind.kind == "live_photo" else "thumbnail")
    upload = arguments.attached(reference)
    if upload is not None:
        return keep_file(world, upload, "photo")
    return find_file(world, reference, "photo") if reference and kind.kind == "live_photo" else None


def _file(world: World, arguments: Arguments, reference: str, kind: str) -> StoredFile:
    upload = arguments.attached(reference)
    if upload is None and not reference:
        raise FieldError("media not found")
    return given_file(world, upload, reference, kind)
