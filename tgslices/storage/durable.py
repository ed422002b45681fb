"""Makes any storage durable as far as it can be: those that are stay as they are, four-method plugins are adapted."""

from __future__ import annotations

from typing import Final, cast

from tgslices.storage.adapter import PluginStorage
from tgslices.storage.protocol import (
    DURABLE_METHODS,
    DurableSessionStorage,
    SessionStorage,
    missing_methods,
    require_storage,
)


def durable(storage: SessionStorage) -> DurableSessionStorage:
    """Return a storage with the durable protocol: the given one where it has it, else an adapter around it.

    Raises:
        InvalidStorage: it misses one of the four methods.
    """
    require_storage(storage)
    if missing_methods(storage, DURABLE_METHODS):
        return PluginStorage(storage)
    return cast(DurableSessionStorage, storage)


def given(storage: SessionStorage) -> SessionStorage:
    """Return the storage that :func:`durable` was given."""
    return storage.plugin if isinstance(storage, PluginStorage) else storage


_held: Final[dict[int, tuple[DurableSessionStorage, int]]] = {}
"""Storages in use, by id, and by how many managers: several bots and dispatchers may share one."""


async def hold(storage: DurableSessionStorage) -> None:
    """Start a storage and keep it from being closed until :func:`let_go`. Raises what the storage's start raises."""
    await storage.start()
    _, holders = _held.get(id(storage), (storage, 0))
    _held[id(storage)] = storage, holders + 1


async def let_go(storage: DurableSessionStorage, *, held: bool) -> None:
    """Close a storage when nobody else holds it; ``held`` says whether the caller did."""
    _, holders = _held.pop(id(storage), (storage, 0))
    holders -= held
    if holders > 0:
        _held[id(storage)] = storage, holders
    else:
        await storage.aclose()
