"""Which message an entry is, as a code of five bytes for an ordinary message of the key's own chat."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import Final, TypeAlias

from tgslices.model import TrackedMessage
from tgslices.storage.redis.codes.texts import ID, read_number, read_text, spell_number, spell_text

Identity: TypeAlias = tuple[int, int, str | None, int | None, int | None]
"""Message, chat, business connection, ephemeral id and receiver."""

_HOME, _LARGE, _ELSEWHERE = 0, 1, 2
_AT_HOME: Final = Struct(">BI")
_LARGE_AT_HOME: Final = Struct(">Bq")
_AWAY: Final = Struct(">Bqq")


def is_home(message: TrackedMessage, chat_id: int, connection: str | None) -> bool:
    """Tell whether it is an ordinary message of this chat and business connection."""
    return (
        message.chat_id == chat_id
        and message.business_connection_id == connection
        and message.ephemeral_message_id is None
        and message.receiver_user_id is None
    )


def home_code(message_id: int) -> bytes:
    """Return the code of an ordinary message of the key's own chat."""
    if 0 <= message_id < 1 << 32:
        return _AT_HOME.pack(_HOME, message_id)
    return _LARGE_AT_HOME.pack(_LARGE, message_id)


def away_code(message: TrackedMessage) -> bytes:
    """Return the code of any other message."""
    return (
        _AWAY.pack(_ELSEWHERE, message.message_id, message.chat_id)
        + spell_text(message.business_connection_id)
        + spell_number(message.ephemeral_message_id)
        + spell_number(message.receiver_user_id)
    )


def away_code_of(message_id: int, chat: bytes) -> bytes:
    """Return the code of an ordinary message of a chat, as :func:`chat_code` tells it, that is not the key's own."""
    return bytes((_ELSEWHERE,)) + ID.pack(message_id) + chat + b"\0\0"


def away_tail(chat_id: int, connection: str | None) -> bytes:
    """Return what follows the id in the code of an ordinary message of a chat that is not the key's own."""
    return ID.pack(chat_id) + spell_text(connection) + b"\0\0"


@lru_cache(maxsize=1024)
def chat_code(chat_id: int, connection: str | None) -> bytes:
    """Return a chat and a business connection as bytes of which none begin others."""
    return ID.pack(chat_id) + spell_text(connection)


def read_code(code: bytes, chat_id: int, connection: str | None) -> Identity:
    """Return which message a code tells under a key of this chat and business connection."""
    match code[0]:
        case 0:
            return _AT_HOME.unpack(code)[1], chat_id, connection, None, None
        case 1:
            return _LARGE_AT_HOME.unpack(code)[1], chat_id, connection, None, None
    _, message_id, chat_id = _AWAY.unpack_from(code)
    connection, at = read_text(code, _AWAY.size)
    ephemeral_message_id, at = read_number(code, at)
    receiver_user_id, _ = read_number(code, at)
    return message_id, chat_id, connection, ephemeral_message_id, receiver_user_id
