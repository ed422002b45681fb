"""What the handles of a key share in this process: its chat, its sends on their way, and when it was ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from tgslices.model import SessionKey

T = TypeVar("T")

SEND_GRACE: Final = timedelta(seconds=5)
"""How long the end of a session waits for messages that are on their way into it."""

_ticks: Final = count(1)


def tick() -> int:
    """Return the next tick; later ticks are larger."""
    return next(_ticks)


@dataclass(slots=True, eq=False)
class Send:
    """One request that makes messages, on its way. ``at`` is when it began, by the clock of ``setup_sessions``."""

    at: datetime
    began: int = field(default_factory=tick)
    _is_over: bool = field(default=False, init=False)
    _over: asyncio.Event | None = field(default=None, init=False)
    """Made when somebody waits: an event costs more than all the rest of a send that nobody waits for."""

    def end(self) -> None:
        """Note that what was sent is recorded, or was not sent."""
        self._is_over = True
        if self._over is not None:
            self._over.set()

    async def outlast(self) -> None:
        """Wait until it is recorded, or was not sent."""
        if not self._is_over:
            if self._over is None:
                self._over = asyncio.Event()
            await self._over.wait()


class _Ends:
    """When a session was closed and wiped in this process, and what is on its way into it."""

    __slots__ = ("closed", "sends", "wiped")

    def __init__(self) -> None:
        self.closed = 0
        self.wiped = 0
        self.sends: set[Send] = set()


class SharedKey:
    """What all handles of one key share; gone with the last of them. ``key`` changes when the chat migrates."""

    __slots__ = ("__weakref__", "_ends", "_merged_into", "key")

    def __init__(self, key: SessionKey) -> None:
        self.key = key
        self._ends = _Ends()
        self._merged_into: SharedKey | None = None

    def begin(self, send: Send) -> None:
        """Note a message that is on its way."""
        self._ends.sends.add(send)

    def end(self, send: Send) -> None:
        """Note that a message is recorded, or was not sent."""
        self._ends.sends.discard(send)

    @property
    def is_sending(self) -> bool:
        """Whether a message is on its way."""
        return bool(self._ends.sends)

    async def outlast_sends(self) -> None:
        """Wait until the messages that are on their way now are recorded, at most for :data:`SEND_GRACE`."""
        waits = [asyncio.ensure_future(send.outlast()) for send in self._ends.sends]
        if not waits:
            return
        try:
            await asyncio.wait(waits, timeout=SEND_GRACE.total_seconds())
        finally:
            for wait in waits:
                wait.cancel()

    def close(self, at: int) -> None:
        """Note that the session was closed at a :func:`tick`."""
        self._ends.closed = max(self._ends.closed, at)

    def wipe(self, at: int) -> None:
        """Note that the whole session was cleared at a :func:`tick`."""
        self._ends.wiped = max(self._ends.wiped, at)

    def was_closed_since(self, earlier: int) -> bool:
        """Tell whether the session was closed in this process after a :func:`tick`."""
        return self._ends.closed > earlier

    def was_wiped_since(self, earlier: int) -> bool:
        """Tell whether the whole session was cleared in this process after a :func:`tick`."""
        return self._ends.wiped > earlier

    def was_wiped_first_since(self, earlier: int) -> bool:
        """Tell whether the session was cleared after a :func:`tick`, and not closed between the two."""
        return self.was_wiped_since(earlier) and not earlier < self._ends.closed < self._ends.wiped

    def merge_into(self, other: SharedKey) -> None:
        """Share everything with another key from now on, because their chats have become one."""
        other.close(self._ends.closed)
        other.wipe(self._ends.wiped)
        other._ends.sends |= self._ends.sends
        self._ends = other._ends
        self._merged_into = other  # so that whoever asks for the key meanwhile finds it
        self.key = other.key


class SharedKeys:
    """The keys that have handles, and the groups that became supergroups while this process looked on."""

    def __init__(self) -> None:
        self._keys: WeakValueDictionary[SessionKey, SharedKey] = WeakValueDictionary()
        self._moves: dict[int, int] = {}
        self.moving: set[asyncio.Future[None]] = set()
        """Chats whose keys are being moved, as futures that are done when that is. Always the same set."""

    def __contains__(self, key: object) -> bool:
        """Tell whether somebody in this process has a handle of a key."""
        return key in self._keys

    def share(self, key: SessionKey) -> SharedKey:
        """Return what the handles of a key share."""
        shared = self._keys.get(key)
        if shared is None:
            shared = self._keys[key] = SharedKey(key)
        return shared

    def chats_on(self, connection: str) -> set[int]:
        """Return the chats of the keys that have a handle and this business connection."""
        return {key.chat_id for key in self if key.business_connection_id == connection}

    def __len__(self) -> int:
        """Return how many keys have a handle."""
        return len(self._keys)

    def __iter__(self) -> Iterator[SessionKey]:
        """Yield the keys that have a handle now."""
        return iter(list(self._keys))

    def moved_to(self, chat_id: int) -> int | None:
        """Return the id that a chat has by now; None if it never changed."""
        return self._moves.get(chat_id)

    def current(self, key: SessionKey) -> SessionKey:
        """Return a key under the id that its chat has by now."""
        moved_to = self._moves.get(key.chat_id)
        return key if moved_to is None else key.in_chat(moved_to)

    async def outlast_sends_into(self, chat_id: int) -> bool:
        """Wait as :meth:`SharedKey.outlast_sends` does for every key of a chat; tell whether there was anything to."""
        sending = [shared for shared in self._keys.values() if shared.key.chat_id == chat_id and shared.is_sending]
        await asyncio.gather(*(shared.outlast_sends() for shared in sending))
        return bool(sending)

    @contextmanager
    def move_chat(self, old_chat_id: int, new_chat_id: int) -> Iterator[None]:
        """Note that a chat has another id from now on, and that its keys are moved in the block."""
        self._moves[old_chat_id] = new_chat_id
        done = asyncio.get_running_loop().create_future()
        self.moving.add(done)
        try:
            yield
        finally:
            self.moving.discard(done)
            done.set_result(None)

    async def outlast_moves(self) -> bool:
        """Wait until the keys are moved of every chat that has another id; tell whether there was any.

        Those of a loop that is gone never are.
        """
        loop, has_waited = asyncio.get_running_loop(), False
        while moving := {done for done in self.moving if done.get_loop() is loop}:
            await asyncio.wait(moving)
            has_waited = True
        return has_waited

    async def wherever(self, shared: SharedKey, work: Callable[[SessionKey], Awaitable[T]]) -> list[T]:
        """Do work under a session's key, and again under the new one if its chat migrated meanwhile: what the storage
        had moved by then the first did not find.
        """
        done: list[T] = []
        key: SessionKey | None = None
        while key != shared.key:
            key = shared.key
            done.append(await work(key))
            await self.outlast_moves()
        return done

    async def finally_at(self, shared: SharedKey, work: Callable[[SessionKey], Awaitable[T]]) -> T:
        """Do work as :meth:`wherever`; return what it returned under the key that the session has by now."""
        return (await self.wherever(shared, work))[-1]

    def move(self, old_chat_id: int) -> None:
        """Let every handle follow its chat. Harmless when repeated."""
        for old in [key for key in self._keys if key.chat_id == old_chat_id]:
            shared = self._keys.pop(old, None)
            if shared is not None:
                shared.key = self.current(old)
                there = self._keys.setdefault(shared.key, shared)
                if there is not shared:
                    shared.merge_into(there)
