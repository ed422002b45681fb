"""Makes any storage durable as far as it can be: those that are stay as they are, four-method plugins are adapted."""

from __future__ import annotations

from typing import cast

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
