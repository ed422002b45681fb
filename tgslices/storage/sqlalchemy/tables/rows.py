"""Keys, messages and pending deletions as rows, and back, exactly.

Databases disagree on which strings they keep: PostgreSQL refuses NUL, and no driver takes half a surrogate pair. So
what one of them could refuse is escaped. Ordinary strings stand in the tables as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NoReturn, TypeAlias, cast

from tgslices.clock import EPOCH
from tgslices.errors import InvalidTrackedMessage
from tgslices.model import (
    MAX_INT,
    Direction,
    PendingDeletion,
    Scope,
    SessionKey,
    TrackedMessage,
    tracked_message_unchecked,
)
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.sqlalchemy.tables.schema import NO_ID
from tgslices.telegram_facts.message_kind import MessageKind

Place: TypeAlias = tuple[int, int, int, int, bytes]
"""Bot, chat, user, topic and label, as in ``PLACE_COLUMNS``. A missing user or topic is ``NO_ID``."""

Values: TypeAlias = tuple[Any, ...]

MAX_CACHED: Final = 256
"""Characters of a key's strings up to which its digests are cached: caches are bounded by count, texts are not."""

_TROUBLE: Final = re.compile(r"[\\\0\ud800-\udfff]")
_ESCAPED: Final = re.compile(r"\\u([0-9a-f]{4})")
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND

# Looked up, because an enumeration's own ways from a member to its value and back are slow.
_KIND_NAMES: Final[dict[MessageKind | None, str | None]] = {None: None, **{kind: kind.value for kind in MessageKind}}
_KINDS: Final = {kind.value: kind for kind in MessageKind}
_DIRECTION_NAMES: Final = {direction: direction.value for direction in Direction}
_DIRECTIONS: Final = {direction.value: direction for direction in Direction}


def escape(text: str | None) -> str | None:
    """Return a string that every database keeps; an ordinary one is returned as it is."""
    if text is None or not _TROUBLE.search(text):
        return text
    return _TROUBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def unescape(text: str | None) -> str | None:
    """Return the string that :func:`escape` was given."""
    if text is None or "\\" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _spell(part: object) -> bytes:
    """Return bytes that tell a part from every other, whatever follows them; None and the empty string differ."""
    if part is None:
        return b"-1:"
    text = str(part).encode("utf-8", "surrogatepass")
    return b"%d:%b" % (len(text), text)


def _digest(*parts: object) -> bytes:
    """Return 16 bytes that differ whenever a part differs."""
    return blake2b(b"".join(map(_spell, parts)), digest_size=16).digest()


def label_of(business_connection_id: str | None, qualifier: str | None) -> bytes:
    """Return the digest of the two strings of a key; empty when it has neither."""
    if business_connection_id is None and qualifier is None:
        return b""
    if len(business_connection_id or "") + len(qualifier or "") > MAX_CACHED:
        return _digest(business_connection_id, qualifier)
    return _short_label(business_connection_id, qualifier)


@lru_cache(maxsize=4096)
def _short_label(business_connection_id: str | None, qualifier: str | None) -> bytes:
    return _digest(business_connection_id, qualifier)


def place_of(key: SessionKey) -> Place:
    """Return what identifies a key."""
    return (
        key.bot_id,
        key.chat_id,
        NO_ID if key.user_id is None else key.user_id,
        NO_ID if key.thread_id is None else key.thread_id,
        label_of(key.business_connection_id, key.qualifier),
    )


def key_values(key: SessionKey) -> Values:
    """Return a key in the order of ``KEY_COLUMNS``."""
    return (*place_of(key), escape(key.business_connection_id), escape(key.qualifier))


class _SessionKeyTwin:
    __slots__ = SessionKey.__slots__


