"""Sending files: one table of what each method takes and makes.

Source: tdlib/telegram-bot-api ``Client.cpp:12899-13060`` and https://core.telegram.org/bots/api#sendphoto ff.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tgslices.testing.content.files import find_file, keep_file
from tgslices.testing.content.text import read_text_of
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.state.accounts import BotAccount, Json
from tgslices.testing.state.chats import StoredFile
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import flag_field, int_field, text_field

MAX_LENGTH: Final = 10_000
"""Pixels. Source: tdlib/telegram-bot-api ``Client.h``, ``MAX_LENGTH``."""

MAX_DURATION: Final = 24 * 3600
"""Seconds. Source: tdlib/telegram-bot-api ``Client.h``, ``MAX_DURATION``."""

_LIMITS: Final = {"duration": MAX_DURATION}


@dataclass(frozen=True, slots=True)
class MediaKind:
    """How the file of one kind of message looks: the fields that the caller may name, with what they are else."""

    kind: str
    name: str
    numbers: tuple[tuple[str, int], ...] = ()
    texts: tuple[str, ...] = ()
    has_caption: bool = True
    fixed: tuple[tuple[str, object], ...] = ()


_SIZE: Final = (("width", 640), ("height", 480))
MEDIA: Final[dict[str, MediaKind]] = {
    kind.kind: kind
    for kind in (
        MediaKind("photo", "photo"),
        MediaKind("video", "video", (*_SIZE, ("duration", 1))),
        MediaKind("animation", "animation", (*_SIZE, ("duration", 1))),
        MediaKind("audio", "audio", (("duration", 1),), ("performer", "title")),
        MediaKind("document", "document"),
        MediaKind("voice", "voice", (("duration", 1),)),
        MediaKind("video_note", "video note", (("length", 240), ("duration", 1)), has_caption=False),
        MediaKind("live_photo", "photo", (*_SIZE, ("duration", 1))),
        MediaKind(
            "sticker",
            "sticker",
            (("width", 512), ("height", 512)),
            ("emoji",),
            has_caption=False,
            fixed=(("type", "regular"), ("is_animated", False), ("is_video", False)),
        ),
    )
}


def media_content(kind: MediaKind, file: StoredFile, given: Json) -> Json:
    """The fields of ``Message`` for a file of this kind; ``given`` are the caller's own words.

    Raises:
        ApiError: the caption is wrong.
    """
    shown = file.json()
    for name, default in kind.numbers:
        shown[name] = max(0, min(int_field(given, name), _LIMITS.get(name, MAX_LENGTH))) or default
    for name in kind.texts:
        if text := text_field(given, name):
            shown[name] = text
    shown.update(kind.fixed)
    if kind.kind in {"document", "audio", "video", "animation"}:
        shown["file_name"] = file.name
        shown["mime_type"] = file.content_type
    content: Json = {kind.kind: _photo_sizes(shown) if kind.kind == "photo" else shown}
    if kind.kind == "animation":
        content["document"] = {name: shown[name] for name in ("file_id", "file_unique_id", "file_size", "file_name")}
    if kind.has_caption:
        content |= read_text_of(given, "caption", "caption_entities")
        if flag_field(given, "show_caption_above_media") and "caption" in content:
            content["show_caption_above_media"] = True
    if flag_field(given, "has_spoiler"):
        content["has_media_spoiler"] = True
    return content


def _photo_sizes(shown: Json) -> list[Json]:
    return [{**shown, "width": 90, "height": 67}, {**shown, "width": 800, "height": 600}]


def given_fields(arguments: Arguments, kind: MediaKind) -> Json:
    """The caller's own words about a file, as an object like ``InputMedia``."""
    return {
        **{name: arguments.clamped(name, 0, 0, MAX_DURATION) for name, _ in kind.numbers},
        **{name: arguments.text(name) for name in (*kind.texts, "caption", "parse_mode")},
        **{name: arguments.flag(name) for name in ("show_caption_above_media", "has_spoiler")},
        "caption_entities": arguments.json("caption_entities", "message entities"),
    }


def sender_of(kind: MediaKind) -> Method:
    """The method that sends files of this kind."""

    def send_media(world: World, bot: BotAccount, arguments: Arguments) -> Json:
        upload = arguments.upload(kind.kind)
        reference = arguments.text(kind.kind)
        if upload is None and not reference:
            raise bad_request(f"There is no {kind.name} in the request")
        file = keep_file(world, upload, kind.kind) if upload is not None else find_file(world, reference)
        return send(world, bot, arguments, kind.kind, media_content(kind, file, given_fields(arguments, kind)))

    return send_media


def _method_name(kind: str) -> str:
    return "send" + "".join(part.capitalize() for part in kind.split("_"))


METHODS: Final[dict[str, Method]] = {_method_name(kind.kind): sender_of(kind) for kind in MEDIA.values()}
