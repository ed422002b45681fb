"""Verbs that change the storage and leave Telegram alone: all of them want ``--write``."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from tgslices.commands.naming import key_named, spelled
from tgslices.commands.opening import Place
from tgslices.commands.output import print_json, show_progress
from tgslices.errors import ConfigurationError
from tgslices.event_loop.work_in_turns import steps
from tgslices.model import SessionKey
from tgslices.storage.ending_protocol import Due, DueSession
from tgslices.telegram_facts.age_limit import AGE_LIMIT


async def close(place: Place, arguments: Namespace) -> int:
    """Close sessions, and drop what is left of them. Telegram is left alone."""
    return await each(place, arguments, partial(close_one, place))


async def forget(place: Place, arguments: Namespace) -> int:
    """Drop the entries of sessions, which stay open. Telegram is left alone."""
    return await each(place, arguments, partial(forget_one, place))


async def extend(place: Place, arguments: Namespace) -> int:
    """Let sessions live on as if something had been said now, and look at them no sooner than told."""
    return await each(place, arguments, partial(extend_one, place, by=arguments.by))


async def close_one(place: Place, key: SessionKey) -> dict[str, Any]:
    """Close one session; return how many entries were dropped."""
    return {"dropped": (await place.storage.close(key, at=place.clock())).dropped}


async def forget_one(place: Place, key: SessionKey) -> dict[str, Any]:
    """Drop the entries of one session; return how many."""
    entries = await place.storage.list(key)
    return {"dropped": sum([await place.storage.remove(key, part) for part in steps(entries)])}


async def extend_one(place: Place, key: SessionKey, by: timedelta) -> dict[str, Any]:
    """Let one session live on; return whether it was done, and when it is looked at next.

    Raises:
        ConfigurationError: it does not end by itself.
    """
    now = place.clock()
    listed = next(iter(await place.storage.look_at_sessions([key])), None)
    if listed is None or listed.due_at is None:
        raise ConfigurationError(f"{spelled(key)} does not end by itself.", "Name one that tgslices due lists.")
    leased = DueSession(key, listed.opened_at, listed.due_at, now, listed.oldest_at)
    due = Due(max(listed.due_at, now + by), (listed.oldest_at or now) + AGE_LIMIT)
    return {"extended": await place.storage.postpone_session(leased, due), "due_at": due.at}


async def each(place: Place, arguments: Namespace, change: Callable[[SessionKey], Awaitable[dict[str, Any]]]) -> int:
    """Change each session that was named, and print what came of it."""
    names = list(_names(arguments.session))
    keys = [key_named(name, place.bot_id) for name in names]  # a misspelt one is found before anything is changed
    for number, key in enumerate(keys):
        show_progress(f"{number} of {len(keys)}")
        print_told({"session": spelled(key), **await change(key)}, arguments)
    return 0


def _names(given: Iterable[str]) -> Iterable[str]:
    """Yield names of sessions; ``-`` stands for one a line of the standard input."""
    for name in given:
        if name == "-":
            yield from filter(None, map(str.strip, sys.stdin))
        else:
            yield name


def print_told(told: dict[str, Any], arguments: Namespace) -> None:
    """Print what came of a change: a line for each part, or JSON in one line."""
    if arguments.json:
        print_json(told)
        return
    for name, value in told.items():
        counts = value.items() if isinstance(value, dict) else ()
        print(f"{name}: {', '.join(f'{count} {outcome}' for outcome, count in counts) or value}")
