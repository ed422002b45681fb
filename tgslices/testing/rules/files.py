"""Limits on the size of files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tgslices.testing.errors import ApiError, bad_request

MAX_UPLOAD: Final = 50 * 2**20
"""Bytes of one file that a bot sends. Source: https://core.telegram.org/bots/api#sending-files"""

MAX_DOWNLOAD: Final = 20 * 2**20
"""Bytes of one file that a bot can fetch.

Source: https://core.telegram.org/bots/api#getfile and tdlib/telegram-bot-api ``Client.h:71``
"""

_LIMITS: Final[Mapping[str, tuple[str, int]]] = {
    "photo": ("photo", 10 * 2**20),
    "video_note": ("video note", 12 * 2**20),
}
"""Kinds of messages whose files must be smaller. Source: tdlib/td ``files/FileLoaderUtils.cpp:276-346``"""


_TYPES: Final[Mapping[str, str]] = {
    "animation": "Animation",
    "audio": "Audio",
    "document": "Document",
    "photo": "Photo",
    "sticker": "Sticker",
    "video": "Video",
    "video_note": "VideoNote",
    "voice": "VoiceNote",
}
"""The names of files' types in errors. Source: tdlib/td ``files/FileType.cpp:258-300``"""


def type_refusal(real: str, wanted: str) -> ApiError | None:
    """Why a file that was sent as one kind of message cannot be sent as another, or None.

    Only photos are a type of their own. Source: tdlib/td ``files/FileManager.cpp:4038-4045, 4130-4140``.
    """
    if (real == "photo") == (wanted == "photo") or real not in _TYPES or wanted not in _TYPES:
        return None
    return bad_request(f"Can't use file of type {_TYPES[real]} as {_TYPES[wanted]}")


def upload_refusal(size: int, kind: str = "document") -> ApiError | None:
    """Why a file of so many bytes cannot be sent as a message of this kind, or None.

    Source: tdlib/td ``files/FileLoaderUtils.cpp:303-346``, ``check_full_local_location``.
    """
    if size > MAX_UPLOAD:
        return ApiError(413, "Request Entity Too Large")
    if size == 0:
        return bad_request("file must be non-empty")
    name, limit = _LIMITS.get(kind, ("", MAX_UPLOAD))
    if size <= limit:
        return None
    return bad_request(f"File of size {size} bytes is too big for a {name}; the maximum size is {limit} bytes")


def download_refusal(size: int) -> ApiError | None:
    """Why a file of so many bytes cannot be fetched, or None. Source: tdlib/telegram-bot-api ``Client.cpp:15814``."""
    return bad_request("file is too big") if size > MAX_DOWNLOAD else None
