"""The contract of a storage, written once.

A plugin needs the four methods of :class:`SessionStorage`. The storages that ship with the library implement
:class:`DurableSessionStorage`. They also keep which keys are open, which deletions are pending and which messages a key
knows. So a restart, a crash, a second worker or a repeated update changes nothing. Past 300 lines, because the contract
is one.

Every method may be called by many tasks at once. Each one is atomic: it happens whole or, when it raises, not at all,
and repeating it after an error is harmless. A storage hands out values, never aliases of what it keeps, and creates
nothing when it is merely read. Times are aware; they may come in any zone.

A key *knows* a message that left it or was kept out of it, if an update may bring the message again
(:func:`~tgslices.model.may_come_again`). An update does not bring back what the key knows. Known messages are in no
list; closing and reopening the key leaves them. A known message may be forgotten once ``message.at`` is
``REPEAT_WINDOW`` ago.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Final, NamedTuple, Protocol

from tgslices.errors import InvalidStorage
from tgslices.model import Gone, IfClosed, PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.data_protocol import DATA_METHODS, DataStorage
from tgslices.storage.ending_protocol import LIFETIME_METHODS, Due, LifetimeStorage
from tgslices.storage.erasing_protocol import ERASING_METHODS, ErasingStorage
from tgslices.storage.listing_protocol import LISTING_METHODS, ListingStorage
from tgslices.storage.pending_protocol import PENDING_METHODS, PendingListing


class Added(IntEnum):
    """What became of one entry and its key; false where nothing did."""

    LEFT_OUT = 0
    HELD = 1
    """The key holds the entry."""
    OPENED = 2
    """The key holds the entry, and was opened for it in the same step."""


class Closed(NamedTuple):
    """What a close did: how many entries it dropped, and whether the key was open until then."""

    dropped: int
    was_open: bool


class SessionStorage(Protocol):
    """Four methods make a storage: entries under a key."""

    async def add(self, key: SessionKey, message: TrackedMessage) -> object:
        """Add one entry at the end. Adding the same message (``==``) again is a no-op that keeps the first record."""

    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        """Return all entries in the order in which they were added; ``[]`` for an unknown key."""

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        """Remove exactly these entries, by identity; return how many of them were there."""

    async def clear(self, key: SessionKey) -> None:
        """Remove every entry of the key. Nothing happens for an unknown key."""


class DurableSessionStorage(
    SessionStorage, DataStorage, LifetimeStorage, ListingStorage, PendingListing, ErasingStorage, Protocol
):
    """A storage that also keeps open keys, pending deletions, known messages, data, and when sessions are due."""

    # Its life

    async def start(self) -> None:
        """Connect and prepare. The first call of any other method does it as well. Harmless when repeated."""

    async def aclose(self) -> None:
        """Finish what was accepted, then release what the storage itself opened. Harmless when repeated."""

    # What is open

    def is_idle(self, bot_id: int) -> bool:
        """Tell without I/O whether it is certain that this bot has no open key. False when in doubt."""

    def knows_open(self, key: SessionKey) -> bool:
        """Tell without I/O whether it is certain that the key is open. False when in doubt."""

    async def is_open(self, key: SessionKey) -> bool:
        """Tell whether the key is open."""

    async def open(
        self,
        key: SessionKey,
        *,
        at: datetime,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        due: Due | None = None,
    ) -> bool:
        """Open the key as of ``at``; return whether it was opened now. Nothing happens when it is open already.

        ``outside`` is the message whose handling opened the key: the key knows it. If it is in the key's own chat and
        connection and its id is positive, it is also a watermark: :meth:`record` leaves out every message of that chat
        and connection with a positive id up to its own. The watermark ends when the key is no longer open.

        ``begun_at`` is given when an earlier attempt of this call may have been done. If the key is closed and
        ``closed_at > begun_at``, nothing happens.

        ``due`` tells when the session is to be looked at, to end it; see :class:`LifetimeStorage`.
        """

    async def unsubscribe(self, key: SessionKey) -> bool:
        """Stop tracking: the key is no longer open; its entries stay. Return whether it was open."""

    async def close(self, key: SessionKey, *, at: datetime) -> Closed:
        """Stop tracking and drop the entries in one step. Pending deletions stay.

        Data that does not outlive it is dropped, too; see :meth:`close_data`. The key knows the dropped entries, and
        what was discarded by hand. ``at`` becomes its ``closed_at``, also if the key was not open, and is kept for
        ``REPEAT_WINDOW``. An earlier time never replaces a later one.
        """

    async def matching(self, scope: Scope) -> list[SessionKey]:
        """Return the open keys that the scope belongs to, in no particular order.

        A key matches when bot, chat and business connection agree (None only with None), and its user and its topic
        each are None or agree. The qualifier plays no part. Cost must not grow with the number of open keys.
        """

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        """Return every open key of the bot, in no particular order."""

    async def is_held(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        business_connection_id: str | None = None,
        user_id: int | None = None,
    ) -> bool:
        """Tell, in one round trip, whether an open key of the bot holds a message, whoever's key it is.

        The message is the one of this chat and business connection, and not ephemeral; its key may be of another chat.
        What was discarded by hand counts as held. ``user_id`` is a hint whose keys to look at first.
        """

    # Entries

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        """Add one entry to every open key that the scope matches, in one round trip; return how many keys matched.

        A key that holds the message, knows it, or has it pending or discarded by hand stays as it is and counts as
        matched. So does one whose watermark covers it; see :meth:`open`.
        """

    async def add(
        self,
        key: SessionKey,
        message: TrackedMessage,
        *,
        if_closed: IfClosed = IfClosed.KEEP,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        unless_known: bool = False,
        due: Due | None = None,
    ) -> Added:
        """Add one entry at the end, also if the key knows the message.

        What is pending stays pending as well; what was discarded by hand is an entry again. ``if_closed`` tells what
        happens to a closed key: it is opened in the same step (as :meth:`open` with ``at=message.at``, ``outside`` and
        ``due``), stays closed, or gets nothing. ``unless_known`` leaves out what :meth:`record` would leave out, and
        opens nothing for it. ``begun_at`` is that of :meth:`open`: a key that was closed since gets nothing. Where
        a closed key gets nothing, neither does one with ``opened_at > begun_at``: it was closed when the call began.
        """

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        """Take these messages out of the key, by identity; return how many of them were there.

        Messages discarded by hand are taken out and counted as well. The key knows all of ``messages`` from now on,
        also what it never held.
        """

    async def clear(self, key: SessionKey) -> None:
        """Take every entry out of the key, what was discarded by hand included. The key knows them from now on."""

    async def discard(self, bot_id: int, gone: Gone, *, surely: bool = True) -> int:
        """Drop the entries of messages that were deleted past the session, under every key of the bot.

        *Surely* gone ones are dropped for good, from what is pending, too, and the keys that held them know them.
        Otherwise the entries are discarded *by hand*: no list shows them and :meth:`record` does not bring them back,
        but ``claim(key, None)`` hands them out once more. Pending deletions stay then.

        Returns how many entries and pending deletions were dropped.
        """

    async def note_buttons(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        has_buttons: bool,
        business_connection_id: str | None = None,
    ) -> int:
        """Set whether a message has buttons, in its entries under every key of the bot; return how many it changed.

        The message is the one of this chat and business connection, and not ephemeral. Pending deletions stay as they
        are. A storage that keeps entries by a plugin, which cannot change one, changes none.
        """

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        """Move every key of a chat, open or not, with all that is kept under it, to the chat's new id.

        Entries keep their own ``chat_id``. Where the new key exists already, the old entries are added behind its own.
        Watermarks of the old keys are dropped, because ids start anew; of two times when a session is due the earlier
        stays. Returns the old keys that were open. That the chat has migrated is remembered; see :meth:`migrated`. Data
        moves as :meth:`migrate_data` says.
        """

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        """Return which of these chats the bot's keys have moved away from, in any process that shares the storage."""

    # Pending deletions

    async def claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None = None,
    ) -> list[TrackedMessage]:
        """Move entries from the key to the pending deletions in one step, leased to the caller until ``until``.

        ``messages`` None means every entry, what was discarded by hand included. Returns the entries that were there,
        at most ``limit``, in the key's order. An entry is returned to one caller only. An entry that is pending
        already for the same key leaves the key as well, and is returned.
        """

    async def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        """Take up to ``limit`` pending deletions that are due, earliest ``due_at`` first, and hold them.

        Due is what has ``due_at <= now``, and what has ``due_at > now + MAX_WAIT``, which a clock wrote that was ahead.
        Their ``due_at`` becomes ``until``; no other caller gets them before.

        A storage may keep a hold beside the time at which something that was due is *due by itself*, if
        ``now < until <= now + MAX_WAIT``. Then it may go by that time in its order. What a clock held that was ahead
        need not be due before that time.
        """

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        """Set when these pending deletions are due. Settled ones are left out."""

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        """Drop pending deletions that are done with; return how many were there. Their keys know the messages."""

    async def pending(self, bot_id: int) -> list[PendingDeletion]:
        """Return every pending deletion of the bot, due or not, earliest ``due_at`` first."""

    async def next_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        """Return when the bot's earliest pending deletion is due; None when nothing is pending.

        What is due later than ``now + MAX_WAIT`` counts as due ``now``; see :meth:`lease`. When something is due now,
        any time may be returned that is not later.
        """

    # Upkeep

    async def sweep(self, bot_id: int, *, now: datetime, limit: int) -> int:
        """Forget up to ``limit`` known messages, closing times and data of the bot that are past; return how many.

        Past is a known message whose ``at + REPEAT_WINDOW <= now``, and likewise a ``closed_at``. Less than ``limit``
        means that none is left.
        """


