"""What a command works with: the storage, opened to look or to write, and the bot whose sessions are meant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tgslices.clock import Clock, utc_now
from tgslices.commands.without_orm import load_without_orm
from tgslices.errors import ConfigurationError
from tgslices.storage.acquiring import durable
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage

VARIABLE: Final = "env:"
"""What the name of a variable follows that holds the URL: a command line is seen by everybody on the machine."""

_SQL: Final = ("sqlite", "postgres")
_TELLING: Final = 4
"""Characters that a password has at least; fewer stand in any text."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works: a storage, and one bot in it."""

    storage: DurableSessionStorage = field(repr=False)
    bot_id: int
    clock: Clock = utc_now


@asynccontextmanager
async def opened(url: str, bot_id: int, *, writes: bool, **options: str) -> AsyncIterator[Place]:
    """Open a storage until the block is left. To look is possible whoever owns the database.

    A command is a guest: it shares what bots share, and leaves it to them to make and to upgrade tables.

    Raises:
        StorageError: it cannot be opened.
        OtherSchema: another release wrote it.
    """
    guest: dict[str, Any] = {}
    if url.startswith(_SQL):
        load_without_orm()
        guest = {"shared": True, "create": False}
    storage = durable(open_storage(url, reads_only=not writes, **guest, **options))
    try:
        await storage.start()
        yield Place(storage, bot_id)
    finally:
        await storage.aclose()


def url_of(given: str, environment: Mapping[str, str]) -> str:
    """Return the URL of the storage: the one given, or that of the variable which ``env:NAME`` names.

    Raises:
        ConfigurationError: the variable is not set, or what is there lives in one process alone.
    """
    url = given
    if given.startswith(VARIABLE):
        name = given.removeprefix(VARIABLE)
        url = environment.get(name, "")
        if not url:
            raise ConfigurationError(f"The variable {name} holds no URL.", "Set it, or write the URL.")
    if url.startswith("memory:"):
        raise ConfigurationError("What is in memory is gone with its process.", "Name a database or a Redis server.")
    return url


def without_secrets(text: str, url: str, environment: Mapping[str, str]) -> str:
    """Return a text without the password of a storage's URL, and without the token of the environment.

    Ours hold neither; those of a plugin, and of the system, nobody has looked at.
    """
    if url.startswith(VARIABLE):
        url = environment.get(url.removeprefix(VARIABLE), "")
    credentials, _, _ = url.partition("://")[2].rpartition("@")
    for secret in (credentials.partition(":")[2], environment.get("BOT_TOKEN", "")):
        text = text.replace(secret, "***") if len(secret) >= _TELLING else text
    return text


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
