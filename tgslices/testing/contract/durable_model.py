"""What a durable storage must keep, as plain dictionaries and sets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tgslices.model import Gone, PendingDeletion, Scope, SessionKey, TrackedMessage, may_come_again
from tgslices.testing.contract.machine import EntriesMachine
from tgslices.testing.contract.samples import NOW


def is_gone(message: TrackedMessage, gone: Gone) -> bool:
    """Tell whether a message is gone."""
    if (message.chat_id, message.business_connection_id) != (gone.chat_id, gone.business_connection_id):
        return False
    if gone.receiver_user_id is not None:
        is_of_receiver = message.receiver_user_id == gone.receiver_user_id
        return is_of_receiver and message.ephemeral_message_id in (gone.message_ids or ())
    if message.ephemeral_message_id is not None:
        return False
    return message.thread_id == gone.thread_id if gone.message_ids is None else message.message_id in gone.message_ids


class DurableModel(EntriesMachine):
    """Adds open keys, pending deletions and known messages to the model.

    ``entries`` also has what was discarded by hand, in its place; ``hidden`` tells it apart.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open_keys: set[SessionKey] = set()
        self.pending: dict[PendingDeletion, PendingDeletion] = {}
        self.hidden: set[tuple[SessionKey, TrackedMessage]] = set()
        self.known: dict[tuple[SessionKey, TrackedMessage], datetime] = {}
        self.after: dict[SessionKey, int] = {}
        self.closed_at: dict[SessionKey, datetime] = {}

    def listed(self, key: SessionKey) -> list[TrackedMessage]:
        """Return what the model lists."""
        return [message for message in self.entries.get(key, []) if (key, message) not in self.hidden]

    def add_to_model(self, key: SessionKey, message: TrackedMessage) -> None:
        """Add an entry to the model, as a storage should."""
        if (key, message) in self.hidden:
            self.take_from_model(key, [message])
        super().add_to_model(key, message)

    def take_from_model(self, key: SessionKey, gone: list[TrackedMessage]) -> list[TrackedMessage]:
        """Remove entries from the model, hidden or not; return the removed ones."""
        self.hidden -= {(key, message) for message in gone}
        return super().take_from_model(key, gone)

    def learn(self, key: SessionKey, gone: Iterable[TrackedMessage]) -> None:
        """Let a key know those of these messages that may come again."""
        self.known.update({(key, message): message.at for message in gone if may_come_again(message)})

    def leaves_out(self, key: SessionKey, message: TrackedMessage) -> bool:
        """Tell whether an update brings nothing new to a key that does not list the message."""
        if message in self.listed(key):
            return False
        is_there = (key, message) in self.hidden or PendingDeletion(key, message, NOW, NOW) in self.pending
        in_order = (message.chat_id, message.business_connection_id) == (key.chat_id, key.business_connection_id)
        is_before = in_order and 0 < message.message_id <= self.after.get(key, 0)
        return is_there or is_before or (key, message) in self.known

    def is_outdated(self, key: SessionKey, begun_at: datetime | None) -> bool:
        """Tell whether a key is closed and was closed after a call began."""
        if begun_at is None or key in self.open_keys:
            return False
        return key in self.closed_at and self.closed_at[key] > begun_at

    def open_in_model(self, key: SessionKey, outside: TrackedMessage | None) -> None:
        """Open a key, with a message that stays outside of it together with all before it."""
        self.open_keys.add(key)
        if outside is not None:
            self.learn(key, [outside])
            if (outside.chat_id, outside.business_connection_id) == (key.chat_id, key.business_connection_id):
                self.after[key] = outside.message_id

    def matching(self, scope: Scope) -> list[SessionKey]:
        """Return the open keys of a scope."""
        return [
            key
            for key in self.open_keys
            if (key.bot_id, key.chat_id) == (scope.bot_id, scope.chat_id)
            and key.business_connection_id == scope.business_connection_id
            and key.user_id in (None, scope.user_id)
            and key.thread_id in (None, scope.thread_id)
        ]
