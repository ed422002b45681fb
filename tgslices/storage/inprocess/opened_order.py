"""Open sessions in the order in which they were opened, kept in process memory.

A million may be open, so a session costs a plain tuple and a number. Its place is a number that only grows. Places are
kept in chunks, so that a page begins at any of them. A chunk goes with the last session in it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from tgslices.model import SessionKey
from tgslices.storage.codec import decode_time, encode_time

Parts: TypeAlias = tuple[int, int | None, int | None, str | None, str | None]
"""A key without its bot: chat, user, topic, business connection and qualifier."""

_SIZE: Final = 64
"""Places in a chunk: few, because one session that stays open for long keeps all of them."""


class Opened(NamedTuple):
    """A session at its place, and when it was opened."""

    place: int
    key: SessionKey
    at: datetime


class OpenedOrder:
    """The open sessions of any number of bots. A bot without any leaves nothing here."""

    __slots__ = ("_bots", "_first")

    def __init__(self) -> None:
        self._bots: dict[int, _Bot] = {}
        self._first = 0
        """No place below it is given away again: a page that was listed before may say where it ended."""

    def open(self, key: SessionKey, at: datetime) -> None:
        """Put a session that was opened behind all others."""
        bot = self._bots.get(key.bot_id)
        if bot is None:
            bot = self._bots[key.bot_id] = _Bot(self._first)
        bot.put(_parts(key), encode_time(at))

    def close(self, key: SessionKey) -> None:
        """Take a session out. Nothing happens for one that is not here."""
        bot = self._bots.get(key.bot_id)
        if bot is not None and bot.drop(_parts(key)) and not bot.places:
            self._first = max(self._first, bot.next)
            del self._bots[key.bot_id]

    def move(self, old: SessionKey, new: SessionKey) -> None:
        """Let one session have the place of another; one that has a place already keeps it."""
        bot = self._bots.get(old.bot_id)
        if bot is not None and not bot.rename(_parts(old), _parts(new)):
            self.close(old)

    def get(self, key: SessionKey) -> Opened | None:
        """Return where a session is; None for one that is not open."""
        bot = self._bots.get(key.bot_id)
        place = None if bot is None else bot.places.get(_parts(key))
        return None if bot is None or place is None else Opened(place, key, bot.opened_at(place))

    def was_opened_since(self, key: SessionKey, begun_at: datetime | None) -> bool:
        """Tell whether a session is open that was opened after a time; False for None."""
        there = None if begun_at is None else self.get(key)
        return there is not None and begun_at is not None and there.at > begun_at

    def count(self, bot_id: int) -> int:
        """Return how many sessions of a bot are open."""
        bot = self._bots.get(bot_id)
        return 0 if bot is None else len(bot.places)

    def behind(self, bot_id: int, place: int) -> Iterator[Opened]:
        """Yield a bot's sessions behind a place. Nothing may be opened or closed meanwhile."""
        bot = self._bots.get(bot_id)
        if bot is not None:
            for number, parts in bot.behind(place):
                yield Opened(number, SessionKey(bot_id, *parts), bot.opened_at(number))


class _Chunk:
    __slots__ = ("count", "parts", "times")

    def __init__(self) -> None:
        self.parts: list[Parts | None] = [None] * _SIZE
        self.times = array("q", bytes(8 * _SIZE))
        self.count = 0


class _Bot:
    __slots__ = ("_chunks", "next", "places")

    def __init__(self, first: int) -> None:
        self.next = first
        self.places: dict[Parts, int] = {}
        self._chunks: dict[int, _Chunk] = {}

    def put(self, parts: Parts, at: int) -> None:
        if parts in self.places:
            return
        place, self.next = self.next, self.next + 1
        chunk = self._chunks.get(place // _SIZE)
        if chunk is None:
            chunk = self._chunks[place // _SIZE] = _Chunk()
        self.places[parts] = place
        chunk.parts[place % _SIZE], chunk.times[place % _SIZE] = parts, at
        chunk.count += 1

    def drop(self, parts: Parts) -> bool:
        place = self.places.pop(parts, None)
        if place is None:
            return False
        chunk = self._chunks[place // _SIZE]
        chunk.parts[place % _SIZE] = None
        chunk.count -= 1
        if not chunk.count:
            del self._chunks[place // _SIZE]
        return True

    def rename(self, old: Parts, new: Parts) -> bool:
        if new in self.places or old not in self.places:
            return False
        place = self.places[new] = self.places.pop(old)
        self._chunks[place // _SIZE].parts[place % _SIZE] = new
        return True

    def opened_at(self, place: int) -> datetime:
        return decode_time(self._chunks[place // _SIZE].times[place % _SIZE])

    def behind(self, place: int) -> Iterator[tuple[int, Parts]]:
        first = (place + 1) // _SIZE
        for number, chunk in self._chunks.items():  # in the order of their numbers, because they were made in it
            if number < first:
                continue
            for at, parts in enumerate(chunk.parts, number * _SIZE):
                if parts is not None and at > place:
                    yield at, parts


def _parts(key: SessionKey) -> Parts:
    return (key.chat_id, key.user_id, key.thread_id, key.business_connection_id, key.qualifier)
