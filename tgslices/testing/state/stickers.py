"""Sets of stickers."""

from __future__ import annotations

from dataclasses import dataclass, field

from tgslices.testing.wire.json_text import Json


@dataclass(slots=True, eq=False)
class StickerSet:
    """A set of stickers, each as the Bot API's ``Sticker``, in order; ``thumbnail`` is a ``PhotoSize``."""

    name: str
    title: str
    kind: str
    owner_id: int
    stickers: list[Json] = field(default_factory=list)
    thumbnail: Json | None = None

    def json(self) -> Json:
        """The Bot API's ``StickerSet``."""
        data: Json = {"name": self.name, "title": self.title, "sticker_type": self.kind, "stickers": self.stickers}
        return data if self.thumbnail is None else {**data, "thumbnail": self.thumbnail}
