"""The open keys of a database that this process owns alone, in memory, with the numbers of their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tgslices.model import Scope, SessionKey, TrackedMessage
from tgslices.storage.inprocess.key_map import KeyMap
from tgslices.storage.sqlalchemy.tables.rows import unescape
from tgslices.storage.sqlalchemy.tables.schema import NO_ID


class OwnedKey:
    """Stands for an open key. ``row_id`` is where its entries go now; None once it is open no more.

    Writes that wait for their turn hold on to it, so that they land where the key is by then.
    """

    __slots__ = ("after_id", "row_id")

    def __init__(self, row_id: int, after_id: int | None) -> None:
        """Stand for a key with this row. ``after_id``: up to which id messages were there before it was opened."""
        self.row_id: int | None = row_id
        self.after_id = after_id

    def was_before(self, scope: Scope, message: TrackedMessage) -> bool:
        """Tell whether a message was in the chat of the key, whose scope this is, before the key was opened."""
        after_id = self.after_id
        if after_id is None or not 0 < message.message_id <= after_id:
            return False
        is_home = message.chat_id == scope.chat_id
        return is_home and message.business_connection_id == scope.business_connection_id


class OwnedKeys:
    """Every open key of the database.

    Changes follow the database: they are made when it has committed. A key that is about to change is in doubt until
    then. It stays in doubt when the change fails: a commit may have failed to answer and not to commit.
    """

    __slots__ = ("_in_doubt", "_keys")

    def __init__(self) -> None:
        self._keys: KeyMap[OwnedKey] = KeyMap()
        self._in_doubt: set[SessionKey] = set()

    def is_idle(self, bot_id: int) -> bool:
        """Tell whether it is certain that the bot has no open key."""
        return not self._in_doubt and bot_id not in self._keys.by_bot

    def get(self, key: SessionKey) -> OwnedKey | None:
        """Return what stands for an open key."""
        return self._keys.get(key)

    def matching(self, scope: Scope) -> list[OwnedKey]:
        """Return what stands for the open keys that a scope belongs to, in no particular order."""
        return self._keys.matching(scope)

    def matching_keys(self, scope: Scope) -> list[SessionKey]:
        """Return the open keys that a scope belongs to, in no particular order."""
        return self._keys.matching_keys(scope)

    def of_bot(self, bot_id: int) -> list[SessionKey]:
        """Return every open key of a bot, in no particular order."""
        return self._keys.of_bot(bot_id)

    def of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        """Return every open key of a chat, in no particular order."""
        return self._keys.of_chat(bot_id, chat_id)

    def load(self, rows: Iterable[Sequence[Any]]) -> None:
        """Note that keys are open, none of which is here yet. A row has id, ``after_id`` and ``KEY_COLUMNS``.

        No session key is made of it: there may be a million of them at a start.
        """
        put = self._keys.put_node
        for row_id, after_id, bot_id, chat_id, user_id, thread_id, _, connection, qualifier in rows:
            user = chat_id if user_id == chat_id else None if user_id == NO_ID else user_id
            thread = None if thread_id == NO_ID else thread_id
            there = OwnedKey(row_id, after_id)
            put(bot_id, chat_id, (user, thread, unescape(connection), unescape(qualifier), there))

    def clear(self) -> None:
        """Forget every key."""
        self._keys = KeyMap()
        self._in_doubt.clear()

    def is_certain(self, bot_id: int, chat_id: int | None = None) -> bool:
        """Tell whether no key of a bot, or of one of its chats, is in doubt."""
        return not self._in_doubt or not any(
            key.bot_id == bot_id and chat_id in (None, key.chat_id) for key in self._in_doubt
        )

    @property
    def in_doubt(self) -> list[SessionKey]:
        """Return the keys whose state the database must be asked for."""
        return list(self._in_doubt)

    def doubt(self, keys: Iterable[SessionKey]) -> None:
        """Note that keys are about to change."""
        self._in_doubt.update(keys)

    def ascertain(self, key: SessionKey, row_id: int | None, after_id: int | None = None) -> None:
        """Note that a key is open, with its row and watermark, or that it is not."""
        self._in_doubt.discard(key)
        there = self._keys.get(key)
        if there is not None:
            there.row_id, there.after_id = row_id, after_id
            if row_id is None:
                self._keys.pop(key)
        elif row_id is not None:
            self._keys.put(key, OwnedKey(row_id, after_id))

    def moved(self, key: SessionKey, new_key: SessionKey, row_id: int, after_id: int | None) -> None:
        """Note that an open key was renamed, or merged into one that existed; ``row_id`` is where its entries are."""
        self._in_doubt.discard(key)
        there = self._keys.pop(key)
        if there is not None:
            there.row_id = row_id
        self.ascertain(new_key, row_id, after_id)
