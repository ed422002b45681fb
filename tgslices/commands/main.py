"""Runs the command: ``tgslices``, or ``python -m tgslices``."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pkgutil import resolve_name
from typing import Final, TypeAlias

from tgslices.commands.arguments import Verb, read_arguments
from tgslices.commands.checking import Finding, report
from tgslices.commands.opening import Place, bot_of, opened
from tgslices.errors import ConfigurationError, OtherSchema, TgslicesError

Work: TypeAlias = Callable[[Place, argparse.Namespace], Awaitable[int]]

CANNOT: Final = 2
INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    arguments = read_arguments(argv)
    try:
        return asyncio.run(_run(arguments))
    except OtherSchema as other:
        if arguments.verb.name == "check":
            return report([Finding("schema", str(other))], as_json=arguments.json)
        return _tell(other)
    except (TgslicesError, OSError) as error:
        return _tell(error)
    except KeyboardInterrupt:
        print("Interrupted. What was begun is finished by the bot, or by the same command again.", file=sys.stderr)
        return INTERRUPTED


async def _run(arguments: argparse.Namespace) -> int:
    verb: Verb = arguments.verb
    if arguments.url.startswith("memory:"):
        raise ConfigurationError("What is in memory is gone with its process.", "Name a database or a Redis server.")
    bot_id = bot_of(arguments.bot, os.environ)
    if verb.writes and not arguments.write:
        raise ConfigurationError(f"Nothing was changed: tgslices {verb.name} changes what is stored.", "Add --write.")
    writes = verb.writes or (verb.may_write and arguments.write)
    async with opened(arguments.url, bot_id, writes=writes) as place:
        work: Work = resolve_name(f"tgslices.commands.{verb.work}")
        return await work(place, arguments)


def _tell(error: Exception) -> int:
    print(error, file=sys.stderr)
    return CANNOT
