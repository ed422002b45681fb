"""Runs the command: ``tgslices``, or ``python -m tgslices``."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pkgutil import resolve_name
from typing import Final, TypeAlias

from tgslices.commands.arguments import CANNOT, Verb, read_arguments
from tgslices.commands.checking import Finding, report
from tgslices.commands.opening import Place, bot_of, opened, url_of, without_secrets
from tgslices.commands.output import hush, print_json
from tgslices.errors import ConfigurationError, OtherSchema, TgslicesError

Work: TypeAlias = Callable[[Place, argparse.Namespace], Awaitable[int]]

INTERRUPTED: Final = 130
"""What a shell says of a command that Ctrl-C has ended."""
UNREAD: Final = 141
"""What a shell says of a command whose output nobody reads any more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    arguments = read_arguments(argv)
    try:
        code = asyncio.run(_run(arguments))
        print(end="", flush=True)  # what cannot be written is known now, and not when Python has ended
    except BrokenPipeError:
        hush()
        return UNREAD
    except KeyboardInterrupt:
        print("Interrupted. What was begun is finished by the bot, or by the same command again.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # also what nobody expects: an exit code of 1 would mean a finding
        return _tell(error, arguments)
    return code


async def _run(arguments: argparse.Namespace) -> int:
    verb: Verb = arguments.verb
    url, bot_id = url_of(arguments.url, os.environ), bot_of(arguments.bot, os.environ)
    if verb.writes and not arguments.write:
        raise ConfigurationError(f"Nothing was changed: tgslices {verb.name} changes what is stored.", "Add --write.")
    writes = verb.writes or (verb.may_write and arguments.write)
    options = {name: it for name in ("prefix", "schema") if (it := getattr(arguments, name)) is not None}
    async with opened(url, bot_id, writes=writes, **options) as place:
        work: Work = resolve_name(f"tgslices.commands.{verb.work}")
        return await work(place, arguments)


def _tell(error: Exception, arguments: argparse.Namespace) -> int:
    """Print what went wrong, as JSON where that is asked for; return the exit code."""
    text = without_secrets(str(error), arguments.url, os.environ)
    if isinstance(error, OtherSchema) and arguments.verb.name == "check":
        return report([Finding("schema", text)], as_json=arguments.json)
    if not isinstance(error, TgslicesError | OSError):
        # Its own words are left out: nobody knows what they hold.
        print(*traceback.format_tb(error.__traceback__), sep="", end="", file=sys.stderr)
        text = f"{type(error).__name__} was not expected. Report it with the lines above it."
    if arguments.json:
        with suppress(OSError):  # of a disk that is full
            print_json({"error": text})
            print(end="", flush=True)
            return CANNOT
    print(text, file=sys.stderr)
    return CANNOT
