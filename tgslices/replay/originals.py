"""What a copy is: Telegram answers with its id alone, and whoever asked for the copy knows the original."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Final

from tgslices.model import TrackedMessage

copying: Final[ContextVar[tuple[TrackedMessage, ...]]] = ContextVar("tgslices_copying", default=())
"""The entries that the running request copies; empty outside of a replay."""


def like_originals(copies: list[TrackedMessage], originals: Sequence[TrackedMessage]) -> list[TrackedMessage]:
    """Return the records of copies with the kinds of their originals, and an album as an album.

    Unchanged where the numbers differ, so that no pair is guessed. The album's own id is Telegram's secret; one of ours
    tells that its messages belong together.
    """
    if not copies or len(copies) != len(originals):
        return copies
    albums = {entry.media_group_id for entry in originals} - {None}
    names = {album: f"copy of {album} at {copies[0].message_id}" for album in albums}
    return [
        replace(copy, kind=entry.kind, media_group_id=names.get(entry.media_group_id)) if copy.kind is None else copy
        for copy, entry in zip(copies, originals, strict=True)
    ]
