"""What keys remember of messages that are not in them, kept in process memory; see the protocol on known messages.

A million keys may have been closed within a day, so the memory of a key is one ``bytearray``: a summary, and a row of
twenty bytes for each known message. A long qualifier is replaced by a digest, so that it goes with its session.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import heappop, heappush
from itertools import count
from struct import Struct
from typing import Final, NamedTuple, TypeAlias

from tgslices.model import REPEAT_WINDOW, SessionKey, TrackedMessage, may_come_again
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.inprocess.ceilings import NO_CEILING, Ceilings
from tgslices.storage.inprocess.numbered_values import Numbered
from tgslices.storage.inprocess.packed_rows import HEAD, HOME, Place, place_of

MAX_KNOWN: Final = 10_000
"""How many messages one key knows at most; the oldest are forgotten first."""

MAX_QUALIFIER: Final = 64
"""How many characters of a qualifier are kept; a longer one is kept as a digest, which is longer than this itself."""

KeyParts: TypeAlias = tuple[int, int, int | None, int | None, str | None, str | None]
"""Bot, chat, user, topic, business connection and qualifier."""

_WINDOW: Final = REPEAT_WINDOW // timedelta(microseconds=1)
_NEVER: Final = -(2**63)
_NO_VISIT: Final = 2**63 - 1
_NO_WATERMARK: Final = 0


class _Summary(NamedTuple):
    """What a memory begins with; times are microseconds since 1970."""

    ceiling: int = NO_CEILING
    """No id of the key's own chat above this one is known, or covered by the watermark."""
    watermark: int = _NO_WATERMARK
    closed_at: int = _NEVER
    oldest: int = _NO_VISIT
    """The earliest time here: when a known message was recorded, or the key was closed."""


_SUMMARY: Final = Struct("<qqqq")
_ROW: Final = Struct("<qIq")
"""Message id, number of the place, and when the message was recorded."""
_START: Final = _SUMMARY.size
_MAX_SEARCHES: Final = 16
_Known: TypeAlias = tuple[int, int, int]
"""A row that was read."""


def parts_of(key: SessionKey) -> KeyParts:
    """Return the parts of a key, with a qualifier of bounded length."""
    qualifier = key.qualifier
    if qualifier is not None and len(qualifier) > MAX_QUALIFIER:
        qualifier = bounded(qualifier)
    return (key.bot_id, key.chat_id, key.user_id, key.thread_id, key.business_connection_id, qualifier)


def bounded(qualifier: str) -> str:
    """Return what stands for a long qualifier."""
    return f"sha256:{sha256(qualifier.encode(errors='surrogatepass')).hexdigest()}"


