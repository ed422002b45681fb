"""What is printed: aligned text for people, JSON for programs, progress on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, the last of any width."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def print_json(value: object) -> None:
    """Print one JSON value in one line, of ASCII alone; times are ISO 8601 in UTC."""
    print(json.dumps(value, default=_plain))


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal: what is no character to read is written as an escape."""
    return "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text)


def hush() -> None:
    """Throw away what is still to be written to the standard output, whose reader has gone."""
    with suppress(OSError, ValueError):  # it may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def length(time: timedelta) -> str:
    """Return a length of time in its largest unit, like ``3 h`` or ``-2 min``."""
    seconds = time.total_seconds()
    sign = "-" if seconds < 0 else ""
    for unit, size in _UNITS:
        if abs(seconds) >= size:
            return f"{sign}{int(abs(seconds) // size)} {unit}"
    return "0 s"


def ago(at: datetime | None, now: datetime) -> str:
    """Return how long ago something was."""
    return "" if at is None else length(now - at)


def show_progress(text: str) -> None:
    """Show on a terminal how far a long work has come; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
