"""Which keys are open, kept in process memory."""

from __future__ import annotations

from tgslices.model import Scope, SessionKey
from tgslices.storage.inprocess.key_map import KeyMap


class OpenKeys:
    """The open keys of any number of bots. No call costs more because more keys are open."""

    __slots__ = ("_index",)

    def __init__(self) -> None:
        self._index: KeyMap[SessionKey] = KeyMap()

    def __contains__(self, key: SessionKey) -> bool:
        return key in self._index

    def is_idle(self, bot_id: int) -> bool:
        """Tell, with one dictionary check, whether the bot has no open key."""
        return bot_id not in self._index.by_bot

    def open(self, key: SessionKey) -> bool:
        """Open a key; return whether it was closed before."""
        if key in self:
            return False
        self._index.put(key, key)
        return True

    def unsubscribe(self, key: SessionKey) -> bool:
        """Let a key be open no more; return whether it was."""
        return self._index.pop(key) is not None

    def matching(self, scope: Scope) -> list[SessionKey]:
        """Return the open keys that a scope belongs to, in no particular order."""
        return self._index.matching(scope)

    def open_keys(self, bot_id: int) -> list[SessionKey]:
        """Return every open key of a bot, in no particular order."""
        return self._index.of_bot(bot_id)

    def few_of_chat(self, bot_id: int, chat_id: int, most: int) -> list[SessionKey] | None:
        """Return every open key of a chat, in no particular order; None where there are more than ``most``."""
        return self._index.few_of_chat(bot_id, chat_id, most)

    def of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        """Return every open key of a chat, in no particular order."""
        return self._index.of_chat(bot_id, chat_id)

    def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        """Open, for every open key of a chat, the same key of the chat's new id; return the old keys."""
        if old_chat_id == new_chat_id:
            return self.of_chat(bot_id, old_chat_id)
        moved = self.of_chat(bot_id, old_chat_id)
        for key in moved:
            self.unsubscribe(key)
            self.open(key.in_chat(new_chat_id))
        return moved
