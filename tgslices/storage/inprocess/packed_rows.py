"""One tracked message as a packed row of fixed size, and back, exactly.

A row starts with the message's id and the number of its place, which together identify it within one slice: to look for
these bytes is to look for the message. Marks come next. Times are kept as the three fields of a ``timedelta``, because
making one number of them costs more than all the rest. Seconds of a day take 17 of 32 bits. The number of an album lies
in the bits above, and costs the rows of other messages nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from struct import Struct, error
from typing import Final, NoReturn, TypeAlias

from tgslices.clock import EPOCH
from tgslices.errors import InvalidTrackedMessage
from tgslices.model import MAX_INT, Direction, TrackedMessage, tracked_message_unchecked
from tgslices.telegram_facts.message_kind import MessageKind

Place: TypeAlias = tuple[int, str | None, int | None, int | None]
"""Chat, business connection, ephemeral id and receiver: what identifies a message besides its id."""

Row: TypeAlias = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
"""Message id, number of the place, marks, user, thread, three numbers each for date and time of recording, kind.

The seconds of both times also have a part each of the album's number.
"""

HEAD: Final = Struct("<qI")
"""Message id and number of the place."""
id_at: Final = Struct("<q").unpack_from
head_and_marks_at: Final = Struct("<qIB").unpack_from
"""Reads what a row starts with: message id, number of the place, and marks."""
ROW: Final = Struct("<qIBqqiIIiIIH")
SIZE: Final = ROW.size
HEADS: Final = Struct(f"{HEAD.format}{SIZE - HEAD.size}x")
"""A whole row, of which only the head is read."""

HOME: Final = 0
"""The number of a key's own place: its chat and business connection, nothing ephemeral."""
TOP: Final = 16
"""The mark of a row whose id is larger than that of every row before it at the same place."""
TOP_AT_HOME: Final = 32
"""The mark of a ``TOP`` row at home."""

BUTTONS: Final = 64
"""The mark of a row whose message has buttons."""
HIDDEN: Final = 128
"""The mark of a row that is in no list: its message was discarded by hand."""
MARKS_AT: Final = HEAD.size
"""Where in a row its marks are."""
LAST_MARKS: Final = MARKS_AT - SIZE
NO_ALBUM: Final = 0
"""The number of the album of a message that is in none."""

_pack: Final = ROW.pack
_NO_USER, _NO_THREAD, _NO_DATE, _SENT = 1, 2, 4, 8
_BITS_OF_SECONDS: Final = 17
_SECONDS: Final = 2**_BITS_OF_SECONDS - 1
_BITS_OF_PART: Final = 15
"""How many bits of an album's number lie above the seconds of each time."""
_PART: Final = 2**_BITS_OF_PART - 1
_OUTGOING: Final = Direction.OUTGOING
_INCOMING: Final = Direction.INCOMING
_KINDS: Final = (None, *MessageKind)
_NUMBERS: Final = {kind: number for number, kind in enumerate(_KINDS)}
_NO_TIME: Final = timedelta()
_BITS_OF_DAYS: Final = 15
"""Days of so many bits since 1970, until the year 2059, are certainly a date in UTC."""


def place_of(message: TrackedMessage) -> Place:
    """Return where a message is."""
    return (
        message.chat_id,
        message.business_connection_id,
        message.ephemeral_message_id,
        message.receiver_user_id,
    )


def check_place(place: Place) -> None:
    """Refuse a place that another storage could not keep.

    Raises:
        InvalidTrackedMessage: an id is no 64-bit integer.
    """
    chat_id, _, ephemeral_message_id, receiver_user_id = place
    _check_id("chat_id", chat_id)
    _check_id("ephemeral_message_id", ephemeral_message_id)
    _check_id("receiver_user_id", receiver_user_id)


def check_ids(message: TrackedMessage) -> None:
    """Refuse a message that no row could be made of when it leaves its key.

    Raises:
        InvalidTrackedMessage: an id is no 64-bit integer.
    """
    _check_id("message_id", message.message_id)
    check_place(place_of(message))


