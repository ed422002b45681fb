"""The present, from a clock that can be replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Returns the present as an aware time in UTC."""


def utc_now() -> datetime:
    """Return the present as an aware time in UTC."""
    return datetime.now(UTC)
