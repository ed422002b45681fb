"""The verb ``check``: what would keep sessions from being ended and messages from being deleted in time."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tgslices.commands.naming import spelled
from tgslices.commands.opening import Place
from tgslices.commands.output import length, print_json, show_progress
from tgslices.model import SessionKey
from tgslices.storage.listing_protocol import SessionOrder
from tgslices.storage.pages import filled_page, pages
from tgslices.telegram_facts.age_limit import AGE_LIMIT

LATE: Final = timedelta(minutes=5)
"""How late something may be done that any worker does within a minute."""

SKEW: Final = timedelta(seconds=10)
"""How far clocks may differ: session data is leased for so long."""

FIRST: Final = 500
"""Of so many the earliest is looked for: those that a worker has leased may stand before what is late."""

PAGE: Final = 1_000
SHOWN: Final = 10
"""Sessions that one finding names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: its kind for programs, and sentences for people."""

    kind: str
    text: str


async def check(place: Place, arguments: Namespace) -> int:
    """Print what is wrong; return 1 if anything is."""
    findings = [Finding("server", text) for text in await _ask(place, "warnings") or ()]
    findings += judge_clock(await _ask(place, "server_time"), place.clock())
    now = place.clock()
    findings += judge_lateness(await _first_pending(place), now, "pending deletion")
    findings += judge_lateness(await _first_due(place), now, "session")
    findings += [finding async for finding in _look_at_each(place, arguments.margin)]
    return report(findings, as_json=arguments.json)


def report(findings: list[Finding], *, as_json: bool) -> int:
    """Print findings; return 1 if there are any."""
    if as_json:
        print_json({"findings": [{"kind": it.kind, "text": it.text} for it in findings]})
    else:
        for it in findings:
            print(f"{it.kind}: {it.text}")
        if not findings:
            print("All is well.")
    return 1 if findings else 0


def judge_clock(server: datetime | None, now: datetime) -> list[Finding]:
    """Compare this machine's clock with the server's, where that has one of its own."""
    if server is None or abs(server - now) <= SKEW:
        return []
    which = "behind" if server > now else "ahead of"
    text = (
        f"This machine's clock is {length(abs(server - now))} {which} the server's. Keep clocks in step, as NTP does."
    )
    return [Finding("clock", text)]


def judge_lateness(due_at: datetime | None, now: datetime, what: str) -> list[Finding]:
    """Tell whether the earliest that is due should have been done by now: a lease that outlived its time is, too."""
    if due_at is None or now - due_at <= LATE:
        return []
    late = f"A {what} has been due for {length(now - due_at)}: no worker does what is due."
    return [Finding("late", f"{late} Start the bot, or look into its log.")]


async def _first_due(place: Place) -> datetime | None:
    """Return when the session is due that is so first.

    The storage's own word is for workers, who look at once when anything is due in days: a clock may have been ahead.
    So it is with pending deletions.
    """
    page = await filled_page(place.storage, place.bot_id, order=SessionOrder.DUE, after=None, limit=FIRST)
    return min((session.due_at for session in page.sessions if session.due_at is not None), default=None)


async def _first_pending(place: Place) -> datetime | None:
    """Return when the pending deletion is due that is so first."""
    after: str | None = None
    while True:
        page = await place.storage.list_pending(place.bot_id, after=after, limit=FIRST)
        if page.pending:
            return min(it.due_at for it in page.pending)
        if (after := page.after) is None:  # of what was settled at this moment only the place is told
            return None


async def _look_at_each(place: Place, margin: timedelta) -> AsyncIterator[Finding]:
    """Look at every open session for entries near Telegram's limit, and for times that a clock wrote that is ahead."""
    now, near, ahead, seen = place.clock(), Named(), Named(), 0
    edge = now - AGE_LIMIT + margin
    async for session in (it async for page in pages(place.storage, place.bot_id, limit=PAGE) for it in page.sessions):
        seen += 1
        if seen % PAGE == 0:
            show_progress(f"{seen:,} sessions looked at")
        if session.oldest_at is not None and session.oldest_at <= edge:
            near.add(session.key)
        if max(session.opened_at, session.active_at) > now + SKEW:
            ahead.add(session.key)
    if near.count:
        text = f"{near} entries near the 48 hours after which Telegram deletes nothing, or past them."
        yield Finding("limit", f"{text} Clear them, or set before_limit in a Lifetime.")
    if ahead.count:
        text = f"{ahead} times that are still to come: the clock of a worker is ahead."
        yield Finding("clock", f"{text} Keep clocks in step, as NTP does.")


@dataclass(slots=True)
class Named:
    """Sessions that a sentence is about: the first few by name, the others by number. All of them may be."""

    names: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, key: SessionKey) -> None:
        """Take in one more."""
        self.count += 1
        if self.count <= SHOWN:
            self.names.append(spelled(key))

    def __str__(self) -> str:
        more = "" if self.count <= SHOWN else f" and {self.count - SHOWN:,} more"
        return f"{' '.join(self.names)}{more} {'has' if self.count == 1 else 'have'}"


async def _ask(place: Place, name: str) -> Any:
    """Ask a storage what not every one can tell."""
    ask: Callable[[], Any] | None = getattr(place.storage, name, None)
    return None if ask is None else await ask()
