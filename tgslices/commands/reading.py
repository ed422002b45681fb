"""Verbs that look: what is open, one session, what is pending, what is due."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from tgslices.commands.naming import key_named, spelled
from tgslices.commands.opening import Place
from tgslices.commands.output import ago, length, print_json, print_table, printable
from tgslices.model import PendingDeletion, TrackedMessage
from tgslices.storage.codec import encode_message
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.listing_protocol import ListedSession, SessionFilter, SessionOrder
from tgslices.storage.pages import filled_page, pages
from tgslices.storage.pending_protocol import PENDING_AGES

LIMIT: Final = 50
"""How many are listed unless it is told."""

PAGE: Final = 1_000
"""How many sessions are looked at in one step where all are."""

_TITLES: Final = ("OPENED", "ACTIVE", "ENTRIES", "OLDEST", "DUE IN", "SESSION")
_PENDING_TITLES: Final = ("DUE IN", "PENDING FOR", "SENT", "MESSAGE", "SESSION")


async def show_sessions(place: Place, arguments: Namespace) -> int:
    """Print a page of what is open, or how many sessions are."""
    older_than = arguments.older_than
    where = SessionFilter(
        chat_id=arguments.chat,
        user_id=arguments.user,
        qualifiers=None if not arguments.qualifier else frozenset(it or None for it in arguments.qualifier),
        opened_before=None if older_than is None else place.clock() - older_than,
    )
    if arguments.count:
        count = await place.storage.count_sessions(place.bot_id, where)
        print_json({"count": count}) if arguments.json else print(count)
        return 0
    after, limit = arguments.after, arguments.limit or LIMIT
    if arguments.names and not arguments.limit:
        return await _show_names(place, where, after)
    page = await filled_page(place.storage, place.bot_id, where, after=after, limit=limit)
    sessions, after = page.sessions, page.after
    if arguments.json:
        print_json({"sessions": [_session_json(it) for it in sessions], "after": after})
    elif arguments.names:
        for session in sessions:
            print(spelled(session.key))
    else:
        print_table(_TITLES, [_row(it, place.clock()) for it in sessions])
        if after is not None:
            print(f"There are more: --after {after}")
    return 0


async def _show_names(place: Place, where: SessionFilter, after: str | None) -> int:
    """Print the names of all that is open, page by page, for another command to read."""
    async for page in pages(place.storage, place.bot_id, where, after=after, limit=PAGE):
        for session in page.sessions:
            print(spelled(session.key))
    return 0


async def show_due(place: Place, arguments: Namespace) -> int:
    """Print the sessions that end by themselves, those that are looked at first in front."""
    after, limit, now = arguments.after, arguments.limit or LIMIT, place.clock()
    page = await filled_page(place.storage, place.bot_id, order=SessionOrder.DUE, after=after, limit=limit)
    sessions, after = page.sessions, page.after
    pending_at = await place.storage.next_due(place.bot_id, now=now)
    if arguments.json:
        listed = [_session_json(it) for it in sessions]
        print_json({"sessions": listed, "after": after, "next_pending_at": pending_at})
        return 0
    print_table(_TITLES, [_row(it, now) for it in sessions])
    if after is not None:
        print(f"There are more: --after {after}")
    if pending_at is not None:
        print(f"The next pending deletion is due in {length(pending_at - now)}.")
    return 0


async def show_session(place: Place, arguments: Namespace) -> int:
    """Print one session: its times, its entries, and its data, whose values are masked unless asked for."""
    limit = arguments.limit or LIMIT
    key, storage, now = key_named(arguments.session, place.bot_id), place.storage, place.clock()
    listed = await storage.look_at_sessions([key])
    entries = await storage.list(key)
    data = await storage.read_data(key, now=now)
    [pending] = await storage.count_pending(place.bot_id, key=key)
    if arguments.json:
        print_json(
            {
                "session": spelled(key),
                "open": _session_json(listed[0]) if listed else None,
                "entries": [_entry_json(it) for it in entries[-limit:]],
                "data": {name: _data_json(it, arguments.data) for name, it in sorted(data.items())},
                "pending": pending,
            }
        )
        return 0
    print(f"{spelled(key)} is {'open' if listed else 'not open'}.")
    for it in listed:
        due = "" if it.due_at is None else f", due in {length(it.due_at - now)}"
        print(f"Opened {ago(it.opened_at, now)} ago, active {ago(it.active_at, now)} ago{due}.")
    print(f"Entries: {len(entries)}. Pending deletions: {pending}.")
    if entries:
        print_table(
            ("MESSAGE", "CHAT", "USER", "KIND", "WAY", "SENT"),
            [_entry_row(it, now) for it in entries[-limit:]],
        )
    for name, stored in sorted(data.items()):
        value = printable(stored.text) if arguments.data else f"{len(stored.text)} characters, --data shows them"
        print(f"Data {printable(name)}, version {stored.version}, written {ago(stored.written_at, now)} ago: {value}")
    return 0


async def show_pending(place: Place, arguments: Namespace) -> int:
    """Print a page of the deletions that are pending, those that are due first in front, or how many there are."""
    storage, now = place.storage, place.clock()
    if arguments.count:
        return await _count_pending(place, now, as_json=arguments.json)
    page = await storage.list_pending(place.bot_id, after=arguments.after, limit=arguments.limit or LIMIT)
    if arguments.json:
        [count] = await storage.count_pending(place.bot_id)
        print_json({"pending": [_pending_json(it) for it in page.pending], "count": count, "after": page.after})
        return 0
    print_table(_PENDING_TITLES, [_pending_row(it, now) for it in page.pending])
    if page.after is not None:
        print(f"There are more: --after {page.after}")
    return 0


async def _count_pending(place: Place, now: datetime, *, as_json: bool) -> int:
    """Print how many deletions are pending for how long: of some ages, or older."""
    ages = PENDING_AGES[1:]
    count, *old = await place.storage.count_pending(place.bot_id, claimed_by=[now - age for age in ages])
    if as_json:
        seconds = [int(age.total_seconds()) for age in ages]
        print_json({"count": count, "pending_for": dict(zip(seconds, old, strict=True))})
        return 0
    print(count)
    for age, number in zip(ages, old, strict=True):
        if number:
            print(f"{number} of them for {length(age)} or longer")
    return 0


def _row(session: ListedSession, now: datetime) -> tuple[str, ...]:
    due = "" if session.due_at is None else length(session.due_at - now)
    times = (ago(it, now) for it in (session.opened_at, session.active_at))
    return (*times, str(session.entries), ago(session.oldest_at, now), due, spelled(session.key))


def _entry_row(entry: TrackedMessage, now: datetime) -> tuple[str, ...]:
    user = "" if entry.user_id is None else str(entry.user_id)
    kind = "" if entry.kind is None else entry.kind.value
    return (str(entry.message_id), str(entry.chat_id), user, kind, entry.direction.value, ago(entry.date, now))


def _pending_row(pending: PendingDeletion, now: datetime) -> tuple[str, ...]:
    times = (length(pending.due_at - now), ago(pending.claimed_at, now), ago(pending.message.date, now))
    return (*times, str(pending.message.message_id), spelled(pending.key))


def _session_json(session: ListedSession) -> dict[str, Any]:
    return {"session": spelled(session.key), **{name: it for name, it in asdict(session).items() if name != "key"}}


def _entry_json(entry: TrackedMessage) -> dict[str, Any]:
    times = {"at": entry.at} if entry.date is None else {"at": entry.at, "date": entry.date}
    return encode_message(entry) | times


def _pending_json(pending: PendingDeletion) -> dict[str, Any]:
    times = {"claimed_at": pending.claimed_at, "due_at": pending.due_at}
    return {"session": spelled(pending.key), "message": _entry_json(pending.message), **times}


def _data_json(stored: StoredData, is_shown: bool) -> dict[str, Any]:
    told = {"version": stored.version, "written_at": stored.written_at, "expires_at": stored.expires_at}
    return told | ({"value": stored.text} if is_shown else {"characters": len(stored.text)})
