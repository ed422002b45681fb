"""Which keys hold messages of a chat that is not their own, kept in process memory.

A key's entries are nearly always of its own chat, so that a chat's keys are found by the chat. This knows the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from tgslices.model import SessionKey

Chat: TypeAlias = tuple[int, str | None]
"""A chat's id and the business connection, which makes it another chat."""


class ForeignChats:
    """Keys by the foreign chats that they hold messages of, and back."""

    __slots__ = ("_chats", "_keys")

    def __init__(self) -> None:
        self._keys: dict[tuple[int, Chat], dict[SessionKey, None]] = {}
        self._chats: dict[SessionKey, dict[Chat, None]] = {}

    def __contains__(self, key: SessionKey) -> bool:
        """Tell whether the key holds messages of a foreign chat."""
        return key in self._chats

    def keys(self, bot_id: int, chat: Chat) -> list[SessionKey]:
        """Return the keys of the bot that hold messages of this chat without being of this chat."""
        return list(self._keys.get((bot_id, chat), ()))

    def add(self, key: SessionKey, chat: Chat) -> None:
        """Note that the key holds messages of the chat, if it is another one than the key's own."""
        if chat != (key.chat_id, key.business_connection_id):
            self._keys.setdefault((key.bot_id, chat), {})[key] = None
            self._chats.setdefault(key, {})[chat] = None

    def set(self, key: SessionKey, chats: Iterable[Chat]) -> None:
        """Note that the key holds messages of these chats and of no others."""
        for chat in self._chats.pop(key, ()):
            keys = self._keys[key.bot_id, chat]
            del keys[key]
            if not keys:
                del self._keys[key.bot_id, chat]
        for chat in chats:
            self.add(key, chat)
