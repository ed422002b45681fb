"""The log of Bot API calls and their answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import read_json

MAX_CALLS: Final = 10_000
"""The number of calls that are kept whole; older ones are only counted. No test comes near it."""

_TEXTS: Final = frozenset(
    {
        "text", "caption", "parse_mode", "callback_query_id", "business_connection_id", "url", "secret_token", "title",
        "question", "explanation", "description", "first_name", "last_name", "phone_number", "name", "address", "emoji",
        "performer", "inline_message_id", "file_id",
    }
)  # fmt: skip


@dataclass(slots=True, eq=False)
class ApiRequest:
    """One call with its answer.

    ``date`` is the emulator's Unix time of the call, in seconds. ``status`` is the HTTP status, None while the call is
    not answered and 0 if the connection was dropped. ``description`` is the text of an error, empty otherwise.
    ``answer`` is the body that went back. ``has_effect`` is False for a method that changes nothing here: its answer
    only has the right type.
    """

    bot_id: int
    method: str
    raw: Arguments = field(repr=False)
    date: float = 0.0
    status: int | None = None
    description: str = ""
    via_webhook: bool = False
    answer: bytes = field(default=b"", repr=False)
    has_effect: bool = True

    @property
    def ok(self) -> bool:
        """Whether the call succeeded and was answered."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by name, with numbers, lists and objects decoded; uploads are named by their file names."""
        decoded: dict[str, Any] = {name: _decoded(name, text) for name, text in self.raw.values.items()}
        for name, upload in self.raw.files.items():
            decoded[name] = upload.filename
        return decoded


def _decoded(name: str, text: str) -> Any:
    if name in _TEXTS:
        return text
    try:
        return read_json(text)
    except ValueError:
        return text


class CallLog(list[ApiRequest]):
    """The calls in the order they came: all of them, or at least the last `MAX_CALLS`.

    ``forgotten`` counts older calls by their methods.
    """

    def __init__(self, kept: int = MAX_CALLS) -> None:
        super().__init__()
        self.forgotten: Counter[str] = Counter()
        self._kept = kept

    def append(self, request: ApiRequest) -> None:
        """Add a call. Old calls are forgotten in batches when there are too many."""
        super().append(request)
        if len(self) > self._kept * 1.1:
            old = len(self) - self._kept
            self.forgotten.update(forgotten.method for forgotten in self[:old])
            del self[:old]

    def clear(self) -> None:
        """Forget all calls and their numbers."""
        super().clear()
        self.forgotten.clear()

    @property
    def first(self) -> int:
        """The number of the first call that is kept, counted from 0."""
        return self.forgotten.total()

    def times(self, method: str) -> int:
        """The number of calls of a method, forgotten ones included."""
        return self.forgotten[method] + sum(request.method == method for request in self)
