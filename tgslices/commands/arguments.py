"""The verbs of the command, and what each is told."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NoReturn

from tgslices.commands.output import print_json
from tgslices.model import MAX_INT

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST: Final = 36_500 * 86_400

CANNOT: Final = 2
"""The exit code of what cannot be done."""

MOST: Final = 10_000
"""How many one list has at most: it is kept in memory. ``--after`` goes on."""

_DESCRIPTION: Final = """\
Looks into the storage of a bot's sessions, with the bot up or down, and changes it where --write tells so.
"""

_EPILOG: Final = """\
A session is named as it is printed, like chat=7,user=7,qualifier=order.

environment:
  BOT_TOKEN  the bot's token: tells whose sessions are meant, and asks Telegram to delete
  BOT_API    base URL of a Bot API server of your own, in place of Telegram's

exit codes:
  0 all is well; 1 check has found something; 2 it cannot be done;
  3 clear or settle has left deletions pending;
  130 interrupted; 141 nobody reads what is printed
"""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that the command can do."""

    name: str
    help: str
    example: str
    work: str
    """The function that does it, like ``reading:show_sessions``: what other verbs need is not loaded."""
    writes: bool = False
    may_write: bool = False
    """Whether it looks without ``--write``, and can change with it."""
    session: str | None = None
    """How many sessions are to be named, as argparse says it; None for none."""


VERBS: Final = (
    Verb(
        "sessions",
        "list what is open, in pages, those that were opened first in front",
        "tgslices sessions sqlite:///slices.db --older-than 2d --limit 20",
        "reading:show_sessions",
    ),
    Verb(
        "show",
        "show one session: its times, its entries, its data with values masked",
        "tgslices show sqlite:///slices.db chat=7,user=7,qualifier=order",
        "reading:show_session",
        session="",
    ),
    Verb(
        "pending",
        "list the deletions that are pending, in pages, those that are due first in front",
        "tgslices pending postgresql://localhost/bot --json",
        "reading:show_pending",
    ),
    Verb(
        "due",
        "list the sessions that end by themselves, the next in front",
        "tgslices due redis://localhost --limit 5",
        "reading:show_due",
    ),
    Verb(
        "check",
        "look for what keeps messages from being deleted in time",
        "tgslices check postgresql://localhost/bot --margin 3h",
        "checking:check",
    ),
    Verb(
        "page",
        "serve all of it to a browser on this machine",
        "tgslices page sqlite:///slices.db --port 8080",
        "page:serve",
        may_write=True,
    ),
    Verb(
        "clear",
        "delete the messages of sessions from Telegram",
        "BOT_TOKEN=... tgslices clear --write sqlite:///slices.db chat=7,user=7,qualifier=order",
        "asking:clear",
        writes=True,
        session="+",
    ),
    Verb(
        "close",
        "close sessions and drop what they hold; Telegram is left alone",
        "tgslices sessions redis://localhost --older-than 9d --names | tgslices close --write redis://localhost -",
        "changing:close",
        writes=True,
        session="+",
    ),
    Verb(
        "forget",
        "drop the entries of sessions, which stay open; Telegram is left alone",
        "tgslices forget --write sqlite:///slices.db chat=7,user=7",
        "changing:forget",
        writes=True,
        session="+",
    ),
    Verb(
        "settle",
        "finish the pending deletions that are due",
        "BOT_TOKEN=... tgslices settle --write postgresql://localhost/bot",
        "asking:settle",
        writes=True,
    ),
    Verb(
        "erase",
        "drop all that is stored about a person",
        "BOT_TOKEN=... tgslices erase --write postgresql://localhost/bot 7",
        "asking:erase",
        writes=True,
    ),
    Verb(
        "extend",
        "let sessions that end by themselves live on",
        "tgslices extend --write sqlite:///slices.db chat=7,user=7,qualifier=order --by 2h",
        "changing:extend",
        writes=True,
        session="+",
    ),
)


class _Parser(argparse.ArgumentParser):
    """Leaves it to its caller how a mistake is told."""

    def error(self, message: str) -> NoReturn:
        raise _Mistake(self, message)


class _Mistake(Exception):
    """A command line that cannot be read."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser = parser


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; ``verb`` is what is to be done.

    Exits with code 2 where it cannot be read, and says why: as JSON where that is asked for.
    """
    words = sys.argv[1:] if argv is None else argv
    try:
        return _parser().parse_args(words)
    except _Mistake as mistake:
        _refuse(mistake, as_json=any(word.startswith("--j") and "--json".startswith(word) for word in words))


