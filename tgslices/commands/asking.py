"""Verbs that ask Telegram to delete: all of them want ``--write``, and a token in the environment."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any, Final

from tgslices.commands.changing import each, print_told
from tgslices.commands.opening import Place
from tgslices.commands.output import show_progress
from tgslices.commands.telegram import managing
from tgslices.model import SessionKey
from tgslices.results import ClearResult, Outcome

LEFT_PENDING: Final = 3
"""All was done that can be now, and messages are still there whose deletion is pending."""


async def clear(place: Place, arguments: Namespace) -> int:
    """Delete the entries of sessions from Telegram, and drop them."""
    left = 0
    async with managing(place) as manager:

        async def change(key: SessionKey) -> dict[str, Any]:
            nonlocal left
            result = await manager.handle(key, collect=False).clear()
            left += _left(result)
            return _told(result)

        await each(place, arguments, change)
    return _code(left)


async def clear_one(place: Place, key: SessionKey) -> ClearResult:
    """Delete the entries of one session from Telegram, and drop them."""
    async with managing(place) as manager:
        return await manager.handle(key, collect=False).clear()


async def settle(place: Place, arguments: Namespace) -> int:
    """Finish the pending deletions that are due."""
    async with managing(place) as manager:
        result = await manager.settle_pending()
        print_told({"result": _told(result)}, arguments)
    return _code(_left(result))


async def erase(place: Place, arguments: Namespace) -> int:
    """Drop all that is stored about a person."""
    async with managing(place) as manager:
        show_progress("Looking at all that is stored")
        erased = await manager.erase(arguments.user)
    told = {"sessions": erased.sessions, "entries": erased.entries, "is_whole": erased.is_whole}
    print_told(told | {"deletions": _told(erased.deletions)}, arguments)
    return 0


def _left(result: ClearResult) -> int:
    """Return how many messages of a result are there still, and are to be deleted later."""
    return len(result.pending) + len(result.deferred)


def _code(left: int) -> int:
    """Return the exit code where so many deletions stay pending, and say what becomes of them."""
    if not left:
        return 0
    which = "deletion stays" if left == 1 else "deletions stay"
    print(f"{left} {which} pending: a running bot goes on with what is due, as does tgslices settle.", file=sys.stderr)
    return LEFT_PENDING


def _told(result: ClearResult) -> dict[str, Any]:
    """Return how many messages came to what, without what did not happen."""
    counts = {outcome.value: len(getattr(result, outcome.value)) for outcome in Outcome}
    return {name: count for name, count in counts.items() if count} | {"requests": result.requests}
