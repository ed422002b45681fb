"""aiogram's state machine on the storage of the sessions: states, data and the isolation of events.

``Dispatcher(storage=FSMStorage(storage), events_isolation=FSMStorage(storage).isolation())``. Scenes keep their history
there, and aiogram_dialog its stacks.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aiogram import exceptions
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseEventIsolation, BaseStorage, StateType, StorageKey

from tgslices.clock import Clock, utc_now
from tgslices.data.declaration import SessionData
from tgslices.data.handle import DataHandle
from tgslices.data.held_fragment import Wanted
from tgslices.data.process_holds import Holds
from tgslices.model import SessionKey
from tgslices.storage.acquiring import acquire, durable, release
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.protocol import DurableSessionStorage, SessionStorage

PATIENCE: Final = timedelta(seconds=30)
"""How long an ``update_data`` waits for another one."""

MAX_QUEUED: Final = timedelta(days=1)
"""How long an update waits for its turn: Telegram keeps updates for as long."""

_STATE: Final = "state"
_DATA: Final = SessionData(dict[str, Any], name="data", outlives_close=True)
_TURN: Final = SessionData(list, name="turn", outlives_close=True)


# aiogram 3.20 has no such error, and takes what is no dict.
_NotDictLike: Final[type[Exception]] = getattr(exceptions, "DataNotDictLikeError", TypeError)


def _dict(data: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise _NotDictLike(f"Data must be a dict or dict-like object, got {type(data).__name__}")
    return data


class _Use:
    """The use of a storage from the first call to the close. Where nobody opens it again, the next call does."""

    def __init__(self, storage: DurableSessionStorage) -> None:
        self._storage = storage
        self._has_begun = False

    async def begin(self) -> None:
        if not self._has_begun:
            acquire(self._storage, self)
            await self._storage.start()
            self._has_begun = True

    async def end(self) -> None:
        self._has_begun = False
        await release(self._storage, self)


@dataclass(frozen=True, slots=True)
class _Place:
    key: SessionKey


def _place(key: StorageKey) -> _Place:
    """Return where a state is kept: beside the sessions of its chat and user, under a qualifier of its own."""
    return _Place(
        SessionKey(
            key.bot_id, key.chat_id, key.user_id, key.thread_id, key.business_connection_id, f"aiogram:{key.destiny}"
        )
    )


class FSMStorage(BaseStorage):
    """A storage for ``Dispatcher(storage=...)`` that keeps states and their data where the sessions are kept.

    Data is kept as JSON; what would come back as something else is refused with its path. ``update_data`` is one step:
    two at once lose nothing, at other workers either. Every method raises whatever the storage raises when it is down.

    Source: https://docs.aiogram.dev/en/latest/dispatcher/finite_state_machine/storages.html
    """

    def __init__(self, storage: SessionStorage, *, clock: Clock = utc_now) -> None:
        """Keep states in a storage, which may be that of ``setup_sessions``, too.

        Raises:
            InvalidStorage: the storage misses one of the four methods, or has only a part of the durable ones.
        """
        self._durable = durable(storage)
        self._clock = clock
        self._holds = Holds(self._durable, clock=clock, patience=PATIENCE)
        self._use = _Use(self._durable)

    def __repr__(self) -> str:
        return f"FSMStorage({self._durable!r})"

    def isolation(self) -> FSMIsolation:
        """Return an isolation of events that holds across the workers of the storage."""
        return FSMIsolation(self._durable, clock=self._clock)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Keep a state; None forgets it."""
        name = state.state if isinstance(state, State) else state
        await self._put(key, _STATE, None if name is None else json.dumps(name))

    async def get_state(self, key: StorageKey) -> str | None:
        """Return the state; None where there is none."""
        text = await self._get(key, _STATE)
        state: str | None = None if text is None else json.loads(text)
        return state

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep data in place of what was there.

        Raises:
            DataNotDictLikeError: the data is no dict; a TypeError where aiogram knows no such error.
            DataRefused: a part of it has no JSON, or would come back as something else.
        """
        given = _dict(data)
        await self._put(key, _DATA.name, _DATA.coding.encode_surely(given) if given else None)

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """Return the data; an empty dict where there is none."""
        text = await self._get(key, _DATA.name)
        data: dict[str, Any] = {} if text is None else json.loads(text)
        return data

    async def update_data(self, key: StorageKey, data: Mapping[str, Any]) -> dict[str, Any]:
        """Change a part of the data, in one step; return all of it.

        Raises:
            DataNotDictLikeError: the data is no dict; a TypeError where aiogram knows no such error.
            DataRefused: a part of it has no JSON, or would come back as something else.
            DataBusy: others change it for too long.
        """
        given = _dict(data)
        await self._use.begin()
        return await DataHandle(self._holds, _place(key), _DATA).update(lambda kept: kept.update(given))

    async def close(self) -> None:
        """Let go of the storage, which closes unless sessions or others use it."""
        await self._holds.aclose()
        await self._use.end()

    async def _put(self, key: StorageKey, name: str, text: str | None) -> None:
        await self._use.begin()
        stored = None if text is None else StoredData(text, 1, self._clock(), None, outlives_close=True)
        await self._durable.put_data(_place(key).key, {name: stored})

    async def _get(self, key: StorageKey, name: str) -> str | None:
        await self._use.begin()
        found = await self._durable.read_data(_place(key).key, (name,), now=self._clock())
        return found[name].text if name in found else None


class FSMIsolation(BaseEventIsolation):
    """Lets the updates of one person in one chat be handled one after the other, whichever worker gets them.

    Made by :meth:`FSMStorage.isolation`. Updates of one process take their turns in the order in which they came. When
    a worker is killed, the others wait for it for ten seconds at most.

    Source: https://docs.aiogram.dev/en/latest/dispatcher/finite_state_machine/storages.html
    """

    def __init__(self, storage: DurableSessionStorage, *, clock: Clock = utc_now) -> None:
        self._holds = Holds(storage, clock=clock, patience=MAX_QUEUED)
        self._use = _Use(storage)

    @asynccontextmanager
    async def lock(self, key: StorageKey) -> AsyncGenerator[None, None]:
        """Hold the turn of a key during a block; a block inside one of the same task has it already."""
        wanted = Wanted(_place(key), _TURN)
        if self._holds.of_this_task(wanted) is not None:
            yield
            return
        await self._use.begin()
        taken = await self._holds.take([wanted], load=False)
        try:
            yield
        finally:
            self._holds.give_back(taken)

    async def close(self) -> None:
        """Wait until the storage knows of every turn that ended, and let go of it."""
        await self._holds.aclose()
        await self._use.end()
