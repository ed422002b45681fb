"""``python -m tgslices.testing``: the emulator as a server, with its chat page, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys

from tgslices.testing.server import BotApi


def main(arguments: list[str] | None = None) -> int:
    """Serve; return 0 after an interruption and 1 when the address cannot be had."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.INFO if options.verbose else logging.WARNING)
    try:
        asyncio.run(_serve(options.host, options.port, options.bot or ["test_bot"], options.person or ["Ann"]))
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror or error}.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tgslices.testing", description="A Telegram on your desk.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--bot", action="append", metavar="USERNAME", help="add a bot; may be repeated")
    parser.add_argument("--person", action="append", metavar="NAME", help="add a person; may be repeated")
    parser.add_argument("--verbose", action="store_true", help="print every Bot API call")
    return parser


async def _serve(host: str, port: int, usernames: list[str], names: list[str]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stopped.set)
    async with BotApi(host=host, port=port, page=True) as api:
        accounts = [api.add_bot(username) for username in usernames]
        for name in names:
            person = api.add_person(name)
            for account in accounts:
                person.private_chat(account)
        print(f"Bot API:   {api.url}   (TelegramAPIServer.from_base)")
        print(f"Chat page: {api.page_url}")
        for account in accounts:
            print(f"@{account.username}: token {account.token}")
        print("Press Ctrl-C to stop.", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