class KnownMessages:
    """Known messages, watermarks and closing times of keys. A key without any leaves nothing here."""

    __slots__ = ("_memories", "_places", "_serial", "_visits", "ceilings")

    def __init__(self) -> None:
        self.ceilings = Ceilings()
        """No key knows a message of its own place, or has a watermark over it, whose id is above the ceiling there."""
        self._memories: dict[KeyParts, bytearray] = {}
        self._places: Numbered[Place] = Numbered()
        self._visits: dict[int, list[tuple[int, int, KeyParts]]] = {}
        """By bot, as a heap: the oldest time of a memory, a serial number because parts do not compare, and the key."""
        self._serial = count()

    def knows(self, key: SessionKey, message: TrackedMessage) -> bool:
        """Tell whether a key knows a message, or its watermark covers it."""
        memory = self._memories.get(parts_of(key))
        if memory is None:
            return False
        if _is_of(key, message) and 0 < message.message_id <= _summary(memory).watermark:
            return True
        number = self._number(key, message)
        return number is not None and _has(memory, message.message_id, number)

    def learn(self, key: SessionKey, messages: Iterable[TrackedMessage]) -> None:
        """Let a key know those of these messages that may come again."""
        coming = [message for message in messages if may_come_again(message)]
        if not coming:
            return
        parts = parts_of(key)
        memory = self._memory(parts)
        summary = _summary(memory)
        ceiling, oldest = summary.ceiling, summary.oldest
        heads: set[tuple[int, int]] | None = None
        home: Place = (key.chat_id, key.business_connection_id, None, None)
        for message in coming:
            message_id, place = message.message_id, place_of(message)
            number = HOME if place == home else self._places.find(place)
            # Ids mostly grow, so that most are new without a search; many that are not are looked for in a set.
            if number is not None and (number != HOME or message_id <= ceiling):
                if heads is None and len(coming) > _MAX_SEARCHES:
                    heads = _heads(memory)
                if _has(memory, message_id, number, heads):
                    continue
            if number == HOME:
                ceiling = max(ceiling, message_id)
            else:
                number = self._places.take(place)
            recorded = encode_time(message.at)
            oldest = min(oldest, recorded)
            memory += _ROW.pack(message_id, number, recorded)
            if heads is not None:
                heads.add((message_id, number))
        if len(memory) > _START + MAX_KNOWN * _ROW.size:
            rows = _rows(memory)
            self._keep(memory, rows[-MAX_KNOWN:], rows[:-MAX_KNOWN])
        self._set(parts, memory, summary._replace(ceiling=ceiling, oldest=oldest))

    def open(self, key: SessionKey, outside: TrackedMessage | None) -> None:
        """Let a key that was opened know what is outside of it."""
        if outside is None:
            return
        self.learn(key, [outside])
        if _is_of(key, outside) and outside.message_id > 0:
            parts = parts_of(key)
            memory = self._memory(parts)
            summary = _summary(memory)
            ceiling = max(summary.ceiling, outside.message_id)
            self._set(parts, memory, summary._replace(ceiling=ceiling, watermark=outside.message_id))

    def unsubscribe(self, key: SessionKey) -> None:
        """Drop the watermark of a key that is open no more."""
        parts = parts_of(key)
        if (memory := self._memories.get(parts)) is not None:
            self._set(parts, memory, _summary(memory)._replace(watermark=_NO_WATERMARK))

    def close(self, key: SessionKey, at: datetime) -> None:
        """Note that a key was closed, and drop its watermark."""
        parts = parts_of(key)
        memory = self._memory(parts)
        self._set(parts, memory, _closed(_summary(memory)._replace(watermark=_NO_WATERMARK), encode_time(at)))

    def was_closed_since(self, key: SessionKey, begun_at: datetime | None) -> bool:
        """Tell whether a key was closed after a time; False for None."""
        if begun_at is None or (memory := self._memories.get(parts_of(key))) is None:
            return False
        return _summary(memory).closed_at > encode_time(begun_at)

    def latest(self, key: SessionKey) -> datetime | None:
        """Return when the latest of the messages that a key knows was recorded."""
        memory = self._memories.get(parts_of(key))
        latest = None if memory is None else max((row[2] for row in _rows(memory)), default=None)
        return None if latest is None else decode_time(latest)

    def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        """Let the keys of a chat's new id remember what those of the old one did, but for watermarks.

        It looks at every key of every bot: a group migrates once.
        """
        for parts in [parts for parts in self._memories if parts[:2] == (bot_id, old_chat_id)]:
            old = self._memories.pop(parts)
            moved: KeyParts = (bot_id, new_chat_id, *parts[2:])
            memory = self._memory(moved)
            summary, closed_at = _summary(memory), _summary(old).closed_at
            for message_id, old_number, recorded in _rows(old):
                number = self._renumber(old_number, parts, moved)
                if _has(memory, message_id, number):
                    self._places.leave(number)
                    continue
                memory += _ROW.pack(message_id, number, recorded)
                ceiling = max(summary.ceiling, message_id) if number == HOME else summary.ceiling
                summary = summary._replace(ceiling=ceiling, oldest=min(summary.oldest, recorded))
            self._set(moved, memory, _closed(summary, closed_at))

    def sweep(self, bot_id: int, *, now: datetime, limit: int) -> int:
        """Forget what is past; see ``DurableSessionStorage.sweep``."""
        past = encode_time(now) - _WINDOW
        visits = self._visits.get(bot_id, [])
        swept = 0
        while visits and visits[0][0] <= past and swept < limit:
            oldest, _, parts = heappop(visits)
            memory = self._memories.get(parts)
            if memory is not None and _summary(memory).oldest == oldest:
                swept += self._forget(parts, memory, past, limit - swept)
        if not visits:
            self._visits.pop(bot_id, None)
        if len(self.ceilings.by_box) > len(self._memories):
            self._lower_ceilings()
        return swept

    def _forget(self, parts: KeyParts, memory: bytearray, past: int, limit: int) -> int:
        """Forget up to ``limit`` things of one key; return how many."""
        past_rows: list[_Known] = []
        kept: list[_Known] = []
        for row in _rows(memory):
            (past_rows if row[2] <= past and len(past_rows) < limit else kept).append(row)
        self._keep(memory, kept, past_rows)
        summary, swept = _summary(memory), len(past_rows)
        if _NEVER < summary.closed_at <= past and swept < limit:
            summary = summary._replace(closed_at=_NEVER)
            swept += 1
        oldest = min((row[2] for row in kept), default=_NO_VISIT)
        self._set(parts, memory, _closed(summary._replace(oldest=oldest), summary.closed_at), visited=True)
        return swept

    def _lower_ceilings(self) -> None:
        self.ceilings.by_box.clear()
        for parts, memory in self._memories.items():
            self.ceilings.rise(_summary(memory).ceiling, parts[0], parts[1], parts[4])

    def _memory(self, parts: KeyParts) -> bytearray:
        memory = self._memories.get(parts)
        if memory is None:
            memory = self._memories[parts] = bytearray(_SUMMARY.pack(*_Summary()))
        return memory

    def _set(self, parts: KeyParts, memory: bytearray, summary: _Summary, *, visited: bool = False) -> None:
        """Keep a summary; see to it that the memory is visited in time, and that one without content is dropped."""
        before = _summary(memory).oldest
        _SUMMARY.pack_into(memory, 0, *summary)
        self.ceilings.rise(summary.ceiling, parts[0], parts[1], parts[4])
        if summary.oldest == _NO_VISIT and summary.watermark == _NO_WATERMARK:
            self._memories.pop(parts, None)
        elif summary.oldest != _NO_VISIT and (visited or summary.oldest != before):
            heappush(self._visits.setdefault(parts[0], []), (summary.oldest, next(self._serial), parts))

    def _keep(self, memory: bytearray, kept: list[_Known], dropped: list[_Known]) -> None:
        for _, number, _ in dropped:
            self._places.leave(number)
        if dropped:
            memory[_START:] = b"".join(_ROW.pack(*row) for row in kept)

    def _number(self, key: SessionKey, message: TrackedMessage) -> int | None:
        place = place_of(message)
        return HOME if place == (key.chat_id, key.business_connection_id, None, None) else self._places.find(place)

    def _renumber(self, number: int, old: KeyParts, new: KeyParts) -> int:
        """Return the number that a place has for a key whose chat has another id."""
        place: Place = (old[1], old[4], None, None) if number == HOME else self._places[number]
        taken = HOME if place == (new[1], new[4], None, None) else self._places.take(place)
        self._places.leave(number)
        return taken


