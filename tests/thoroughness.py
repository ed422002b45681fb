"""How much chance is given a chance: a third by default, and all of it where minutes do not matter."""

from __future__ import annotations

import os
from typing import Final

IS_THOROUGH: Final = os.environ.get("TGSLICES_THOROUGH", "").lower() not in {"", "0", "false"}


def tries(thorough: int) -> int:
    """Return how many random examples to try; ``nox -s tests`` tries ``thorough`` of them."""
    return thorough if IS_THOROUGH else max(thorough // 3, 2)


def every(first: str, *others: str) -> tuple[str, ...]:
    """Return all of the variants of what hardly depends on them, or the first."""
    return (first, *others) if IS_THOROUGH else (first,)
