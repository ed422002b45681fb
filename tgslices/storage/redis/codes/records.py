"""Entries as binary fields and records, of some thirty bytes together, and back.

A record begins with its state and with the time at which it was made; the script that adds it puts its number behind
these. What is known and no entry any more keeps only state and time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct, error
from typing import Final, NamedTuple, NoReturn

from tgslices.clock import EPOCH
from tgslices.errors import InvalidTrackedMessage
from tgslices.model import MAX_INT, Direction, TrackedMessage, may_come_again, tracked_message_unchecked
from tgslices.storage.codec import decode_kind, decode_time, encode_time
from tgslices.storage.redis.codes.identities import away_code, chat_code, home_code, is_home, read_code
from tgslices.storage.redis.codes.kinds import KINDS, NAMED, NUMBERS
from tgslices.storage.redis.codes.texts import ID, decoded, encoded, read_text, spell_text
from tgslices.telegram_facts.message_kind import MessageKind

LISTED: Final = 1
HIDDEN: Final = 2
KNOWN: Final = 4
PENDING: Final = 8
AGAIN: Final = 16
"""States, as bits: an entry, one that was discarded by hand, what the key knows, what is pending for it, and whether an
update may bring the message again."""

_SENT: Final = 1
_USER: Final = 2
_USER_IS_CHAT: Final = 4
_THREAD: Final = 8
_DATE: Final = 16
_DATE_EXACT: Final = 32
_BUTTONS: Final = 64
_ALBUM: Final = 128

_BY_NUMBER: Final = (None, *map(decode_kind, KINDS))
_STATE_AND_TIME: Final = Struct(">Bq")
_SAFELY_UTC: Final = encode_time(datetime(2100, 1, 1, tzinfo=UTC))
"""A time between 1970 and this one is certainly one of UTC's years."""

_NUMBER_AT: Final = 9
_TAIL_AT: Final = 15


class Entry(NamedTuple):
    """One message as it is written under keys of one chat and connection."""

    code: bytes
    """Which message it is, behind the label of a session."""
    record: bytes
    away: bytes
    """The chat and connection that it is in, if it is no ordinary message of the key's own."""


def encode_entry(message: TrackedMessage, chat_id: int, connection: str | None) -> Entry:
    """Return a message as it is written under keys of this chat and business connection.

    Raises:
        InvalidTrackedMessage: an id is no 64-bit integer, or a time has no equal in UTC.
    """
    try:
        if is_home(message, chat_id, connection):
            return Entry(home_code(message.message_id), _record(message), b"")
        away = chat_code(message.chat_id, message.business_connection_id)
        return Entry(away_code(message), _record(message), away)
    except (error, OverflowError, AttributeError, TypeError):
        _refuse(message)


def code_of(message: TrackedMessage, chat_id: int, connection: str | None) -> bytes:
    """Return which message it is under keys of this chat and business connection. Raises as :func:`encode_entry`."""
    try:
        return home_code(message.message_id) if is_home(message, chat_id, connection) else away_code(message)
    except (error, AttributeError):
        _refuse(message)


def known_record(message: TrackedMessage) -> bytes:
    """Return what stays of a message that a key knows; empty if no update can bring it again."""
    return _STATE_AND_TIME.pack(KNOWN | AGAIN, encode_time(message.at)) if may_come_again(message) else b""


def decode_entry(code: bytes, record: bytes, chat_id: int, connection: str | None) -> TrackedMessage:
    """Return the message of an entry under a key of this chat and business connection."""
    return _decode(code, record[_NUMBER_AT - 8 : _NUMBER_AT], record[_TAIL_AT:], chat_id, connection)


def decode_claimed(code: bytes, record: bytes, chat_id: int, connection: str | None) -> TrackedMessage:
    """Return the message of a pending deletion: its record has neither state nor number."""
    return _decode(code, record[:8], record[8:], chat_id, connection)


def number_of(record: bytes) -> int:
    """Return the number of an entry, which orders it among those of its session."""
    return int.from_bytes(record[_NUMBER_AT:_TAIL_AT], "big")


