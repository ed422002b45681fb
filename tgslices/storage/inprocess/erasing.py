"""The part of the durable protocol about dropping a person, for storages that keep what is open in this process."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.data_protocol import DataStorage
from tgslices.storage.erasing_protocol import is_about, is_of
from tgslices.storage.inprocess.data import DataInProcess
from tgslices.storage.inprocess.ending import EndsInProcess
from tgslices.storage.protocol import Closed

KEYS_AT_ONCE: Final = 200
"""After so many keys other tasks have a turn."""


class ErasesInProcess(EndsInProcess):
    """The methods of :class:`~tgslices.storage.erasing_protocol.ErasingStorage`."""

    _data: DataStorage

    def _keys_of(self, bot_id: int) -> Sequence[SessionKey]:
        """Return every key of a bot that is open or has entries."""
        raise NotImplementedError

    async def _entries_of(self, key: SessionKey) -> Sequence[TrackedMessage]:
        """Return the entries of a key, those discarded by hand included."""
        raise NotImplementedError

    async def close(self, key: SessionKey, *, at: datetime) -> Closed:
        raise NotImplementedError

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        raise NotImplementedError

    async def erase_sessions(self, bot_id: int, user_id: int, *, at: datetime) -> int:
        data = self._data if isinstance(self._data, DataInProcess) else None
        with_data = set() if data is None else {key for key in data.keys_of(bot_id) if is_of(key, user_id)}
        keys = {key for key in self._keys_of(bot_id) if is_of(key, user_id)}
        for key in keys:
            await self.close(key, at=at)
        if data is not None:
            for key in with_data:
                await data.drop_data(key)
        ended = self._ends.drop_of(bot_id, user_id)
        return len(keys | with_data | ended)

    async def erase_entries(self, bot_id: int, user_id: int) -> int:
        dropped = 0
        for number, key in enumerate(self._keys_of(bot_id)):
            if number % KEYS_AT_ONCE == 0:
                await asyncio.sleep(0)
            about = [message for message in await self._entries_of(key) if is_about(message, user_id)]
            dropped += await self.remove(key, about) if about else 0
        return dropped
