"""Albums: kinds of messages that go together.

Source: tdlib/td ``MessageContent.cpp:5326-5358`` at 022d602, ``check_message_group_message_contents``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tgslices.testing.errors import ApiError, bad_request

MAX_ALBUM: Final = 10

_KINDS: Final = {
    "photo": "Photo",
    "video": "Video",
    "live_photo": "LivePhoto",
    "audio": "Audio",
    "document": "Document",
}
_HOMOGENOUS: Final = frozenset({"audio", "document"})


def album_refusal(kinds: Sequence[str]) -> ApiError | None:
    """Why these kinds of message cannot be sent together, in this order, or None."""
    if len(kinds) > MAX_ALBUM:
        return bad_request("Too many messages to send as an album")
    if not kinds:
        return bad_request("There are no messages to send")
    if not all(kind in _KINDS for kind in kinds):
        return bad_request("Invalid message content type")
    different = sorted(set(kinds))
    alone = [kind for kind in different if kind in _HOMOGENOUS]
    if len(different) > 1 and alone:
        return bad_request(f"{_KINDS[alone[0]]} can't be mixed with other media types")
    return None
