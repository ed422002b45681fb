"""Where the bot keeps what must survive a restart: the slices, and beside them the form."""

from __future__ import annotations

from typing import Final

from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import MemoryStorage
from sqlalchemy import make_url

from examples.order_flow.forms import SQLForms
from tgslices import SessionStorage
from tgslices.storage.opening import open_storage

FILE_URL: Final = "sqlite:///{path}"
DEFAULT_URL: Final = FILE_URL.format(path="order_flow.db")
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
"""The asyncio drivers behind the short names of databases."""


def is_durable(url: str) -> bool:
    """Tell whether slices and form both outlive the process at a URL: in SQL databases."""
    return url.partition(":")[0].partition("+")[0] in _DRIVERS


def open_storages(url: str) -> tuple[SessionStorage, BaseStorage]:
    """Return the storages of slices and form at a URL; the form is kept in memory unless the URL is a database's.

    Raises:
        StorageError: the URL is wrong, or its driver is missing.
    """
    slices = open_storage(url)
    if not is_durable(url):
        return slices, MemoryStorage()
    parsed = make_url(url)
    return slices, SQLForms(parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername)))
