"""How much chance is given a chance: a third by default, and all of it where minutes do not matter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

IS_THOROUGH: Final = os.environ.get("TGSLICES_THOROUGH", "").lower() not in {"", "0", "false"}


def tries(thorough: int) -> int:
    """Return how many random examples to try; ``nox -s tests`` tries ``thorough`` of them."""
    return thorough if IS_THOROUGH else max(thorough // 3, 2)


def some_of(variants: Sequence[T], count: int) -> Sequence[T]:
    """Return the first ``count`` variants of what hardly depends on them; ``nox -s tests`` runs all."""
    return variants if IS_THOROUGH else variants[:count]
