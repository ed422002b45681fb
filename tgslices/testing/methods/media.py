"""Sending files.

Source: tdlib/telegram-bot-api ``Client.cpp:12899-13060`` and https://core.telegram.org/bots/api#sendphoto ff.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.files import given_file, keep_file
from tgslices.testing.content.input_media import find_picture
from tgslices.testing.content.media import MAX_DURATION, MEDIA, MediaKind, media_content
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.state.files import StoredFile
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json


def given_fields(arguments: Arguments, kind: MediaKind) -> Json:
    """The arguments about a file, as fields like those of ``InputMedia``."""
    return {
        **{name: arguments.clamped(name, 0, 0, MAX_DURATION) for name, _ in kind.numbers},
        **{name: arguments.text(name) for name in (*kind.texts, "caption", "parse_mode")},
        **{name: arguments.flag(name) for name in ("show_caption_above_media", "has_spoiler")},
        "caption_entities": arguments.json("caption_entities", "message entities"),
    }


def sender_of(kind: MediaKind) -> Method:
    """The method that sends files of this kind."""

    def send_media(call: Call) -> Json:
        upload = call.arguments.upload(kind.kind)
        reference = call.arguments.text(kind.kind)
        if upload is None and not reference:
            raise bad_request(f"There is no {kind.name} in the request")
        file = given_file(call.world, upload, reference, kind.kind)
        picture = _picture(call, kind)
        return send(call, kind.kind, media_content(kind, file, given_fields(call.arguments, kind), picture=picture))

    return send_media


def _picture(call: Call, kind: MediaKind) -> StoredFile | None:
    """The still picture of a live photo, or the thumbnail that is uploaded with another file; None if there is none."""
    name = "photo" if kind.kind == "live_photo" else "thumbnail"
    upload = call.arguments.upload(name) or call.arguments.upload("thumb")
    if upload is not None:
        return keep_file(call.world, upload, "photo")
    return find_picture(call.world, call.arguments, kind, {name: call.arguments.text(name)})


def _method_name(kind: str) -> str:
    return "send" + "".join(part.capitalize() for part in kind.split("_"))


METHODS: Final[dict[str, Method]] = {_method_name(kind.kind): sender_of(kind) for kind in MEDIA.values()}
