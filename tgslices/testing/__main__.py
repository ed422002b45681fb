"""``python -m tgslices.testing``: the emulator as a server, with its chat page, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from itertools import zip_longest
from pathlib import Path

from tgslices.errors import TgslicesError
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.testing.page.inspector import open_shared
from tgslices.testing.server import BotApi
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.world_file import WorldFileError, load_world


def main(arguments: list[str] | None = None) -> int:
    """Serve; return 0 after an interruption and 1 when the address cannot be had."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.INFO if options.verbose else logging.WARNING)
    api = BotApi(host=options.host, port=options.port, page=True, allowed_hosts=options.allow_host or ())
    accounts = []
    if options.world is not None:
        try:
            accounts = load_world(api, options.world)
        except (OSError, WorldFileError) as error:
            parser.error(f"argument --world: {error}")
    try:
        accounts += _populate(api, *_who(options), options.token or [])
    except ValueError as error:
        parser.error(f"argument --token: {error}")
    _found_chats(api, accounts, options.group or [], options.channel or [])
    try:
        storage = None if options.storage is None else open_shared(options.storage)
    except TgslicesError as error:
        parser.error(f"argument --storage: {error}")
    try:
        asyncio.run(_serve(api, accounts, storage))
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror or error}.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    description = "A Bot API server for tests, with a chat page."
    parser = argparse.ArgumentParser(prog="python -m tgslices.testing", description=description)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--bot", action="append", metavar="USERNAME", help="add a bot; may be repeated")
    parser.add_argument(
        "--token",
        action="append",
        help="the token of the bot, like 42:secret (default: a random one); repeat it for more",
    )
    parser.add_argument("--person", action="append", metavar="NAME", help="add a person; may be repeated")
    parser.add_argument(
        "--world", type=Path, metavar="FILE", help="make the bots, people and chats of a TOML file; others are added"
    )
    parser.add_argument("--group", action="append", metavar="TITLE", help="add a supergroup of all; may be repeated")
    parser.add_argument("--channel", action="append", metavar="TITLE", help="add a channel of all; may be repeated")
    parser.add_argument(
        "--allow-host",
        action="append",
        metavar="NAME",
        help="let browsers open the page by this host name, too; may be repeated",
    )
    parser.add_argument(
        "--storage", metavar="URL", help="show the sessions that the bots keep there, in PostgreSQL say"
    )
    parser.add_argument("--verbose", action="store_true", help="print every Bot API call")
    return parser


def _who(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The bots and people to add; without a world one of each."""
    bots, people = options.bot or [], options.person or []
    return (bots, people) if options.world is not None else (bots or ["test_bot"], people or ["Ann"])


def _populate(api: BotApi, usernames: list[str], names: list[str], tokens: list[str]) -> list[BotAccount]:
    if len(tokens) > len(usernames):
        raise ValueError(f"there are {len(tokens)} tokens for {len(usernames)} bots; add a bot with --bot")
    accounts = [api.add_bot(username, token=token) for username, token in zip_longest(usernames, tokens)]
    for name in names:
        person = api.add_person(name)
        for account in accounts:
            person.private_chat(account)
    return accounts


def _found_chats(api: BotApi, accounts: list[BotAccount], groups: list[str], channels: list[str]) -> None:
    """Add chats with everybody in them; the first person and the bots are administrators."""
    people = [user for user in api.world.users.values() if not user.is_bot]
    first, others = people[:1], people[1:]
    for title in groups:
        api.add_supergroup(title, members=others, admins=[*first, *accounts])
    for title in channels:
        api.add_channel(title, members=others, admins=[*first, *accounts])


async def _serve(api: BotApi, accounts: list[BotAccount], storage: DurableSessionStorage | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stopped.set)
    async with api, contextlib.AsyncExitStack() as stack:
        if storage is not None and api.page is not None:
            stack.push_async_callback(storage.aclose)
            for account in accounts:
                api.page.inspector.watch(account.id, storage)
        print(f"Bot API:   {api.url}   (TelegramAPIServer.from_base)")
        print(f"Chat page: {api.page_url}")
        for account in accounts:
            print(f"@{account.username}: token {account.token}")
        print("Press Ctrl-C to stop.", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
