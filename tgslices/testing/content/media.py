"""Contents of messages with files: one table of kinds, with their fields.

Source: tdlib/telegram-bot-api ``Client.cpp:12899-13060`` and https://core.telegram.org/bots/api#sendphoto ff.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tgslices.testing.content.durations import duration_of
from tgslices.testing.content.pictures import fitted, picture_size
from tgslices.testing.content.text import read_text_of
from tgslices.testing.state.files import StoredFile
from tgslices.testing.wire.fields import flag_field, int_field, text_field
from tgslices.testing.wire.json_text import Json

MAX_LENGTH: Final = 10_000
"""Pixels. Source: tdlib/telegram-bot-api ``Client.h``, ``MAX_LENGTH``."""


MAX_DURATION: Final = 24 * 3600
"""Seconds. Source: tdlib/telegram-bot-api ``Client.h``, ``MAX_DURATION``."""


_LIMITS: Final = {"duration": MAX_DURATION}


@dataclass(frozen=True, slots=True)
class MediaKind:
    """One kind of file: the fields that a caller may name, with their defaults."""

    kind: str
    name: str
    numbers: tuple[tuple[str, int], ...] = ()
    texts: tuple[str, ...] = ()
    has_caption: bool = True
    fixed: tuple[tuple[str, object], ...] = ()


_THUMBNAIL: Final = (128, 128)
_PHOTO: Final = ((90, 67), (800, 600))
_WITH_THUMBNAIL: Final = frozenset({"animation", "audio", "document", "video", "video_note"})
"""Source: https://core.telegram.org/bots/api#senddocument (``thumbnail``) and its like"""

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


def media_content(kind: MediaKind, file: StoredFile, given: Json, *, picture: StoredFile | None = None) -> Json:
    """The fields of ``Message`` for a file of this kind; ``given`` are the caller's fields.

    ``picture`` is the thumbnail that was uploaded, or the still picture of a live photo.

    Raises:
        ApiError: the caption is wrong.
    """
    shown = _shown(kind, file, given, picture)
    content: Json = {kind.kind: photo_sizes(file) if kind.kind == "photo" else shown}
    if kind.kind == "animation":
        alike = ("file_id", "file_unique_id", "file_size", "file_name", "mime_type", "thumbnail")
        content["document"] = {name: shown[name] for name in alike if name in shown}
    if kind.has_caption:
        content |= read_text_of(given, "caption", "caption_entities")
        if flag_field(given, "show_caption_above_media") and "caption" in content:
            content["show_caption_above_media"] = True
    if flag_field(given, "has_spoiler"):
        content["has_media_spoiler"] = True
    return content


def _shown(kind: MediaKind, file: StoredFile, given: Json, picture: StoredFile | None) -> Json:
    shown = file.json()
    for name, default in kind.numbers:
        number = max(0, min(int_field(given, name), _LIMITS.get(name, MAX_LENGTH)))
        shown[name] = number or (name == "duration" and duration_of(file.data)) or default
    for name in kind.texts:
        if text := text_field(given, name):
            shown[name] = text
    shown.update(kind.fixed)
    if kind.kind in {"document", "audio", "video", "animation"}:
        shown["file_name"] = file.name
        shown["mime_type"] = file.content_type
    elif kind.kind == "voice":
        shown["mime_type"] = "audio/ogg"
    if kind.kind == "sticker":
        shown["thumbnail"] = file.sizes(_THUMBNAIL, _THUMBNAIL)[0]
    elif kind.kind == "live_photo":
        shown["mime_type"] = "video/mp4"
        shown["photo"] = photo_sizes(picture or file)
    elif picture is not None and kind.kind in _WITH_THUMBNAIL:
        width, height = fitted(picture_size(picture.data) or (320, 320), 320)
        shown["thumbnail"] = {**picture.json(), "width": width, "height": height}
    return shown


def photo_sizes(file: StoredFile) -> list[Json]:
    """The Bot API's ``PhotoSize`` of a picture, small and big."""
    size = picture_size(file.data)
    return file.sizes(*_PHOTO) if size is None else file.sizes(fitted(size, 90), fitted(size, 1280))
