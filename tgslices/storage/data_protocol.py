"""The contract of a storage of session data, written once.

Every durable storage that ships with the library has it. A plugin may have these methods, too; without them its data is
kept in this process's memory.

A *fragment* is one named piece of data under a session's key; the key need not be open. A fragment is *held* by one
holder at a time, from the time when it is loaded to the time when its change is written. A hold ends by itself at its
``until``. The former holder may still write, at least for :data:`HOLD_KEPT`, until another one has taken the fragment.
Every method is atomic, and repeating it with the same arguments after an error is harmless. Times are aware. Text has
no NUL and no half of a surrogate pair; names may have anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from tgslices.model import SessionKey

HOLD_KEPT: Final = timedelta(hours=1)
"""How long after its end a hold is remembered that nobody let go of."""


@dataclass(frozen=True, slots=True)
class StoredData:
    """A fragment as a storage keeps it: JSON text, and what is to be known without reading it."""

    text: str
    version: int
    written_at: datetime
    expires_at: datetime | None = None
    outlives_close: bool = False


@dataclass(frozen=True, slots=True)
class DataHold:
    """Which fragments one holder holds, a hundred at most. ``holder`` is unique to the hold."""

    key: SessionKey
    names: frozenset[str]
    holder: str


class DataStorage(Protocol):
    """Fragments of data under a key."""

    async def read_data(
        self, key: SessionKey, names: Collection[str] | None = None, *, now: datetime
    ) -> dict[str, StoredData]:
        """Return the fragments that are there, by name; None means all names. Waits for no holder.

        A fragment with ``expires_at <= now`` is not there.
        """

    async def hold_data(self, hold: DataHold, *, now: datetime, until: datetime) -> dict[str, StoredData] | None:
        """Take hold of all the fragments, there or not, until ``until``; return those that are there.

        Returns None, and nothing is held, while another holder has one of them (its ``until`` is later than ``now``).
        Holding again by the same holder moves its ``until``, and a fragment that was closed meanwhile may be written.
        """

    async def renew_data(self, holds: Collection[DataHold], *, until: datetime) -> None:
        """Move the end of these holds to ``until``. What another holder has taken, or nobody holds, stays as it is."""

    async def write_data(
        self, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool = True
    ) -> bool:
        """Write fragments that are held, None to drop one; ``release`` lets go of everything that is held, too.

        Returns False, and nothing is written, if one of ``changes`` is no longer held by this holder: another one has
        taken it since, or it was let go. When all of them are there as they are to be written, an earlier attempt has
        done it, and that is True. After a :meth:`close_data` since they were held, only what outlives it is written.
        """

    async def put_data(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> None:
        """Write fragments at once, None to drop one. Whoever holds one of them has lost it."""

    async def close_data(self, key: SessionKey) -> None:
        """Drop the fragments of a key, held ones too, but for those that outlive a close. ``close`` does it as well."""

    async def migrate_data(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        """Move the fragments of a chat, with their holders, to the chat's new id. ``migrate`` does it as well.

        A fragment that the new key has already stays, and the old one is dropped. If the new key has only a holder for
        it, and the old one has the fragment, that holder has lost it.
        """

    async def sweep_data(self, bot_id: int, *, now: datetime, limit: int) -> int:
        """Forget up to ``limit`` expired fragments without a hold; return how many. ``sweep`` does it as well.

        Holds are forgotten likewise that ended :data:`HOLD_KEPT` ago. Whether they are counted is free.
        """


DATA_METHODS: Final = (
    *("read_data", "hold_data", "renew_data", "write_data", "put_data"),
    *("close_data", "migrate_data", "sweep_data"),
)
