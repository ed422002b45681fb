"""The present, from a clock that can be replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Returns the present as an aware time in UTC."""


utc_now: Final[Clock] = partial(datetime.now, UTC)
"""The system's clock; no function of our own, because every update of an open session asks it."""
