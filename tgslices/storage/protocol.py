"""The contract of a storage, written once.

A plugin needs the four methods of :class:`SessionStorage`. The storages that ship with the library implement
:class:`DurableSessionStorage`: they also keep which keys are open and which deletions are pending, so that a restart,
a crash or a second worker changes nothing.

Every method may be called by many tasks at once. Each one is atomic: it happens whole or, when it raises, not at all,
and repeating it after an error is harmless. A storage hands out values, never aliases of what it keeps, and creates
nothing when it is merely read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

from tgslices.errors import InvalidStorage
from tgslices.model import PendingDeletion, Scope, SessionKey, TrackedMessage


class SessionStorage(Protocol):
    """Four methods make a storage: entries under a key."""

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        """Add one entry at the end. Adding the same message (``==``) again is a no-op that keeps the first record."""

    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        """Return all entries in the order in which they were added; ``[]`` for an unknown key."""

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        """Remove exactly these entries, by identity; return how many of them were there."""

    async def clear(self, key: SessionKey) -> None:
        """Remove every entry of the key. Nothing happens for an unknown key."""


class DurableSessionStorage(SessionStorage, Protocol):
    """A storage that also keeps open keys and pending deletions."""

    def is_idle(self, bot_id: int) -> bool:
        """Tell without I/O whether it is certain that this bot has no open key. False when in doubt."""

    async def start(self) -> None:
        """Connect and prepare; called once before first use by whoever awaits first, harmless when repeated."""

    async def aclose(self) -> None:
        """Finish what was accepted, then release what the storage itself opened. Harmless when repeated."""

    async def open(self, key: SessionKey) -> None:
        """Open the key. Nothing happens when it is open already."""

    async def unsubscribe(self, key: SessionKey) -> None:
        """Stop tracking: the key is no longer open; its entries stay."""

    async def close(self, key: SessionKey) -> int:
        """Stop tracking and drop the entries in one step; return how many were dropped. Pending deletions stay."""

    async def matching(self, scope: Scope) -> list[SessionKey]:
        """Return the open keys that the scope belongs to, in no particular order.

        A key matches when bot, chat and business connection agree (None only with None), and its user and its topic
        each are None or agree. The qualifier plays no part. Cost must not grow with the number of open keys.
        """

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        """Return every open key of the bot, in no particular order."""

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        """Add one entry to every open key that the scope matches, in one round trip; return how many keys matched."""

    async def add_opening(self, key: SessionKey, message: TrackedMessage) -> None:
        """Add one entry and open the key if it is not open, in one step."""

    async def add_if_open(self, key: SessionKey, message: TrackedMessage) -> bool:
        """Add one entry only while the key is open; return whether it is."""

    async def discard(
        self,
        bot_id: int,
        business_connection_id: str | None,
        chat_id: int,
        message_ids: Collection[int],
    ) -> int:
        """Drop the entries of messages that are known to be gone, from every key of the bot and from what is pending.

        Returns how many entries and pending deletions were dropped.
        """

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        """Move every key of a chat, open or not, with its entries and pending deletions, to the chat's new id.

        Entries keep their own ``chat_id``. Where the new key exists already, the old entries are added behind its own.
        Returns the old keys that were open. That the chat has migrated is remembered; see :meth:`migrated`.
        """

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        """Return which of these chats the bot's keys have moved away from, in any process that shares the storage."""

    async def claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage],
        *,
        now: datetime,
        until: datetime,
    ) -> list[TrackedMessage]:
        """Move entries from the key to the pending deletions in one step, leased to the caller until ``until``.

        Returns, in the key's order, those that were there; an entry is returned to one caller only. An entry that is
        pending already for the same key leaves the key as well, and is returned.
        """

    async def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        """Take up to ``limit`` pending deletions that are due (``due_at <= now``), earliest first, and hold them.

        Their ``due_at`` becomes ``until``; no other caller gets them before.
        """

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        """Set when these pending deletions are due; those that are settled already are left out."""

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        """Drop pending deletions that are done with; return how many were there."""

    async def pending(self, bot_id: int) -> list[PendingDeletion]:
        """Return every pending deletion of the bot, due or not, earliest ``due_at`` first."""

    async def next_due(self, bot_id: int) -> datetime | None:
        """Return when the bot's earliest pending deletion is due; None when nothing is pending."""


PLUGIN_METHODS: Final = ("add", "list", "remove", "clear")
DURABLE_METHODS: Final = (
    *PLUGIN_METHODS,
    *(
        "is_idle",
        "start",
        "aclose",
        "open",
        "unsubscribe",
        "close",
        "matching",
        "open_keys",
        "record",
    ),
    *("add_opening", "add_if_open", "discard", "migrate", "migrated"),
    *("claim", "lease", "postpone", "settle", "pending", "next_due"),
)

_TELLING: Final = ("claim", "lease", "postpone", "settle")
"""Who has several of these means to be durable."""


def missing_methods(storage: object, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the names in ``wanted`` that the object has no callable for, in that order."""
    return tuple(name for name in wanted if not callable(getattr(storage, name, None)))


def require_storage(storage: object) -> None:
    """Check that an object has the four methods, and all of the durable protocol if it has a part of what tells it.

    Raises:
        InvalidStorage: one is missing, or a class was given instead of an instance.
    """
    missing = PLUGIN_METHODS if isinstance(storage, type) else missing_methods(storage, PLUGIN_METHODS)
    if not missing and len(missing_methods(storage, _TELLING)) <= len(_TELLING) - 2:
        missing = missing_methods(storage, DURABLE_METHODS)
    if missing:
        raise InvalidStorage(storage, missing)
