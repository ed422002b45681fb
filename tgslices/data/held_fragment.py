"""A fragment in the hands of one task: its value, and what the storage has of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count, groupby
from secrets import token_hex
from typing import Any, Final, Protocol

from tgslices.data.declaration import RESERVED, SessionData
from tgslices.data.queues import Name
from tgslices.data.shapes import become
from tgslices.errors import DataRefused
from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataHold, StoredData


class DataPlace(Protocol):
    """Where data is kept: a session's key, which changes when its chat migrates."""

    @property
    def key(self) -> SessionKey:
        """What identifies the session."""


class Wanted:
    """A fragment of one session, as it is asked for."""

    __slots__ = ("fragment", "place")

    def __init__(self, place: DataPlace, fragment: SessionData[Any]) -> None:
        self.place = place
        self.fragment = fragment

    @property
    def name(self) -> Name:
        """What tells it from all others."""
        return self.place.key, self.fragment.name


def in_common_order(wanted: Sequence[Wanted]) -> Sequence[Wanted]:
    """Return what is wanted in the order in which everybody takes it, so that no two wait for each other.

    The library's own fragments are last, as they are where a block is around.
    """
    return sorted(wanted, key=_order) if len(wanted) > 1 else wanted


def _order(wanted: Wanted) -> tuple[str, bool, str]:
    key, name = wanted.name
    return repr(key), name.startswith(RESERVED), name


def by_session(ordered: Sequence[Wanted]) -> Iterable[Sequence[Wanted]]:
    """Return what is wanted together of each session."""
    if len(ordered) == 1:
        return (ordered,)
    return (list(group) for _, group in groupby(ordered, key=lambda each: each.place.key))


class Held:
    """A fragment that was loaded, and may be changed in place."""

    __slots__ = ("_seen", "_stored", "value", "wanted")

    def __init__(self, wanted: Wanted, stored: StoredData | None) -> None:
        """Load a value.

        Raises:
            DataRefused: what is stored cannot be read, or a new value cannot be kept.
        """
        self.wanted = wanted
        self.value = wanted.fragment.value_of(stored)
        self._stored = stored
        is_present = stored is not None and stored.version == wanted.fragment.version
        self._seen: str | None = stored.text if stored is not None and is_present else self._encoded()

    @property
    def ends_with_session(self) -> bool:
        """Whether a close drops it."""
        return not self.wanted.fragment.outlives_close

    def change(self, now: datetime) -> StoredData | None:
        """Return what is to be written; None when nothing has changed.

        Raises:
            DataRefused: the value cannot be kept.
        """
        text, fragment = self._encoded(), self.wanted.fragment
        if text == self._seen:
            fragment.coding.require_unchanged(self.value, text)
            return None
        # A text that another version of the code has written may differ although nothing was changed.
        if self._stored is not None and text == fragment.coding.encode(fragment.value_of(self._stored)):
            return None
        fragment.coding.require_return(self.value, text)
        return fragment.stored(text, now)

    def text_now(self) -> str | None:
        """Return the value's text; None if it has none, so that it is refused at the end, unless it is set right."""
        try:
            return self._encoded()
        except DataRefused:
            return None

    def regard_as_written(self, text: str | None) -> None:
        """Take a text that the value had for what the storage knows of it, so that only later changes are written."""
        self._stored = None
        self._seen = text

    def become(self, value: Any) -> None:
        """Be what was written, in place, because others have the object."""
        become(self.value, value)
        self.regard_as_written(self.text_now())

    def _encoded(self) -> str:
        return self.wanted.fragment.coding.encode(self.value)


class Hold:
    """Fragments of one session that are held together, by one holder."""

    __slots__ = ("_told", "found", "helds", "names", "place")

    def __init__(self, place: DataPlace, names: frozenset[str]) -> None:
        self.place = place
        self.names = names
        self._told = DataHold(place.key, names, _new_holder())
        self.helds: list[Held] = []
        self.found: Mapping[str, StoredData] = {}
        """What was stored when it was taken."""

    def told(self) -> DataHold:
        """Return the hold as storages know it, under the id that the chat has by now."""
        key = self.place.key
        if key is not self._told.key:
            self._told = DataHold(key, self.names, self._told.holder)
        return self._told


_numbers: Final = count(1)
_process = token_hex(8)


def _new_holder() -> str:
    """Return a name that no holder had before, in whatever process.

    A random one each time would ask the system for each load of data.
    """
    return f"{_process}{next(_numbers):x}"


def _be_another_process() -> None:
    global _process  # noqa: PLW0603  # what a forked child begins with is its parent's
    _process = token_hex(8)


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_be_another_process)