def pack_row(message: TrackedMessage, place: int, marks: int, album: int = NO_ALBUM) -> bytes:
    """Return the row of a message at the place and of the album of these numbers, with marks of ``TOP`` or more.

    Raises:
        InvalidTrackedMessage: an id is no 64-bit integer, or a time has no equal in UTC.

    Past 40 lines, because it is called for every recorded message, and a call for each part would cost as much again.
    """
    if message.direction is _OUTGOING:
        marks |= _SENT
    if message.has_buttons:
        marks |= BUTTONS
    if (user_id := message.user_id) is None:
        marks |= _NO_USER
        user_id = 0
    if (thread_id := message.thread_id) is None:
        marks |= _NO_THREAD
        thread_id = 0
    if (sent := message.date) is None:
        marks |= _NO_DATE
        date = _NO_TIME
    else:
        date = sent - EPOCH
    at = message.at - EPOCH
    days = date.days
    at_days = at.days
    if (days | at_days) >> _BITS_OF_DAYS:
        _check_times(message)
    seconds = date.seconds
    at_seconds = at.seconds
    if album:
        seconds |= (album & _PART) << _BITS_OF_SECONDS
        at_seconds |= (album >> _BITS_OF_PART) << _BITS_OF_SECONDS
    try:
        return _pack(
            message.message_id,
            place,
            marks,
            user_id,
            thread_id,
            days,
            seconds,
            date.microseconds,
            at_days,
            at_seconds,
            at.microseconds,
            _NUMBERS[message.kind],
        )
    except (error, KeyError):
        _refuse(message)


def unpack_row(row: Row, place: Place, media_group_id: str | None = None) -> TrackedMessage:
    """Return the message of a row at this place and of this album."""
    message_id, _, marks, user_id, thread_id, days, seconds, microseconds, at_days, at_seconds, at_micro, kind = row
    chat_id, business_connection_id, ephemeral_message_id, receiver_user_id = place
    return tracked_message_unchecked(
        message_id,
        chat_id,
        None if marks & _NO_USER else user_id,
        _KINDS[kind],
        _OUTGOING if marks & _SENT else _INCOMING,
        None if marks & _NO_DATE else EPOCH + timedelta(days, seconds & _SECONDS, microseconds),
        EPOCH + timedelta(at_days, at_seconds & _SECONDS, at_micro),
        business_connection_id,
        None if marks & _NO_THREAD else thread_id,
        ephemeral_message_id,
        receiver_user_id,
        marks & BUTTONS > 0,
        media_group_id,
    )


def album_of(row: Row) -> int:
    """Return the number of a row's album."""
    return row[6] >> _BITS_OF_SECONDS | row[9] >> _BITS_OF_SECONDS << _BITS_OF_PART


def times_of(rows: bytearray) -> tuple[datetime | None, datetime | None]:
    """Return when the latest row was recorded, and when the oldest message that is in the list was sent.

    Where Telegram does not tell when that was, it is when the row was recorded.
    """
    latest: tuple[int, int, int] | None = None
    oldest: tuple[int, int, int] | None = None
    for _, _, marks, _, _, days, seconds, micro, at_days, at_seconds, at_micro, _ in ROW.iter_unpack(rows):
        at = (at_days, at_seconds & _SECONDS, at_micro)
        if latest is None or at > latest:
            latest = at
        if not marks & HIDDEN:
            sent = at if marks & _NO_DATE else (days, seconds & _SECONDS, micro)
            if oldest is None or sent < oldest:
                oldest = sent
    return _time(latest), _time(oldest)


def _time(parts: tuple[int, int, int] | None) -> datetime | None:
    return None if parts is None else EPOCH + timedelta(*parts)


def _check_times(message: TrackedMessage) -> None:
    for name, time in (("date", message.date), ("at", message.at)):
        try:
            _ = time is None or time.astimezone(UTC)
        except OverflowError:
            raise InvalidTrackedMessage(name, time, "a time within the years of UTC") from None


def _check_id(name: str, value: object) -> None:
    if value is not None and not (isinstance(value, int) and -MAX_INT <= value <= MAX_INT):
        raise InvalidTrackedMessage(name, value, "a 64-bit integer")


def _refuse(message: TrackedMessage) -> NoReturn:
    """Raise for the part of a message that does not fit into a row."""
    _check_id("message_id", message.message_id)
    _check_id("user_id", message.user_id)
    _check_id("thread_id", message.thread_id)
    raise InvalidTrackedMessage("kind", message.kind, "a MessageKind")
