"""Files that were sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from tgslices.testing.wire.json_text import Json


@dataclass(slots=True, eq=False)
class StoredFile:
    """A file with its name and bytes."""

    file_id: str
    unique_id: str
    name: str
    content_type: str
    data: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """``File.file_path``."""
        return f"files/{self.unique_id}/{self.name}"

    def json(self) -> Json:
        """The fields that all files of the Bot API share."""
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}