def key_of(row: Sequence[Any]) -> SessionKey:
    """Return the key of a row in the order of ``KEY_COLUMNS``.

    Nothing is checked, because it was before it was written. A mutable twin of the same layout is filled and then
    becomes the frozen class, at a third of the cost: there may be a million of them at a start.
    """
    twin: Any = _SessionKeyTwin()
    twin.bot_id, twin.chat_id, user_id, thread_id, _, business_connection_id, qualifier = row
    twin.user_id = None if user_id == NO_ID else user_id
    twin.thread_id = None if thread_id == NO_ID else thread_id
    twin.business_connection_id = None if business_connection_id is None else unescape(business_connection_id)
    twin.qualifier = None if qualifier is None else unescape(qualifier)
    twin.__class__ = SessionKey
    return cast(SessionKey, twin)


def scope_match(scope: Scope) -> Values:
    """Return what finds every key that a scope matches, in the order of ``MATCH_COLUMNS``."""
    user_id = NO_ID if scope.user_id is None else scope.user_id
    thread_id = NO_ID if scope.thread_id is None else scope.thread_id
    connection = escape(scope.business_connection_id)
    return (scope.bot_id, scope.chat_id, NO_ID, user_id, NO_ID, thread_id, None, connection, False)


def key_match(key: SessionKey, *, or_closed: bool) -> Values:
    """Return what finds one key alone, open or not if so told, in the order of ``MATCH_COLUMNS``."""
    bot_id, chat_id, user_id, thread_id, label = place_of(key)
    connection = escape(key.business_connection_id)
    return (bot_id, chat_id, user_id, user_id, thread_id, thread_id, label, connection, or_closed)


def variant_of(message: TrackedMessage) -> bytes:
    """Return a digest of what identifies a message beside chat and id; empty for an ordinary one."""
    return variant_in(message.business_connection_id, message.ephemeral_message_id, message.receiver_user_id)


def variant_in(connection: str | None, ephemeral: int | None = None, receiver: int | None = None) -> bytes:
    """Return the variant of a message of a business connection, or an ephemeral one."""
    if connection is None and ephemeral is None and receiver is None:
        return b""
    return _digest(connection, ephemeral, receiver)


def message_values(message: TrackedMessage) -> Values:
    """Return a message in the order of ``MESSAGE_COLUMNS``.

    Raises:
        InvalidTrackedMessage: a part is nothing that could be given back unchanged. It is refused here, alone,
            because in the database it would fail the whole group that it is written with.
    """
    kind, date = message.kind, message.date
    user_id, thread_id = message.user_id, message.thread_id
    ephemeral, receiver = message.ephemeral_message_id, message.receiver_user_id
    sent_at = None if date is None else encode_time(date)
    recorded_at = encode_time(message.at)
    for number in (user_id, thread_id, ephemeral, receiver):
        if number is not None and (type(number) is not int or not -MAX_INT <= number <= MAX_INT):
            _refuse(message)
    if not (kind is None or type(kind) is MessageKind) or type(message.has_buttons) is not bool:
        _refuse(message)
    if not (message.media_group_id is None or type(message.media_group_id) is str):
        _refuse(message)
    if not (_FIRST <= recorded_at <= _LAST and (sent_at is None or _FIRST <= sent_at <= _LAST)):
        _refuse(message)
    return (
        message.chat_id,
        message.message_id,
        variant_of(message),
        user_id,
        _KIND_NAMES[kind],
        _DIRECTION_NAMES[message.direction],
        sent_at,
        recorded_at,
        escape(message.business_connection_id),
        thread_id,
        ephemeral,
        receiver,
        message.has_buttons,
        escape(message.media_group_id),
    )


def entry_values(message: TrackedMessage, chat_id: int) -> Values:
    """Return a message in the order of ``ENTRY_COLUMNS``, for a key of a chat.

    Raises:
        InvalidTrackedMessage: as for :func:`message_values`.
    """
    return (*message_values(message), message.chat_id != chat_id)