PLUGIN_METHODS: Final = ("add", "list", "remove", "clear")
DURABLE_METHODS: Final = (
    *PLUGIN_METHODS,
    *("start", "aclose", "is_idle", "knows_open", "is_open", "open", "unsubscribe", "close", "matching", "open_keys"),
    "is_held",
    *("record", "discard", "note_buttons", "migrate", "migrated"),
    *("claim", "lease", "postpone", "settle", "pending", "next_due", "sweep"),
    *DATA_METHODS,
    *LIFETIME_METHODS,
    *LISTING_METHODS,
    *PENDING_METHODS,
    *ERASING_METHODS,
)

_TELLING: Final = ("claim", "lease", "postpone", "settle")
"""A storage that has several of these means to be durable."""


def missing_methods(storage: object, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the names in ``wanted`` that the object has no callable for, in that order."""
    return tuple(name for name in wanted if not callable(getattr(storage, name, None)))


def require_storage(storage: object) -> None:
    """Check that an object has the four methods, and all of the durable protocol if it has a part of what tells it.

    A plugin of four methods may have those of data, too: all of them or none.

    Raises:
        InvalidStorage: one is missing, or a class was given instead of an instance.
    """
    missing = PLUGIN_METHODS if isinstance(storage, type) else missing_methods(storage, PLUGIN_METHODS)
    if not missing and len(missing_methods(storage, _TELLING)) <= len(_TELLING) - 2:
        missing = missing_methods(storage, DURABLE_METHODS)
    if missing or (missing := missing_data_methods(storage)):
        raise InvalidStorage(storage, missing)


def missing_data_methods(storage: object) -> tuple[str, ...]:
    """Return which methods of data a storage lacks that has some of them; nothing if it has none."""
    missing = missing_methods(storage, DATA_METHODS)
    return missing if len(missing) < len(DATA_METHODS) else ()
