"""Makes any storage durable: a durable one stays as it is, a plugin of four methods is adapted."""

from __future__ import annotations

from typing import Final, cast
from weakref import WeakSet, WeakValueDictionary

from tgslices.storage.adapter import PluginStorage
from tgslices.storage.protocol import (
    DURABLE_METHODS,
    DurableSessionStorage,
    SessionStorage,
    missing_methods,
    require_storage,
)

_adapters: Final[WeakValueDictionary[int, PluginStorage]] = WeakValueDictionary()
"""The adapter around each plugin, by the plugin's id, which nothing else has while its adapter is there."""


def durable(storage: SessionStorage) -> DurableSessionStorage:
    """Return a storage with the durable protocol: the given one where it has it, else the adapter around it.

    A plugin has one adapter in a process, so that what is kept in memory beside its entries is the same for all who
    were given it: bots, dispatchers and aiogram's state machine.

    Raises:
        InvalidStorage: it misses one of the four methods, or has only a part of the durable ones.
    """
    require_storage(storage)
    if missing_methods(storage, DURABLE_METHODS):
        adapter = _adapters.get(id(storage))
        if adapter is None:
            adapter = _adapters[id(storage)] = PluginStorage(storage)
        return adapter
    return cast(DurableSessionStorage, storage)


def unwrapped(storage: SessionStorage) -> SessionStorage:
    """Return the storage that :func:`durable` was given."""
    return storage.plugin if isinstance(storage, PluginStorage) else storage


_users: Final[dict[int, WeakSet[object]]] = {}
"""The users of each storage, by its id: bots and dispatchers may share one. A collected user no longer counts."""


def acquire(storage: DurableSessionStorage, user: object) -> None:
    """Keep a storage from being closed until its user lets go of it, or is gone."""
    _users.setdefault(id(storage), WeakSet()).add(user)


async def release(storage: DurableSessionStorage, user: object) -> None:
    """Close a storage unless others use it."""
    users = _users.get(id(storage), WeakSet())
    users.discard(user)
    if not users:
        _users.pop(id(storage), None)
        await storage.aclose()
