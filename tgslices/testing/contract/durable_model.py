"""What a durable storage must keep, as plain dictionaries and sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from tgslices.model import Gone, PendingDeletion, Scope, SessionKey, TrackedMessage, may_come_again
from tgslices.storage.ending_protocol import Due
from tgslices.testing.contract.due_times import DueTime
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


@dataclass(frozen=True, slots=True)
class Life:
    """A session that is due at some time, and when it was active at least; ``by_itself`` if a lease holds it."""

    opened_at: datetime
    due: Due
    active_at: datetime
    by_itself: datetime | None = None

    @property
    def due_time(self) -> DueTime:
        """When it is due."""
        return DueTime(self.due.at, self.by_itself or self.due.at)


def _merged(moved: Life, there: Life) -> Life:
    """Return what two sessions have become."""
    due = Due(min(moved.due.at, there.due.at), min(moved.due.limit, there.due.limit))
    return Life(there.opened_at, due, max(moved.active_at, there.active_at))


class DurableModel(EntriesMachine):
    """Adds open keys, pending deletions and known messages to the model.

    ``entries`` also has what was discarded by hand, in its place; ``hidden`` tells it apart.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open_keys: set[SessionKey] = set()
        self.pending: dict[PendingDeletion, PendingDeletion] = {}
        self.by_itself: dict[PendingDeletion, datetime] = {}
        self.hidden: set[tuple[SessionKey, TrackedMessage]] = set()
        self.known: dict[tuple[SessionKey, TrackedMessage], datetime] = {}
        self.after: dict[SessionKey, int] = {}
        self.closed_at: dict[SessionKey, datetime] = {}
        self.lives: dict[SessionKey, Life] = {}
        self.opened_at: dict[SessionKey, datetime] = {}

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

    def was_opened_since(self, key: SessionKey, begun_at: datetime | None) -> bool:
        """Tell whether a key is open that was closed when a call began."""
        return begun_at is not None and key in self.open_keys and self.opened_at[key] > begun_at

    def open_in_model(
        self, key: SessionKey, outside: TrackedMessage | None, at: datetime = NOW, due: Due | None = None
    ) -> None:
        """Open a key, with a message that stays outside of it together with all before it."""
        self.open_keys.add(key)
        self.opened_at[key] = at
        if due is not None:
            self.lives[key] = Life(at, due, at)
        if outside is not None:
            self.learn(key, [outside])
            if (outside.chat_id, outside.business_connection_id) == (key.chat_id, key.business_connection_id):
                self.after[key] = outside.message_id

    def unsubscribe_in_model(self, key: SessionKey) -> None:
        """Let a key be open no more."""
        self.open_keys.discard(key)
        self.after.pop(key, None)
        self.lives.pop(key, None)
        self.opened_at.pop(key, None)

    def close_in_model(self, key: SessionKey, at: datetime) -> None:
        """Note when a key was closed."""
        self.unsubscribe_in_model(key)
        self.closed_at[key] = max(at, self.closed_at.get(key, at))

    def may_migrate(self, bot: int, old: int) -> bool:
        """Tell whether it is certain what a migration of a chat to the other one does."""
        held = {*self.entries, *self.open_keys, *self.closed_at, *(key for key, _ in self.known)}
        for key in held:
            if (key.bot_id, key.chat_id) == (bot, old):
                new = key.in_chat(3 - old)
                both = {*self.entries.get(key, [])}.intersection(self.entries.get(new, []))
                if any((it, message) in self.hidden for it in (key, new) for message in both):
                    return False  # an entry here that was discarded by hand there: which of them stays is left open
        return True

    def migrate_in_model(self, bot: int, old: int) -> None:
        """Move the keys of a chat onto those of the other one."""
        held = {*self.entries, *self.open_keys, *self.closed_at, *(key for key, _ in self.known)}
        moving = {key: key.in_chat(3 - old) for key in held if (key.bot_id, key.chat_id) == (bot, old)}
        were_open = self.open_keys.intersection(moving)
        for key, new in moving.items():
            hidden = {message for it, message in self.hidden if it == key}
            for message in self.take_from_model(key, self.entries.get(key, [])):
                self.add_to_model(new, message)
                self.hidden.update({(new, message)} if message in hidden else ())
            for message in [message for it, message in self.known if it == key]:
                self.known[new, message] = self.known.pop((key, message))
            if (closed_at := self.closed_at.pop(key, None)) is not None:
                self.closed_at[new] = max(closed_at, self.closed_at.get(new, closed_at))
            self.after.pop(key, None)
            if (opened_at := self.opened_at.pop(key, None)) is not None:
                self.opened_at.setdefault(new, opened_at)
            if (life := self.lives.pop(key, None)) is not None:
                self.lives[new] = _merged(life, self.lives[new]) if new in self.lives else life
        self.open_keys -= were_open
        self.open_keys |= {moving[key] for key in were_open}
        for pending in [it for it in self.pending if (it.key.bot_id, it.key.chat_id) == (bot, old)]:
            moved = replace(self.pending.pop(pending), key=pending.key.in_chat(3 - old))
            if moved not in self.pending:
                self.pending[moved], self.by_itself[moved] = moved, self.by_itself[pending]

    def claim_in_model(
        self, key: SessionKey, expected: list[TrackedMessage], until: datetime, *, now: datetime = NOW
    ) -> None:
        """Let entries be pending."""
        self.learn(key, self.take_from_model(key, expected))
        for message in expected:
            new = PendingDeletion(key, message, now, until)
            there = self.pending.get(new)
            self.pending[new] = new if there is None else replace(there, due_at=until)
            self.by_itself[new] = until

    def due_times(self, bot: int) -> list[DueTime]:
        """Return when a bot's pending deletions are due."""
        return [self.due_time(it) for it in self.pending if it.key.bot_id == bot]

    def due_time(self, pending: PendingDeletion) -> DueTime:
        """Return when a pending deletion is due."""
        return DueTime(self.pending[pending].due_at, self.by_itself[pending])

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