def _refuse(mistake: _Mistake, *, as_json: bool) -> NoReturn:
    parser = mistake.parser
    if as_json:
        print_json({"error": f"{mistake}. Look at {parser.prog} --help."})
        sys.exit(CANNOT)
    parser.print_usage(sys.stderr)
    parser.exit(CANNOT, f"{parser.prog}: error: {mistake}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tgslices",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb in VERBS:
        one = verbs.add_parser(
            verb.name,
            help=verb.help,
            description=f"{verb.help[0].upper()}{verb.help[1:]}.",
            epilog=f"example:\n  {verb.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.set_defaults(verb=verb)
        _add_common(one, verb)
        _add_own(one, verb.name)
    return parser


def _add_common(one: argparse.ArgumentParser, verb: Verb) -> None:
    one.add_argument("url", metavar="URL", help="the storage, as open_storage takes it, or env:NAME of a variable")
    if verb.session is not None:
        what = (
            "a session, as it is listed"
            if not verb.session
            else "sessions, as they are listed; - reads them from lines"
        )
        one.add_argument("session", metavar="SESSION", nargs=verb.session or None, help=what)
    one.add_argument("--bot", type=identifier, metavar="ID", help="whose sessions; the bot of BOT_TOKEN unless told")
    one.add_argument("--prefix", metavar="TEXT", help="the storage's prefix, where the bot gives it one")
    one.add_argument("--schema", metavar="NAME", help="the schema of the tables in PostgreSQL, where it is another")
    one.add_argument("--json", action="store_true", help="print JSON for programs")
    if verb.writes or verb.may_write:
        one.add_argument("--write", action="store_true", help="really do it: nothing is changed without")


def _add_own(one: argparse.ArgumentParser, name: str) -> None:
    """Add what one verb is told beside what all are."""
    if name == "sessions":
        one.add_argument("--chat", type=identifier, metavar="ID", help="of this chat alone")
        one.add_argument("--user", type=identifier, metavar="ID", help="of this person alone")
        one.add_argument("--qualifier", action="append", metavar="TEXT", help="with this one, or another; '' for none")
        one.add_argument(
            "--older-than", type=duration, metavar="TIME", help="opened so long ago, like 90s, 10m, 2h, 3d"
        )
        one.add_argument("--count", action="store_true", help="only tell how many there are")
        one.add_argument("--names", action="store_true", help="print names alone, one a line")
    if name == "pending":
        one.add_argument("--count", action="store_true", help="only tell how many there are, and for how long")
    if name in ("sessions", "due", "pending"):
        one.add_argument("--after", metavar="PLACE", help="go on where a list has ended")
    if name in ("sessions", "due", "pending", "show"):
        default = "50; all with --names" if name == "sessions" else "50"
        one.add_argument("--limit", type=_limit, metavar="N", help=f"at most so many ({default})")
    if name == "show":
        one.add_argument("--data", action="store_true", help="show the values of the data")
    if name == "page":
        one.add_argument("--port", type=_port, default=0, metavar="N", help="listen on this one; any unless told")
    if name == "check":
        one.add_argument("--margin", type=duration, default="1h", metavar="TIME", help="how near is near (%(default)s)")
    if name == "erase":
        one.add_argument("user", type=identifier, metavar="USER", help="the person's id")
    if name == "extend":
        one.add_argument("--by", type=duration, default="1h", metavar="TIME", help="at least so long (%(default)s)")


def duration(text: str) -> timedelta:
    """Return a length of time like ``90s``, ``10m``, ``2h`` or ``3d``.

    Raises:
        ArgumentTypeError: it is none.
    """
    found = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time like 90s, 10m, 2h or 3d")
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is more than a hundred years")
    return timedelta(seconds=seconds)


def _limit(text: str) -> int:
    return _whole(text, 1, MOST)


def _port(text: str) -> int:
    return _whole(text, 0, 65_535)


def identifier(text: str) -> int:
    """Return the id of a bot, a chat or a person.

    Raises:
        ArgumentTypeError: it is none.
    """
    return _whole(text, -MAX_INT, MAX_INT)


def _whole(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"-?[0-9]{1,19}", text) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
    return int(text)