def _is_of(key: SessionKey, message: TrackedMessage) -> bool:
    """Tell whether a message is in the key's own chat and connection."""
    return (message.chat_id, message.business_connection_id) == (key.chat_id, key.business_connection_id)


def _summary(memory: bytearray) -> _Summary:
    return _Summary(*_SUMMARY.unpack_from(memory))


def _closed(summary: _Summary, at: int) -> _Summary:
    """Return the summary of a key that was also closed at this time."""
    if at == _NEVER:
        return summary
    closed_at = max(at, summary.closed_at)
    return summary._replace(closed_at=closed_at, oldest=min(summary.oldest, closed_at))


def _rows(memory: bytearray) -> list[_Known]:
    return list(_ROW.iter_unpack(memoryview(memory)[_START:]))


def _heads(memory: bytearray) -> set[tuple[int, int]]:
    return {(message_id, number) for message_id, number, _ in _rows(memory)}


def _has(memory: bytearray, message_id: int, number: int, heads: set[tuple[int, int]] | None = None) -> bool:
    """Tell whether a message is known, by the set of all heads if one is at hand, or by a search for bytes."""
    if heads is not None:
        return (message_id, number) in heads
    head = HEAD.pack(message_id, number)
    found = memory.find(head, _START)
    while found >= 0 and (found - _START) % _ROW.size:
        found = memory.find(head, found + 1)  # the same bytes by chance, across the border of two fields
    return found >= 0
