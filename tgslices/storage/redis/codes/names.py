"""Names of keys in Redis, and the parts of a session key that they are made of.

All keys of a bot share one hash tag, so that a cluster keeps them in one slot and one script may touch them all. A
*spot* is what decides, beside the qualifier, which scopes a session key matches: chat, user, topic and business
connection. One hash holds a spot with every session in it, whose fields begin with the *label* of the qualifier.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import product
from struct import Struct
from typing import Any, Final, cast

from tgslices.model import Scope, SessionKey
from tgslices.storage.redis.codes.texts import (
    ID,
    LENGTH,
    decoded,
    encoded,
    read_number,
    read_text,
    spell_number,
    spell_text,
)

MAX_LABEL: Final = 32
"""Bytes of a qualifier that are a label as they are; a longer one is told by a digest, so that fields stay short."""

NO_LABEL: Final = b"\0"
LONG: Final = 255
"""What the label of a long qualifier begins with."""

DIGEST_LABEL: Final = 17
"""Bytes of such a label."""

LONG_LABEL: Final = bytes((LONG,))

_CHAT_AND_USER: Final = Struct(">qBq")


class _KeyTwin:
    __slots__ = SessionKey.__slots__


@lru_cache(maxsize=1024)
def label_of(qualifier: str | None) -> bytes:
    """Return what fields of a session begin with; no label begins with another one, nor with a letter."""
    if qualifier is None:
        return NO_LABEL
    text = encoded(qualifier)
    if len(text) <= MAX_LABEL:
        return bytes((len(text) + 1,)) + text
    return LONG_LABEL + blake2b(text, digest_size=DIGEST_LABEL - 1).digest()


def qualifier_of(label: bytes, full: bytes) -> str | None:
    """Return the qualifier of a label; ``full`` is its text where the label is a digest."""
    if label == NO_LABEL:
        return None
    return decoded(full if label.startswith(LONG_LABEL) else label[1:])


def full_text(key: SessionKey, label: bytes) -> bytes:
    """Return the text of a qualifier whose label does not tell it."""
    return encoded(key.qualifier) if key.qualifier is not None and label.startswith(LONG_LABEL) else b""


def spot_of(chat_id: int, user_id: int | None, thread_id: int | None, connection: str | None) -> bytes:
    """Return the name of a spot within its bot. No two spots share one, because a connection stands last."""
    if thread_id is None and connection is None and user_id is not None:
        return b"%d/%d/" % (chat_id, user_id)
    user = b"" if user_id is None else b"%d" % user_id
    thread = b"" if thread_id is None else b"%d" % thread_id
    spot = b"%d/%b/%b" % (chat_id, user, thread)
    return spot if connection is None else spot + b"/" + encoded(connection)


def spot_of_key(key: SessionKey) -> bytes:
    """Return the name of the spot of a key."""
    return spot_of(key.chat_id, key.user_id, key.thread_id, key.business_connection_id)


def spots_of_scope(scope: Scope) -> list[bytes]:
    """Return the names of the spots whose open sessions a scope belongs to: at most four."""
    users = (None,) if scope.user_id is None else (None, scope.user_id)
    threads = (None,) if scope.thread_id is None else (None, scope.thread_id)
    chat_id, connection = scope.chat_id, scope.business_connection_id
    return [spot_of(chat_id, user, thread, connection) for user, thread in product(users, threads)]


def parts_of_spot(spot: bytes) -> tuple[int, int | None, int | None, str | None]:
    """Return chat, user, topic and business connection of a spot."""
    chat, user, thread, *connection = spot.split(b"/", 3)
    return (
        int(chat),
        int(user) if user else None,
        int(thread) if thread else None,
        decoded(connection[0]) if connection else None,
    )


def member_of(spot: bytes, label: bytes) -> bytes:
    """Return what tells a session within its bot, in bounded length for any qualifier."""
    return LENGTH.pack(len(spot)) + spot + label


def parts_of_member(member: bytes) -> tuple[bytes, bytes]:
    """Return the spot and the label of a session."""
    end = 4 + LENGTH.unpack_from(member)[0]
    return member[4:end], member[end:]


def full_member(key: SessionKey) -> bytes:
    """Return all of a key but its bot. The chat is the first eight bytes, which a migration replaces."""
    return (
        ID.pack(key.chat_id)
        + spell_number(key.user_id)
        + spell_number(key.thread_id)
        + spell_text(key.business_connection_id)
        + spell_text(key.qualifier)
    )


def key_of_member(bot_id: int, member: bytes) -> SessionKey:
    """Return the key of bytes that :func:`full_member` made."""
    if not (member[8] and member[17:19] == b"\0\0"):
        return _rare_key_of_member(bot_id, member)
    # A user in a chat, as most keys are: filled as tracked_message_unchecked does it, in a third of the time.
    key: Any = _KeyTwin()
    key.bot_id = bot_id
    key.chat_id, _, key.user_id = _CHAT_AND_USER.unpack_from(member)
    key.thread_id = key.business_connection_id = None
    key.qualifier = decoded(member[24:]) if member[19] else None
    key.__class__ = SessionKey
    return cast(SessionKey, key)


def _rare_key_of_member(bot_id: int, member: bytes) -> SessionKey:
    user_id, at = read_number(member, 8)
    thread_id, at = read_number(member, at)
    connection, at = read_text(member, at)
    qualifier, _ = read_text(member, at)
    return SessionKey(bot_id, ID.unpack_from(member)[0], user_id, thread_id, connection, qualifier)


def label_length(field: bytes) -> int:
    """Return how long the label of a field is; 0 for a field that is no message."""
    first = field[0]
    if first > MAX_LABEL + 1:
        return DIGEST_LABEL if first == LONG else 0
    return max(first, 1)


class Names:
    """The keys of bots under one prefix."""

    def __init__(self, prefix: str) -> None:
        """Begin every name with the hash tag of the prefix and the bot."""
        self._prefix = encoded(prefix)
        self.version = self._prefix + b":version"
        self.nothing = self._prefix + b":nothing"
        """Is never there."""
        self.of = lru_cache(maxsize=1024)(self._of)

    def notices(self, database: int) -> bytes:
        """Return the channel for changes in a database: channels are the same in all of them."""
        return self._prefix + b":notices:%d" % database

    def _of(self, bot_id: int) -> BotNames:
        return BotNames(b"{%b:%d}" % (self._prefix, bot_id))


class BotNames:
    """The keys of one bot."""

    __slots__ = (
        "_tag",
        "active",
        "chat",
        "claimed",
        "counter",
        "data",
        "due",
        "dues",
        "ended",
        "ends",
        "foreign",
        "limits",
        "migrated",
        "open",
        "spot",
        "sweep",
        "visits",
    )

    def __init__(self, tag: bytes) -> None:
        """Begin every name with a hash tag."""
        self._tag = tag
        self.counter = tag + b"n"
        """A number that grows with each entry, and orders them."""
        self.open = tag + b"o"
        """The open sessions by the time when they were opened."""
        self.sweep = tag + b"w"
        """The sessions that know something, by the earliest time of it."""
        self.foreign = tag + b"f"
        """Which spots hold entries of another chat than their own."""
        self.due = tag + b"d"
        """The pending deletions by the time when they are due."""
        self.claimed = tag + b"p"
        """The pending deletions themselves."""
        self.migrated = tag + b"m"
        """The chats that have moved."""
        self.dues = tag + b"l"
        """The sessions that are to be looked at, by that time."""
        self.limits = tag + b"u"
        """The same ones by how urgent that is."""
        self.active = tag + b"a"
        """Since when those are known to be idle that were looked at."""
        self.ends = tag + b"e"
        """The ends that are to be told, by the time until which they are leased."""
        self.ended = tag + b"g"
        """The ends themselves."""
        self.visits = tag + b"x"
        """The sessions with data of which something will be past, by the earliest time of it."""
        self.data = (tag + b"v").__add__
        self.spot = (tag + b"s").__add__
        self.chat = (tag + b"c").__add__

    def memo(self, call: bytes) -> bytes:
        """Return where the answer to a call is kept for a while."""
        return self._tag + b"t" + call

    def index(self, chat_id: int) -> bytes:
        """Return where the spots of a chat are listed."""
        return self.chat(b"%d" % chat_id)

    def data_index(self, chat_id: int) -> bytes:
        """Return where the sessions of a chat that have data are listed."""
        return self._tag + b"y%d" % chat_id

    def index_of(self, spot: bytes) -> bytes:
        """Return where a spot is listed."""
        return self.chat(spot.split(b"/", 1)[0])
