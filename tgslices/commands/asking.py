"""Verbs that ask Telegram to delete: all of them want ``--write``, and a token in the environment."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from tgslices.commands.changing import each, print_told
from tgslices.commands.opening import Place
from tgslices.commands.output import show_progress
from tgslices.commands.telegram import managing
from tgslices.model import SessionKey
from tgslices.results import ClearResult, Outcome


async def clear(place: Place, arguments: Namespace) -> int:
    """Delete the entries of sessions from Telegram, and drop them."""
    async with managing(place) as manager:

        async def change(key: SessionKey) -> dict[str, Any]:
            return _told(await manager.handle(key, collect=False).clear())

        return await each(place, arguments, change)


async def clear_one(place: Place, key: SessionKey) -> ClearResult:
    """Delete the entries of one session from Telegram, and drop them."""
    async with managing(place) as manager:
        return await manager.handle(key, collect=False).clear()


async def settle(place: Place, arguments: Namespace) -> int:
    """Finish the pending deletions that are due."""
    async with managing(place) as manager:
        print_told({"result": _told(await manager.settle_pending())}, arguments)
    return 0


async def erase(place: Place, arguments: Namespace) -> int:
    """Drop all that is stored about a person."""
    async with managing(place) as manager:
        show_progress("Looking at all that is stored")
        erased = await manager.erase(arguments.user)
    told = {"sessions": erased.sessions, "entries": erased.entries, "is_whole": erased.is_whole}
    print_told(told | {"deletions": _told(erased.deletions)}, arguments)
    return 0


def _told(result: ClearResult) -> dict[str, Any]:
    """Return how many messages came to what, without what did not happen."""
    counts = {outcome.value: len(getattr(result, outcome.value)) for outcome in Outcome}
    return {name: count for name, count in counts.items() if count} | {"requests": result.requests}
