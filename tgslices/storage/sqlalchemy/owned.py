"""The open keys of a database that this process owns alone, in memory, with the numbers of their rows."""

from __future__ import annotations

from collections.abc import Iterable

from tgslices.model import Scope, SessionKey
from tgslices.storage.keyindex import KeyIndex


class OwnedKey:
    """An open key. ``row_id`` is where its entries go now; None once it is open no more.

    Writes that wait for their turn hold on to it, so that they land where the key is by then.
    """

    __slots__ = ("bot_id", "business_connection_id", "chat_id", "qualifier", "row_id", "thread_id", "user_id")

    def __init__(self, key: SessionKey, row_id: int) -> None:
        """Stand for a key and its row."""
        self.bot_id: int = key.bot_id
        self.chat_id: int = key.chat_id
        self.user_id: int | None = key.user_id
        self.thread_id: int | None = key.thread_id
        self.business_connection_id: str | None = key.business_connection_id
        self.qualifier: str | None = key.qualifier
        self.row_id: int | None = row_id

    def key(self) -> SessionKey:
        """Return the key, made anew because a million of them would take room."""
        return SessionKey(
            self.bot_id, self.chat_id, self.user_id, self.thread_id, self.business_connection_id, self.qualifier
        )


class OwnedKeys:
    """Every open key of the database.

    Changes follow the database: they are made when it has committed. A key that is about to change is in doubt until
    then, and stays so when the change fails, because a commit may have failed to answer and not to commit.
    """

    __slots__ = ("_in_doubt", "_index")

    def __init__(self) -> None:
        """Start with no key open."""
        self._index: KeyIndex[OwnedKey] = KeyIndex()
        self._in_doubt: set[SessionKey] = set()

    def forget_all(self) -> None:
        """Start anew."""
        self._index = KeyIndex()
        self._in_doubt.clear()

    def is_idle(self, bot_id: int) -> bool:
        """Tell whether it is certain that the bot has no open key."""
        return not self._in_doubt and self._index.lacks_bot(bot_id)

    def get(self, key: SessionKey) -> OwnedKey | None:
        """Return what stands for an open key."""
        return self._index.get(key)

    def matching(self, scope: Scope) -> list[OwnedKey]:
        """Return what stands for the open keys that a scope belongs to, in no particular order."""
        return self._index.matching(scope)

    def of_bot(self, bot_id: int) -> list[SessionKey]:
        """Return every open key of a bot, in no particular order."""
        return [owned.key() for owned in self._index.of_bot(bot_id)]

    def of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        """Return every open key of a chat, in no particular order."""
        return [owned.key() for owned in self._index.of_chat(bot_id, chat_id)]

    @property
    def in_doubt(self) -> list[SessionKey]:
        """Return the keys whose state the database must be asked for."""
        return list(self._in_doubt)

    def doubt(self, keys: Iterable[SessionKey]) -> None:
        """Note that keys are about to change."""
        self._in_doubt.update(keys)

    def ascertain(self, key: SessionKey, row_id: int | None) -> None:
        """Note that a key is open, with its row, or that it is not."""
        self._in_doubt.discard(key)
        there = self._index.get(key)
        if row_id is None:
            if there is not None:
                self._index.pop(key)
                there.row_id = None
        elif there is None:
            self._index.put(OwnedKey(key, row_id))
        else:
            there.row_id = row_id

    def moved(self, key: SessionKey, new_key: SessionKey, row_id: int) -> None:
        """Note that an open key was renamed, or merged into one that existed; ``row_id`` is where its entries are."""
        self._in_doubt.discard(key)
        there = self._index.pop(key)
        if there is not None:
            there.row_id = row_id
        self.ascertain(new_key, row_id)
