"""The arguments of one Bot API call, read as leniently as the server reads them.

All values are kept as text, as in the server: JSON values are written as JSON again.
Source: tdlib/telegram-bot-api ``Client.cpp:12360-12525``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tgslices.testing.errors import bad_request, not_encoded
from tgslices.testing.wire import identifiers
from tgslices.testing.wire.json_text import read_json


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    filename: str
    content_type: str
    data: bytes


class Arguments:
    """Named texts and uploaded files. A missing argument reads as an empty text."""

    __slots__ = ("files", "values")

    def __init__(self, values: Mapping[str, str], files: Mapping[str, Upload] | None = None) -> None:
        self.values = values
        self.files = files or {}

    def text(self, name: str) -> str:
        """The argument as it was sent; empty if it is missing."""
        return self.values.get(name, "")

    def required(self, name: str) -> str:
        """The argument as it was sent.

        Raises:
            ApiError: it is missing or empty.
        """
        text = self.text(name)
        if not text:
            raise bad_request(f'Parameter "{name}" is required')
        return text

    def integer(self, name: str, default: int = 0) -> int:
        """The argument as a number; the default if it is missing, 0 if it is no number of 64 bits."""
        text = self.values.get(name, "")
        return identifiers.integer(text) if text else default

    def decimal(self, name: str) -> float:
        """The argument as a number with a fraction, perhaps infinite or NaN; 0.0 if it is no number."""
        try:
            return float(self.values.get(name, ""))
        except ValueError:
            return 0.0

    def clamped(self, name: str, default: int, low: int, high: int) -> int:
        """The argument as a number within bounds."""
        return max(low, min(self.integer(name, default), high))

    def flag(self, name: str) -> bool:
        """Whether the argument is true, in a way that the server understands."""
        return self.values.get(name, "").lower() in {"true", "yes", "1"}

    def message_id(self, name: str = "message_id") -> int:
        """A message identifier; 0 if it is none."""
        return identifiers.message_id(self.values.get(name, ""))

    def message_ids(self) -> list[int]:
        """The ``message_ids``, 0 to 100 of them.

        Raises:
            ApiError: the list is malformed or too long.
        """
        return identifiers.message_ids(self.values.get("message_ids", ""))

    def json(self, name: str, what: str | None = None) -> Any:
        """The argument decoded from JSON; None if it is missing.

        Raises:
            ApiError: the argument is no JSON, or no text.
        """
        text = self.values.get(name, "")
        if not text:
            return None
        try:
            return read_json(text)
        except UnicodeError:
            raise not_encoded() from None
        except ValueError:
            raise bad_request(f"Can't parse {what or name} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """The file sent as this argument, directly or by ``attach://``; None for any other value.

        Source: https://core.telegram.org/bots/api#sending-files
        """
        if name in self.files:
            return self.files[name]
        return self.attached(self.values.get(name, ""))

    def attached(self, reference: str) -> Upload | None:
        """The file that ``attach://name`` means; None for any other value."""
        return self.files.get(reference.removeprefix("attach://")) if reference.startswith("attach://") else None
