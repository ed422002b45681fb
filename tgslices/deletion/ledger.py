"""The books of one run: what became of each entry, written to the storage as soon as it is known."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from tgslices.deletion.routes import Route, route_of
from tgslices.deletion.windows import AGE_LIMIT, AGE_MARGIN, too_old_from
from tgslices.described import described
from tgslices.doubling import Doubling
from tgslices.model import PendingDeletion, TrackedMessage
from tgslices.results import ClearResult, Outcome
from tgslices.storage.protocol import DurableSessionStorage

log = logging.getLogger("tgslices")

REST: Final = Doubling(first=timedelta(seconds=5), most=timedelta(minutes=42, seconds=40))
"""How long a pending deletion rests before the next run: it doubles with the time since it was claimed."""

FAILED_LAST: Final = timedelta(seconds=1)
"""How much later what failed is due than what was not even asked for."""


class Ledger:
    """Entries that were claimed, by message; the same message may be pending for several sessions.

    A storage that fails costs nothing but time: what it did not write down comes back when its lease ends, is asked for
    once more, and Telegram skips what is gone.
    """

    def __init__(
        self,
        storage: DurableSessionStorage,
        pending: Sequence[PendingDeletion],
        *,
        clock: Callable[[], datetime],
        lease: timedelta,
    ) -> None:
        """Open the books for entries that the caller holds until the earliest of their ``due_at``."""
        self._storage = storage
        self._clock = clock
        self._lease = lease
        self._entries: list[PendingDeletion] = []
        self._held_until = min((entry.due_at for entry in pending), default=clock())
        self._by_message: dict[TrackedMessage, list[PendingDeletion]] = {}
        for entry in pending:
            copies = self._by_message.setdefault(entry.message, [])
            if all(copy.key != entry.key for copy in copies):
                copies.append(entry)
                self._entries.append(entry)
        self._fates: dict[TrackedMessage, Outcome] = {}

    @property
    def messages(self) -> list[TrackedMessage]:
        """Every message once, in the order given; of equal records the one that tells when it was sent."""
        return [_fullest(entries) for entries in self._by_message.values()]

    def overdue(self) -> set[TrackedMessage]:
        """Return what has been pending for so long that Telegram refuses it whatever its date."""
        since = self._clock() - AGE_LIMIT
        overdue = (entry.message for entry in self._entries if entry.claimed_at <= since)
        return {message for message in overdue if route_of(message) is not Route.EPHEMERAL}

    async def settle(self, messages: Iterable[TrackedMessage], outcome: Outcome) -> None:
        """Write down the fate of messages; those whose fate is known already keep it."""
        entries = self._close(messages, outcome)
        if entries:
            await self._write(self._storage.settle(entries), f"{len(entries)} deletions are done, but not settled")

    async def defer(self, until: Mapping[TrackedMessage, datetime]) -> None:
        """Put messages off until their times; they stay pending. Those that may go in one minute go together."""
        by_minute: dict[datetime, list[PendingDeletion]] = {}
        for message, due in until.items():
            minute = due.replace(second=0, microsecond=0)
            by_minute.setdefault(minute, []).extend(self._close([message], Outcome.DEFERRED))
        for entries in by_minute.values():
            await self._postpone(entries, max((until[entry.message] for entry in entries), default=self._clock()))

    async def hold(self, until: datetime) -> None:
        """Make sure that nobody else takes what is not settled before ``until``."""
        if self._held_until < until:
            self._held_until = max(until, self._clock() + self._lease)
            await self._postpone(self._open_entries(), self._held_until)

    async def release(
        self, *, not_before: datetime | None = None, soon: bool = False, last: Collection[TrackedMessage] = ()
    ) -> None:
        """Let go of what is not settled: it is due after a while, or at once if that is ``soon``.

        What is in ``last`` is due behind the others, so that a place that always fails is not the first each time.
        """
        now = self._clock()
        entries = self._open_entries()
        goes_behind = not all(entry.message in last for entry in entries)
        by_time: dict[datetime, list[PendingDeletion]] = {}
        for entry in entries:
            due = now if soon else next_try(entry, now)
            due = due if not_before is None else max(due, not_before)
            if goes_behind and entry.message in last:
                due += FAILED_LAST
            by_time.setdefault(due, []).append(entry)
        for due, entries in by_time.items():
            await self._postpone(entries, due)

    def result(self, requests: int) -> ClearResult:
        """Return every entry with its fate, in the order given; what has none is pending."""
        fates = ((entry.message, self._fates.get(entry.message, Outcome.PENDING)) for entry in self._entries)
        return ClearResult(fates, requests=requests)

    def _close(self, messages: Iterable[TrackedMessage], outcome: Outcome) -> list[PendingDeletion]:
        news = [message for message in messages if message not in self._fates]
        self._fates.update(dict.fromkeys(news, outcome))
        return [entry for message in news for entry in self._by_message[message]]

    def _open_entries(self) -> list[PendingDeletion]:
        return [entry for entry in self._entries if entry.message not in self._fates]

    async def _postpone(self, entries: list[PendingDeletion], until: datetime) -> None:
        if entries:
            await self._write(
                self._storage.postpone(entries, until=until), f"{len(entries)} deletions keep their lease"
            )

    async def _write(self, writing: Awaitable[object], consequence: str) -> None:
        try:
            await writing
        except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
            log.error(  # noqa: TRY400  # a traceback may go back to an error of aiogram, which quotes the token
                "The storage failed: %s; they will be asked for again, which is harmless: %s",
                consequence,
                described(error),
            )


def _fullest(entries: list[PendingDeletion]) -> TrackedMessage:
    messages = [entry.message for entry in entries]
    return min(messages, key=lambda message: (message.date is None, message.kind is None))


def next_try(entry: PendingDeletion, now: datetime) -> datetime:
    """Return when to work on a pending deletion again; sooner when the message would get too old meanwhile."""
    rested = max((now - entry.claimed_at) // REST.first, 1)
    due = now + REST.after(rested.bit_length())
    limit = too_old_from(entry.message)
    return due if limit is None else max(min(due, limit - AGE_MARGIN), now + REST.first)
