"""Files that were sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tgslices.testing.wire.json_text import Json

SMALL: Final = "s"
"""Behind the identifiers of a picture stands this for its small size, which is a file of its own."""


@dataclass(slots=True, eq=False)
class StoredFile:
    """A file with its name and bytes; ``kind`` is that of the message it was sent with first."""

    file_id: str
    unique_id: str
    name: str
    content_type: str
    data: bytes = field(repr=False)
    kind: str = "document"

    @property
    def path(self) -> str:
        """``File.file_path``."""
        return f"files/{self.unique_id}/{self.name}"

    def json(self) -> Json:
        """The fields that all files of the Bot API share."""
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}

    def sizes(self, small: tuple[int, int], big: tuple[int, int]) -> list[Json]:
        """The Bot API's ``PhotoSize`` of a picture, small and big; each is a file of its own."""
        shown = self.json()
        own = {name: shown[name] + SMALL for name in ("file_id", "file_unique_id")}
        return [
            {**shown, **own, "width": small[0], "height": small[1]},
            {**shown, "width": big[0], "height": big[1]},
        ]
