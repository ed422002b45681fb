"""The command line: ``python -m examples.order_flow --help``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from examples.order_flow.by_hand import open_chat
from examples.order_flow.polling import CannotStart, poll
from examples.order_flow.rehearsal.crash import rehearse_crashes
from examples.order_flow.rehearsal.play import rehearse
from examples.order_flow.storages import DEFAULT_URL, FILE_URL, is_durable
from tgslices import TgslicesError

REHEARSAL_LIMIT: Final = timedelta(minutes=8)

FAILED: Final = 1
CANNOT_START: Final = 2
INTERRUPTED: Final = 130

_DESCRIPTION: Final = """\
A bot that takes an order and wipes the conversation when it is done.

Without a token it plays a whole conversation with a scripted customer on an
emulator of the Bot API, on a loopback port, and judges what is left in the chat:
exit code 0 if all is well, 1 if not.
"""

_ENVIRONMENT: Final = """\
environment:
  BOT_TOKEN  the bot's token; with it the bot polls until Ctrl-C
  BOT_API    base URL of a Bot API server of your own, in place of Telegram's
"""


def seconds(text: str) -> timedelta:
    """Return a number of seconds, up to an hour, as a duration.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 3600")
    return timedelta(seconds=number)


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.order_flow",
        description=_DESCRIPTION,
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--storage",
        metavar="URL",
        help=f"where slices and form are kept: {DEFAULT_URL} unless told otherwise, a temporary file in a rehearsal",
    )
    parser.add_argument(
        "--lease",
        metavar="SECONDS",
        type=seconds,
        default="60",
        help="how long a wipe belongs to the process that began it, before another one may finish it (%(default)s)",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--crash",
        action="store_true",
        help="rehearse, and kill the bot's process in the middle of the order and in the middle of the wipe",
    )
    mode.add_argument(
        "--chat",
        action="store_true",
        help="play the customer yourself, on a page in the browser that an emulator serves on a loopback port",
    )
    return parser.parse_args(argv)


def choose(arguments: argparse.Namespace, directory: Path) -> Coroutine[Any, Any, int | None]:
    """Return what is to be run; it gives the exit code."""
    token = os.environ.get("BOT_TOKEN", "")
    file_url = FILE_URL.format(path=directory / "order_flow.db")
    if arguments.crash:
        url = arguments.storage or file_url
        if not is_durable(url):
            raise CannotStart("--crash needs a storage that outlives the process; leave out --storage for SQLite.")
        return asyncio.wait_for(rehearse_crashes(url, directory / "bot.log"), REHEARSAL_LIMIT.total_seconds())
    if arguments.chat:
        return open_chat(arguments.storage or file_url, arguments.lease)
    if token:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        return poll(token, os.environ.get("BOT_API"), arguments.storage or DEFAULT_URL, arguments.lease)
    return asyncio.wait_for(rehearse(arguments.storage or file_url), REHEARSAL_LIMIT.total_seconds())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bot or its rehearsal; return the exit code."""
    arguments = read_arguments(argv)
    with TemporaryDirectory(prefix="order_flow_") as directory:
        try:
            return asyncio.run(choose(arguments, Path(directory))) or 0
        except (CannotStart, TgslicesError) as error:
            print(error, file=sys.stderr)
            return CANNOT_START
        except AssertionError as error:
            print(f"The rehearsal failed: {error}", file=sys.stderr)
            return FAILED
        except TimeoutError:
            print(f"The rehearsal failed: it took more than {REHEARSAL_LIMIT}.", file=sys.stderr)
            return FAILED
        except KeyboardInterrupt:
            print("Interrupted.", file=sys.stderr)
            return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
