"""A whole bot behind webhooks, compared with itself without sessions, and with ids kept by hand, in one run.

Real aiohttp servers with aiogram's webhook handler in processes of their own; updates come over HTTP on loopback, and
the bot's requests go over HTTP to a Bot API that accepts everything, which is part of this process. All bots run at
once and are measured in turn, so that a busy machine disturbs all alike. Trust ratios, and not what a row tells alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import Sequence

from benchmarks.storage import directory
from benchmarks.whole_bot.contestants import BARE, CONTESTANTS, Contestant
from benchmarks.whole_bot.places import settled
from benchmarks.whole_bot.report import Rounds, show
from benchmarks.whole_bot.running import Running, running

NAMES = [it.name for it in CONTESTANTS]
MAX_MESSAGES = 50  # messages of theirs in a conversation, so that all of it is deleted with one request


async def measure(arguments: argparse.Namespace, chosen: Sequence[Contestant], workers: int) -> None:
    """Print everything about bots with so many workers."""
    mine = [it for it in chosen if workers == 1 or it.serves_many]
    within, people = arguments.api == "within", max(arguments.chats)
    async with running(mine, workers=workers, people=people, length=arguments.length, within=within) as bots:
        await _round(bots, people, arguments.seconds)  # warms them up
        for chats in arguments.chats:
            rounds: Rounds = {bot.contestant: [] for bot in bots}
            for _ in range(arguments.rounds):
                await _round(bots, chats, arguments.seconds, rounds)
            show(workers, chats, rounds)
        for bot in bots:
            await bot.check()


async def _round(bots: Sequence[Running], chats: int, seconds: float, rounds: Rounds | None = None) -> None:
    for bot in random.sample(bots, len(bots)):
        measured = await bot.load.measure(chats, seconds)
        if rounds is not None:
            rounds[bot.contestant].append(measured)


def chosen_of(arguments: argparse.Namespace) -> list[Contestant]:
    """Return who takes part, the bare bot always."""
    only = arguments.only or [it.name for it in CONTESTANTS if it.is_usual]
    chosen = [it for it in CONTESTANTS if it.name in (BARE, *only)]
    if arguments.freeze == "yes":
        return [it.with_frozen() for it in chosen]
    both = [each for it in chosen for each in (it, it.with_frozen())]
    return both if arguments.freeze == "both" else chosen


def main() -> None:
    """Start what is needed, measure, and stop it."""
    arguments = parse()
    started = time.monotonic()
    with directory() as folder, settled(chosen_of(arguments), folder) as chosen:
        for workers in arguments.workers:
            asyncio.run(measure(arguments, chosen, workers))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"\n{time.monotonic() - started:.0f} s; load of the machine in the last 1, 5 and 15 minutes: {load}")


def parse() -> argparse.Namespace:
    """Return what was asked for. Each bot takes about (rounds x chats + 1) x seconds, for each number of workers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_bot", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, metavar="BOT", help=f"beside {BARE}: {', '.join(NAMES[1:])}"
    )
    parser.add_argument("--workers", nargs="+", type=int, default=[1], help="processes of each bot: 1 2 4")
    parser.add_argument("--chats", nargs="+", type=int, default=[1, 20, 100], help="how many people write at once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1, help="how long a bot is measured in a round")
    parser.add_argument(
        "--length",
        type=int,
        default=10,
        choices=range(MAX_MESSAGES + 1),
        metavar="N",
        help="so many messages, then /done; 0: never",
    )
    parser.add_argument("--api", choices=("http", "within"), default="http", help="within: in the worker, at no cost")
    parser.add_argument("--freeze", choices=("no", "yes", "both"), default="no", help="gc.freeze() after the start")
    return parser.parse_args()


if __name__ == "__main__":
    main()
