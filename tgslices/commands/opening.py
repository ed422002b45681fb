"""What a command works with: the storage, opened to look or to write, and the bot whose sessions are meant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tgslices.clock import Clock, utc_now
from tgslices.errors import ConfigurationError
from tgslices.storage.acquiring import durable
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works: a storage, and one bot in it."""

    storage: DurableSessionStorage = field(repr=False)
    bot_id: int
    clock: Clock = utc_now


@asynccontextmanager
async def opened(url: str, bot_id: int, *, writes: bool) -> AsyncIterator[Place]:
    """Open a storage until the block is left. To look is possible whoever owns the database.

    Raises:
        StorageError: it cannot be opened.
        OtherSchema: another release wrote it.
    """
    storage = durable(open_storage(url, reads_only=not writes))
    try:
        await storage.start()
        yield Place(storage, bot_id)
    finally:
        await storage.aclose()


def bot_of(given: int | None, environment: Mapping[str, str]) -> int:
    """Return whose sessions are meant: the bot that was given, or that of the token in the environment.

    Raises:
        ConfigurationError: neither tells.
    """
    if given is not None:
        return given
    number, colon, _ = environment.get("BOT_TOKEN", "").partition(":")
    if not (colon and number.isascii() and number.isdecimal()):
        raise ConfigurationError("It is not told whose sessions are meant.", "Pass --bot ID, or set BOT_TOKEN.")
    return int(number)
