"""The present, from a clock that can be replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Returns the present as an aware time in UTC."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What stored times are counted from."""

utc_now: Final[Clock] = partial(datetime.now, UTC)
"""The system's clock; no function of our own, because every update of an open session asks it."""
