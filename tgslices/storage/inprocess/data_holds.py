"""Holders of fragments of data, kept in process memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeAlias

from tgslices.model import SessionKey
from tgslices.storage.data_protocol import HOLD_KEPT, DataHold


class Held:
    """One fragment in the hands of a holder. ``is_closed``: its key was closed since it was taken.

    ``closing_at``: the key may have been closed since, as of that time; None if nobody failed to close it.
    """

    __slots__ = ("closing_at", "holder", "is_closed", "until")

    def __init__(self, holder: str, until: datetime) -> None:
        self.holder = holder
        self.until = until
        self.is_closed = False
        self.closing_at: datetime | None = None


Before: TypeAlias = dict[str, Held | None]
"""What was noted of fragments before they were taken."""


class Holds:
    """The holds of any number of bots. A fragment that was let go of leaves nothing here.

    They are few, as many as there are handlers at work, so that what is rarely asked looks at all of them.
    """

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: dict[SessionKey, dict[str, Held]] = {}

    def __len__(self) -> int:
        """Return how many fragments are held, or were until nobody let go of them."""
        return sum(map(len, self._keys.values()))

    def take(self, hold: DataHold, *, now: datetime, until: datetime) -> Before | None:
        """Take all fragments of a hold, or none while another holder has one; return what was noted before."""
        key, names, holder = hold.key, hold.names, hold.holder
        held = self._keys.get(key)
        if held is None:
            self._keys[key] = {name: Held(holder, until) for name in names}
            return dict.fromkeys(names)
        before = {name: held.get(name) for name in names}
        for it in before.values():
            if it is not None and it.holder != holder and it.until > now:
                return None
        for name in names:
            held[name] = Held(holder, until)
        return before

    def put_back(self, hold: DataHold, before: Before) -> None:
        """Undo a :meth:`take`, but for what has changed hands since."""
        held = self._keys.get(hold.key) or {}
        for name, there in before.items():
            if name in held and held[name].holder == hold.holder:
                del held[name]
                if there is not None:
                    held[name] = there
        self._set(hold.key, held)

    def renew(self, hold: DataHold, *, until: datetime) -> None:
        """Move the end of what is still this holder's."""
        for held in self._of(hold):
            held.until = until

    def writable(self, hold: DataHold, names: Collection[str]) -> dict[str, bool] | None:
        """Tell of each name whether its key is still as it was when it was taken; None if one is not held."""
        held = self._keys.get(hold.key) or {}
        found = {name: held[name] for name in names if name in held and held[name].holder == hold.holder}
        return {name: not it.is_closed for name, it in found.items()} if len(found) == len(names) else None

    def release(self, hold: DataHold) -> None:
        """Let go of everything that this holder has of the key."""
        held = self._keys.get(hold.key)
        if held:
            self._set(hold.key, {name: it for name, it in held.items() if it.holder != hold.holder})

    def end(self, key: SessionKey, names: Iterable[str]) -> None:
        """Forget who holds these fragments."""
        held = self._keys.get(key)
        if held:
            for name in names:
                held.pop(name, None)
            self._set(key, held)

    def close(self, key: SessionKey) -> None:
        """Note that a key was closed while its fragments are held."""
        for held in (self._keys.get(key) or {}).values():
            held.is_closed = True

    def doubt(self, key: SessionKey, at: datetime) -> None:
        """Note that a key may have been closed while its fragments are held."""
        for held in (self._keys.get(key) or {}).values():
            held.closing_at = at if held.closing_at is None else min(held.closing_at, at)

    def closing_at(self, hold: DataHold) -> datetime | None:
        """Return as of when the key of a hold may have been closed since it was taken."""
        return min((it.closing_at for it in self._of(hold) if it.closing_at is not None), default=None)

    def is_held(self, key: SessionKey, *, after: datetime) -> bool:
        """Tell whether somebody holds a fragment of a key until later than a time."""
        return any(it.until > after for it in (self._keys.get(key) or {}).values())

    def names(self, key: SessionKey) -> set[str]:
        """Return which fragments of a key are held."""
        return {*(self._keys.get(key) or ())}

    def of_bot(self, bot_id: int) -> list[SessionKey]:
        """Return the keys of a bot of which something is held."""
        return [key for key in self._keys if key.bot_id == bot_id]

    def of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        """Return the keys of a chat of which fragments are held."""
        return [key for key in self._keys if key.chat_id == chat_id and key.bot_id == bot_id]

    def follow(self, old: SessionKey, new: SessionKey, *, moved: Collection[str], there: Collection[str]) -> None:
        """Let holders go with the fragments that ``moved`` to another key, which had others before.

        Whoever merely holds a fragment goes along where the other key has neither that nor a holder of it.
        """
        merely_held = self.names(old) - {*moved} - {*there} - self.names(new)
        self._move(old, new, {*moved, *merely_held})
        self.end(old, self.names(old))

    def _move(self, old: SessionKey, new: SessionKey, names: Iterable[str]) -> None:
        held, target = self._keys.get(old) or {}, self._keys.get(new) or {}
        for name in names:
            target.pop(name, None)
            if name in held:
                target[name] = held.pop(name)
        self._set(old, held)
        self._set(new, target)

    def forget(self, bot_id: int, *, now: datetime) -> None:
        """Forget what ended so long ago that its holder will not come back."""
        for key, held in [(key, held) for key, held in self._keys.items() if key.bot_id == bot_id]:
            self._set(key, {name: it for name, it in held.items() if it.until + HOLD_KEPT > now})

    def _of(self, hold: DataHold) -> list[Held]:
        held = self._keys.get(hold.key) or {}
        return [it for it in held.values() if it.holder == hold.holder]

    def _set(self, key: SessionKey, held: dict[str, Held]) -> None:
        if held:
            self._keys[key] = held
        else:
            self._keys.pop(key, None)
