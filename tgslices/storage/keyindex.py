"""A lookup of whatever stands for session keys, by key, by chat, by bot, and by the scope that an update comes from.

Most chats hold one key, and there may be a million of them, so one key costs one entry of one dictionary. Only a chat
that holds several gets a table of its own, by :data:`Spot`. What becomes empty is dropped at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeAlias, TypeVar, final

from tgslices.model import Scope

Spot: TypeAlias = tuple[str | None, int | None, int | None]
"""Business connection, user and topic: what decides, within one chat, which scopes a key matches."""


class KeyParts(Protocol):
    """Anything with the parts of a session key: a ``SessionKey``, or a record that stands for one."""

    @property
    def bot_id(self) -> int:
        """The bot."""

    @property
    def chat_id(self) -> int:
        """The chat."""

    @property
    def user_id(self) -> int | None:
        """The user, or None for every user."""

    @property
    def thread_id(self) -> int | None:
        """The topic, or None for every topic."""

    @property
    def business_connection_id(self) -> str | None:
        """The business connection, or None for the bot's own chats."""

    @property
    def qualifier(self) -> str | None:
        """The name that separates parallel sessions."""


K = TypeVar("K", bound=KeyParts)


@final
class _Several(dict[str | None, K]):
    """The keys of one spot that differ in the qualifier alone."""


@final
class _Crowd(Generic[K]):
    """A chat that holds more than one key."""

    __slots__ = ("_spots",)

    def __init__(self, first: K) -> None:
        self._spots: dict[Spot, K | _Several[K]] = {_spot(first): first}

    def __bool__(self) -> bool:
        return bool(self._spots)

    def __iter__(self) -> Iterator[K]:
        for there in self._spots.values():
            yield from _each(there)

    def put(self, key: K) -> None:
        spot = _spot(key)
        there = self._spots.get(spot)
        if there is None:
            self._spots[spot] = key
        elif type(there) is _Several:
            there[key.qualifier] = key
        else:
            self._spots[spot] = _Several({there.qualifier: there, key.qualifier: key})

    def get(self, key: KeyParts) -> K | None:
        there = self._spots.get(_spot(key))
        if type(there) is _Several:
            return there.get(key.qualifier)
        return _if_same(there, key)

    def drop(self, key: KeyParts) -> None:
        spot = _spot(key)
        there = self._spots[spot]
        if type(there) is _Several:
            del there[key.qualifier]
        if type(there) is not _Several or not there:
            del self._spots[spot]

    def matching(self, scope: Scope) -> list[K]:
        connection, user, thread = scope.business_connection_id, scope.user_id, scope.thread_id
        find = self._spots.get
        matches: list[K] = []
        for found in (
            find((connection, None, None)),
            find((connection, user, None)) if user is not None else None,
            find((connection, None, thread)) if thread is not None else None,
            find((connection, user, thread)) if user is not None and thread is not None else None,
        ):
            if found is not None:
                matches.extend(_each(found))
        return matches


class KeyIndex(Generic[K]):
    """Keys, or records that stand for them, found without looking at the others."""

    __slots__ = ("_bots",)

    def __init__(self) -> None:
        """Start empty."""
        self._bots: dict[int, dict[int, K | _Crowd[K]]] = {}

    def lacks_bot(self, bot_id: int) -> bool:
        """Tell, with one dictionary check, whether nothing of this bot is here."""
        return bot_id not in self._bots

    def get(self, key: KeyParts) -> K | None:
        """Return what stands for a key, or None."""
        chats = self._bots.get(key.bot_id)
        there = None if chats is None else chats.get(key.chat_id)
        if type(there) is _Crowd:
            return there.get(key)
        return _if_same(there, key)

    def put(self, key: K) -> None:
        """Add what stands for a key, in the place of what stood for it before."""
        chats = self._bots.setdefault(key.bot_id, {})
        there = chats.get(key.chat_id)
        if type(there) is _Crowd:
            there.put(key)
        elif there is None or _if_same(there, key) is not None:
            chats[key.chat_id] = key
        else:
            crowd = chats[key.chat_id] = _Crowd(there)
            crowd.put(key)

    def pop(self, key: KeyParts) -> K | None:
        """Remove and return what stands for a key, or None."""
        there = self.get(key)
        if there is not None:
            self._drop(key)
        return there

    def matching(self, scope: Scope) -> list[K]:
        """Return what the scope belongs to, in no particular order; see ``DurableSessionStorage.matching``."""
        chats = self._bots.get(scope.bot_id)
        there = None if chats is None else chats.get(scope.chat_id)
        if there is None:
            return []
        if type(there) is _Crowd:
            return there.matching(scope)
        if (
            ((user := there.user_id) is None or user == scope.user_id)
            and ((thread := there.thread_id) is None or thread == scope.thread_id)
            and there.business_connection_id == scope.business_connection_id
        ):
            return [there]
        return []

    def of_chat(self, bot_id: int, chat_id: int) -> list[K]:
        """Return everything of one chat, in no particular order."""
        there = self._bots.get(bot_id, {}).get(chat_id)
        return [] if there is None else list(_each(there))

    def of_bot(self, bot_id: int) -> list[K]:
        """Return everything of one bot, in no particular order."""
        return [key for there in self._bots.get(bot_id, {}).values() for key in _each(there)]

    def _drop(self, key: KeyParts) -> None:
        chats = self._bots[key.bot_id]
        there = chats[key.chat_id]
        if type(there) is _Crowd:
            there.drop(key)
        if type(there) is not _Crowd or not there:
            del chats[key.chat_id]
        if not chats:
            del self._bots[key.bot_id]


def _spot(key: KeyParts) -> Spot:
    return (key.business_connection_id, key.user_id, key.thread_id)


def _if_same(there: K | None, key: KeyParts) -> K | None:
    """Return what is there if it stands for the very key; bot and chat are known to agree."""
    if there is not None and there.qualifier == key.qualifier and _spot(there) == _spot(key):
        return there
    return None


def _each(there: K | _Several[K] | _Crowd[K]) -> Iterator[K]:
    if type(there) is _Several:
        yield from there.values()
    elif type(there) is _Crowd:
        yield from there
    else:
        yield there
