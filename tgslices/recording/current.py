"""The update that the running task handles."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from aiogram.types import Update

current_update: Final[ContextVar[Update | None]] = ContextVar("tgslices_current_update", default=None)
"""Set by the update middleware for the handler of the update, and for every task that the handler starts."""
