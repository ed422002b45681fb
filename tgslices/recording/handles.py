"""What the handles of a key share in this process: where its chat is by now, and when it was closed."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Final
from weakref import WeakValueDictionary

from tgslices.model import SessionKey

_moments: Final = count(1)


def moment() -> int:
    """Return a number that is larger than every one before, to tell what was earlier."""
    return next(_moments)


class LiveKey:
    """What all handles of one key share; gone when the last of them is gone.

    ``key`` changes when the chat migrates. When the session was closed here is remembered, so that a task which
    outlived its block can tell.
    """

    __slots__ = ("__weakref__", "_closed", "_one_with", "key")

    def __init__(self, key: SessionKey) -> None:
        """Start with a key that was never closed."""
        self.key = key
        self._closed = [0]
        self._one_with: LiveKey | None = None

    def close(self, at: int) -> None:
        """Note that the session was closed at a :func:`moment`."""
        self._closed[0] = max(self._closed[0], at)

    def was_closed_since(self, earlier: int) -> bool:
        """Tell whether the session was closed after a :func:`moment`."""
        return self._closed[0] > earlier

    def become(self, other: LiveKey) -> None:
        """Share everything with another from now on, because their chats have become one."""
        other._closed[0] = max(self._closed[0], other._closed[0])
        self._closed = other._closed
        self._one_with = other  # so that whoever asks for the key meanwhile finds it
        self.key = other.key


class LiveKeys:
    """The keys that have handles, and the groups that became supergroups while this process looked on."""

    def __init__(self) -> None:
        """Start with no handle."""
        self._live: WeakValueDictionary[SessionKey, LiveKey] = WeakValueDictionary()
        self._moved_to: dict[int, int] = {}

    def share(self, key: SessionKey) -> LiveKey:
        """Return what the handles of a key share."""
        live = self._live.get(key)
        if live is None:
            live = self._live[key] = LiveKey(key)
        return live

    def moved_to(self, chat_id: int) -> int | None:
        """Return the id that a chat has by now; None if it never changed."""
        return self._moved_to.get(chat_id)

    def now(self, key: SessionKey) -> SessionKey:
        """Return a key under the id that its chat has by now."""
        moved_to = self._moved_to.get(key.chat_id)
        return key if moved_to is None else replace(key, chat_id=moved_to)

    def note(self, old_chat_id: int, new_chat_id: int) -> None:
        """Note that a chat is about to have another id."""
        self._moved_to[old_chat_id] = new_chat_id

    def move(self, old_chat_id: int) -> None:
        """Let every handle follow its chat. Harmless when repeated."""
        for old in [key for key in self._live if key.chat_id == old_chat_id]:
            live = self._live.pop(old, None)
            if live is not None:
                live.key = self.now(old)
                there = self._live.setdefault(live.key, live)
                if there is not live:
                    live.become(there)
