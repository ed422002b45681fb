"""The books of one run: what became of each entry, written to the storage as soon as it is known."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Generator, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar

from tgslices.deletion.message_fates import DEFERRED, Fate
from tgslices.deletion.routes import Place, Route, place_of, route_of
from tgslices.deletion.windows import AGE_MARGIN, too_old_from
from tgslices.error_texts.without_secrets import described
from tgslices.event_loop.growing_waits import Doubling
from tgslices.event_loop.work_in_turns import PORTION, in_turns
from tgslices.model import MAX_WAIT, PendingDeletion, TrackedMessage
from tgslices.results import ClearResult, Outcome
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.telegram_facts.age_limit import AGE_LIMIT
from tgslices.telemetry.events import MessagesSettled
from tgslices.telemetry.observer import Telling

T = TypeVar("T")

log = logging.getLogger("tgslices")

REST: Final = Doubling(first=timedelta(seconds=5), most=timedelta(minutes=42, seconds=40))
"""How long a pending deletion rests before the next run: it doubles with the time since it was claimed."""

FAILED_LAST: Final = timedelta(seconds=1)
"""How much later what failed is due than what was not even asked for."""

_IN_VAIN: Final = frozenset({Outcome.REFUSED, Outcome.UNREACHABLE})

MAX_WRITE: Final = 500
"""How many entries one call of the storage settles or puts off, so that no call takes long."""


class Ledger:
    """Entries that were claimed, by message; the same message may be pending for several sessions.

    A storage that fails costs nothing but time: what it did not write down comes back when its lease ends, is asked for
    once more, and Telegram skips what is gone.
    """

    def __init__(
        self,
        storage: DurableSessionStorage,
        *,
        clock: Callable[[], datetime],
        lease: timedelta,
        tell: Telling | None = None,
    ) -> None:
        """Keep books that are empty until :meth:`entering`; ``lease``: how long entries are held at least."""
        self._tell = tell
        self._storage = storage
        self._clock = clock
        self._lease = lease
        self._held_until = clock()
        self._entries: list[PendingDeletion] = []
        self._by_message: dict[TrackedMessage, list[PendingDeletion]] = {}
        self._fates: dict[TrackedMessage, Fate] = {}
        self.overdue: dict[TrackedMessage, None] = {}
        """What has been pending for so long that Telegram refuses it whatever its date."""

    def entering(self, pending: Sequence[PendingDeletion]) -> Generator[None, None, None]:
        """Enter what the caller holds until the earliest of its ``due_at``; yield often."""
        since = self._clock() - AGE_LIMIT
        held_until = pending[0].due_at if pending else self._held_until
        for number, entry in enumerate(pending):
            if not number % PORTION:
                yield
            held_until = min(held_until, entry.due_at)
            copies = self._by_message.setdefault(entry.message, [])
            if all(copy.key != entry.key for copy in copies):
                copies.append(entry)
                self._entries.append(entry)
            if entry.claimed_at <= since and route_of(entry.message) is not Route.EPHEMERAL:
                self.overdue[entry.message] = None
        self._held_until = held_until

    def reading(self) -> Generator[None, None, list[TrackedMessage]]:
        """Return what is not overdue, each message once, in the order given; of equal records the fullest."""
        messages: list[TrackedMessage] = []
        for number, (message, entries) in enumerate(self._by_message.items()):
            if not number % PORTION:
                yield
            if message not in self.overdue:
                messages.append(_fullest(entries))
        return messages

    async def settle(self, messages: Iterable[TrackedMessage], fate: Fate) -> None:
        """Write down one fate of messages; those whose fate is known already keep it."""
        await self.settle_each(messages, lambda _: fate)

    async def settle_each(self, messages: Iterable[TrackedMessage], fate_of: Callable[[TrackedMessage], Fate]) -> None:
        """Write down the fate of each message; those whose fate is known already keep it."""
        async for portion in _portions(messages):
            entries = self._close(portion, fate_of)
            if entries:
                await self._write(self._settle(entries), f"{len(entries)} deletions are done, but not settled")

    async def _settle(self, entries: Sequence[PendingDeletion]) -> None:
        """Settle entries, and tell of as many as were pending until now: a lease that ran out is another worker's."""
        left = await self._storage.settle(entries)
        if self._tell is None:
            return
        fates = Counter((self._fates[entry.message], entry.key.bot_id) for entry in entries)
        for (fate, bot_id), count in fates.items():
            settled = min(count, left)
            left -= settled
            if settled:
                self._tell(MessagesSettled(bot_id, settled, fate.outcome, fate.reason))

    async def defer(self, messages: Iterable[TrackedMessage], due_of: Callable[[TrackedMessage], datetime]) -> None:
        """Put messages off until their times; they stay pending. Those that may go in one minute go together."""
        for due, together in await in_turns(_by_minute(messages, due_of)):
            async for portion in _portions(together):
                await self._postpone(self._close(portion, lambda _: DEFERRED), due)

    async def hold(self, until: datetime) -> None:
        """Make sure that nobody else takes what is not settled before ``until``."""
        if self._held_until < until:
            self._held_until = max(until, self._clock() + self._lease)
            await self._postpone(await in_turns(self._finding_open()), self._held_until)

    async def release(
        self, *, not_before: datetime | None = None, soon: bool = False, troubled: Collection[Place] = ()
    ) -> None:
        """Let go of what is not settled: it is due after a while, or at once if that is ``soon``.

        What failed, in ``troubled`` places, is due behind the others, so that a place that always fails is not the
        first each time.
        """
        dues = await in_turns(self._finding_dues(not_before, soon, troubled))
        for due, entries in dues.items():
            await self._postpone(entries, due)

    def _finding_dues(
        self, not_before: datetime | None, soon: bool, troubled: Collection[Place]
    ) -> Generator[None, None, dict[datetime, list[PendingDeletion]]]:
        now = self._clock()
        others: dict[datetime, list[PendingDeletion]] = {}
        failed: dict[datetime, list[PendingDeletion]] = {}
        for number, entry in enumerate((yield from self._finding_open())):
            if not number % PORTION:
                yield
            due = now if soon else next_try(entry, now)
            due = due if not_before is None else max(due, not_before)
            has_failed = bool(troubled) and place_of(entry.message) in troubled
            (failed if has_failed else others).setdefault(due, []).append(entry)
        wait = FAILED_LAST if others else timedelta()
        for due, entries in failed.items():
            others.setdefault(due + wait, []).extend(entries)
        return others

    def reporting(
        self,
        requests: int,
        *,
        fate_of_open: Callable[[TrackedMessage], Fate],
        may_succeed_later: Callable[[TrackedMessage, Fate], bool],
    ) -> Generator[None, None, ClearResult]:
        """Return every entry with its fate, in the order given; yield often."""
        sorted_out: dict[Outcome, list[TrackedMessage]] = {outcome: [] for outcome in Outcome}
        retryable: list[TrackedMessage] = []
        reasons: dict[TrackedMessage, str] = {}
        for number, entry in enumerate(self._entries):
            if not number % PORTION:
                yield
            message = entry.message
            fate = self._fates.get(message) or fate_of_open(message)
            sorted_out[fate.outcome].append(message)
            if fate.reason is not None:
                reasons[message] = fate.reason
            if fate.outcome in _IN_VAIN and may_succeed_later(message, fate):
                retryable.append(message)
        return ClearResult.of(sorted_out, requests=requests, retryable=retryable, reasons=reasons)

    def _close(
        self, messages: Iterable[TrackedMessage], fate_of: Callable[[TrackedMessage], Fate]
    ) -> list[PendingDeletion]:
        news = {message: fate_of(message) for message in messages if message not in self._fates}
        self._fates |= news
        return [entry for message in news for entry in self._by_message[message]]

    def _finding_open(self) -> Generator[None, None, list[PendingDeletion]]:
        found: list[PendingDeletion] = []
        for number, entry in enumerate(self._entries):
            if not number % PORTION:
                yield
            if entry.message not in self._fates:
                found.append(entry)
        return found

    async def _postpone(self, entries: Iterable[PendingDeletion], until: datetime) -> None:
        until = min(until, self._clock() + MAX_WAIT)  # what is due later counts as due
        async for portion in _portions(entries):
            await self._write(
                self._storage.postpone(portion, until=until), f"{len(portion)} deletions keep their lease"
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


async def _portions(items: Iterable[T]) -> AsyncIterator[list[T]]:
    """Yield items in portions for one write each; the event loop has its turn in between."""
    source = iter(items)
    while portion := list(islice(source, MAX_WRITE)):
        yield portion
        if len(portion) == MAX_WRITE:
            await asyncio.sleep(0)


def _by_minute(
    messages: Iterable[TrackedMessage], due_of: Callable[[TrackedMessage], datetime]
) -> Generator[None, None, list[tuple[datetime, list[TrackedMessage]]]]:
    """Return the messages that are due within each minute, with the time when all of them are."""
    latest: dict[datetime, datetime] = {}
    together: dict[datetime, list[TrackedMessage]] = {}
    for number, message in enumerate(messages):
        if not number % PORTION:
            yield
        due = due_of(message)
        minute = due.replace(second=0, microsecond=0)
        latest[minute] = max(due, latest.get(minute, due))
        together.setdefault(minute, []).append(message)
    return [(latest[minute], messages) for minute, messages in together.items()]


def _fullest(entries: list[PendingDeletion]) -> TrackedMessage:
    """Return the record that tells most: when the message was sent, and what it is."""
    if len(entries) == 1:
        return entries[0].message
    messages = [entry.message for entry in entries]
    return min(messages, key=lambda message: (message.date is None, message.kind is None))


def next_try(entry: PendingDeletion, now: datetime) -> datetime:
    """Return when to work on a pending deletion again; sooner when the message would get too old meanwhile."""
    rested = max((now - entry.claimed_at) // REST.first, 1)
    due = now + REST.after(rested.bit_length())
    limit = too_old_from(entry.message)
    return due if limit is None else max(min(due, limit - AGE_MARGIN), now + REST.first)