def _record(message: TrackedMessage) -> bytes:
    flags, kind = _SENT if message.direction is Direction.OUTGOING else 0, NUMBERS.get(message.kind, NAMED)
    values: list[int] = []
    if (user_id := message.user_id) is not None:
        flags |= _USER
        if user_id == message.chat_id:
            flags |= _USER_IS_CHAT
        else:
            values.append(user_id)
    if message.thread_id is not None:
        flags |= _THREAD
        values.append(message.thread_id)
    if message.date is not None:
        flags |= _add_date(message.date, values)
    if message.has_buttons:
        flags |= _BUTTONS
    if message.media_group_id is not None:
        flags |= _ALBUM
    at = encode_time(message.at)
    if not 0 <= at < _SAFELY_UTC:
        message.at.astimezone(UTC)
    state = LISTED | AGAIN if may_come_again(message) else LISTED
    packed = _layout(flags).pack(state, at, flags, kind, *values)
    if kind == NAMED:
        packed += spell_text(None if message.kind is None else message.kind.value)
    return packed if message.media_group_id is None else packed + encoded(message.media_group_id)


def _add_date(date: datetime, values: list[int]) -> int:
    """Add a date, in whole seconds if it can be told so; return the flags for it."""
    since = date - EPOCH
    seconds = since.days * 86_400 + since.seconds
    if not since.microseconds and 0 <= seconds < 1 << 32:
        values.append(seconds)
        return _DATE
    date.astimezone(UTC)
    values.append(seconds * 1_000_000 + since.microseconds)
    return _DATE | _DATE_EXACT


@lru_cache(maxsize=256)
def _layout(flags: int) -> Struct:
    return Struct(">BqBB" + _optional(flags))


@lru_cache(maxsize=256)
def _tail_layout(flags: int) -> Struct:
    return Struct(">BB" + _optional(flags))


def _optional(flags: int) -> str:
    user = "q" if flags & _USER and not flags & _USER_IS_CHAT else ""
    thread = "q" if flags & _THREAD else ""
    date = "" if not flags & _DATE else "q" if flags & _DATE_EXACT else "I"
    return user + thread + date


def _decode(code: bytes, at: bytes, tail: bytes, chat_id: int, connection: str | None) -> TrackedMessage:
    message_id, chat_id, connection, ephemeral_message_id, receiver_user_id = read_code(code, chat_id, connection)
    flags, number = tail[0], tail[1]
    layout = _tail_layout(flags)
    _, _, *values = layout.unpack_from(tail)
    rest = layout.size
    kind = _BY_NUMBER[number] if number < len(_BY_NUMBER) else MessageKind.UNKNOWN
    if number == NAMED:
        name, rest = read_text(tail, rest)
        kind = decode_kind(name)
    date = None
    if flags & _DATE:
        stamp = values.pop()
        date = decode_time(stamp) if flags & _DATE_EXACT else EPOCH + timedelta(0, stamp)
    thread_id = values.pop() if flags & _THREAD else None
    user_id = None if not flags & _USER else chat_id if flags & _USER_IS_CHAT else values.pop()
    return tracked_message_unchecked(
        message_id,
        chat_id,
        user_id,
        kind,
        Direction.OUTGOING if flags & _SENT else Direction.INCOMING,
        date,
        decode_time(ID.unpack(at)[0]),
        connection,
        thread_id,
        ephemeral_message_id,
        receiver_user_id,
        flags & _BUTTONS > 0,
        decoded(tail[rest:]) if flags & _ALBUM else None,
    )


def _refuse(message: TrackedMessage) -> NoReturn:
    """Raise for the part of a message that could not be given back unchanged."""
    for name in ("message_id", "chat_id", "user_id", "thread_id", "ephemeral_message_id", "receiver_user_id"):
        value = getattr(message, name)
        if value is not None and not (isinstance(value, int) and -MAX_INT <= value <= MAX_INT):
            raise InvalidTrackedMessage(name, value, "a 64-bit integer")
    for name in ("business_connection_id", "media_group_id"):
        value = getattr(message, name)
        if value is not None and not isinstance(value, str):
            raise InvalidTrackedMessage(name, value, "a string")
    for name in ("date", "at"):
        try:
            time = getattr(message, name)
            _ = time is None or time.astimezone(UTC)
        except OverflowError:
            raise InvalidTrackedMessage(name, time, "a time within the years of UTC") from None
    raise InvalidTrackedMessage("kind", message.kind, "a MessageKind")