def _refuse(message: TrackedMessage) -> NoReturn:
    """Raise for the part of a message that cannot be kept."""
    for name in ("user_id", "thread_id", "ephemeral_message_id", "receiver_user_id"):
        value = getattr(message, name)
        if value is not None and (type(value) is not int or not -MAX_INT <= value <= MAX_INT):
            raise InvalidTrackedMessage(name, value, "a 64-bit integer")
    if not (message.kind is None or type(message.kind) is MessageKind):
        raise InvalidTrackedMessage("kind", message.kind, "a MessageKind")
    if type(message.has_buttons) is not bool:
        raise InvalidTrackedMessage("has_buttons", message.has_buttons, "True or False")
    if not (message.media_group_id is None or type(message.media_group_id) is str):
        raise InvalidTrackedMessage("media_group_id", message.media_group_id, "a string")
    late = not _FIRST <= encode_time(message.at) <= _LAST
    raise InvalidTrackedMessage(
        "at" if late else "date", message.at if late else message.date, "a time within the years of UTC"
    )


def message_of(row: Sequence[Any]) -> TrackedMessage:
    """Return the message of a row in the order of ``MESSAGE_COLUMNS``."""
    chat_id, message_id, _, user_id, kind, direction, sent_at, recorded_at, *more = row
    connection, thread, ephemeral, receiver, has_buttons, media_group_id = more
    return tracked_message_unchecked(
        message_id,
        chat_id,
        user_id,
        None if kind is None else _KINDS.get(kind, MessageKind.UNKNOWN),
        _DIRECTIONS[direction],
        None if sent_at is None else decode_time(sent_at),
        decode_time(recorded_at),
        unescape(connection),
        thread,
        ephemeral,
        receiver,
        bool(has_buttons),
        unescape(media_group_id),
    )


def _begun(key: SessionKey) -> Any:
    """Return a digest of which the key's part is done: to be copied, because many messages have the same key."""
    is_long = len(key.business_connection_id or "") + len(key.qualifier or "") > MAX_CACHED
    return _digest_of_key(key) if is_long else _short_begun(key)


@lru_cache(maxsize=1024)
def _short_begun(key: SessionKey) -> Any:
    return _digest_of_key(key)


def _digest_of_key(key: SessionKey) -> Any:
    parts = (key.bot_id, key.chat_id, key.user_id, key.thread_id, key.business_connection_id, key.qualifier)
    return blake2b(b"".join(map(_spell, parts)), digest_size=16)


def pending_identity(key: SessionKey, message: TrackedMessage) -> bytes:
    """Return the digest that identifies a pending deletion."""
    digest = _begun(key).copy()
    parts = (
        *(message.chat_id, message.message_id, message.business_connection_id),
        *(message.ephemeral_message_id, message.receiver_user_id),
    )
    digest.update(b"".join(map(_spell, parts)))
    whole: bytes = digest.digest()
    return whole


class _PendingDeletionTwin:
    __slots__ = PendingDeletion.__slots__


def pending_of(row: Sequence[Any], leased_until: datetime | None = None) -> PendingDeletion:
    """Return the pending deletion of a row in the order of ``PENDING_COLUMNS``, due when a lease just taken ends.

    Nothing is checked, and it is filled as :func:`key_of` does it, because a hundred are leased at once.
    """
    key: Any = _SessionKeyTwin()
    twin: Any = _PendingDeletionTwin()
    key.bot_id, key.chat_id, key.user_id, key.thread_id, connection, qualifier, *message, claimed_at, due_at = row
    key.business_connection_id = None if connection is None else unescape(connection)
    key.qualifier = None if qualifier is None else unescape(qualifier)
    key.__class__ = SessionKey
    twin.key, twin.message, twin.claimed_at = key, message_of(message), decode_time(claimed_at)
    twin.due_at = decode_time(due_at) if leased_until is None else leased_until
    twin.__class__ = PendingDeletion
    return cast(PendingDeletion, twin)
