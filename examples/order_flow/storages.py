"""Where the bot keeps what must survive a restart: the slices, and beside them the form."""

from __future__ import annotations

from typing import Final

from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import MemoryStorage

from examples.order_flow.forms import SQLForms
from tgslices import SessionStorage
from tgslices.storage.plugins import open_storage

FILE_URL: Final = "sqlite+aiosqlite:///{path}"
DEFAULT_URL: Final = FILE_URL.format(path="order_flow.db")
_SQL: Final = ("sqlite", "postgresql")


def is_durable(url: str) -> bool:
    """Tell whether what is kept at a URL outlives the process."""
    return url.startswith(_SQL)


def open_storages(url: str) -> tuple[SessionStorage, BaseStorage]:
    """Return the storages of slices and form at a URL; the form is kept in memory unless the URL is a database's.

    Raises:
        StorageError: the URL is wrong, or its driver is missing.
    """
    slices = open_storage(url)
    return slices, SQLForms(url) if is_durable(url) else MemoryStorage()
