"""What a tap costs where stale buttons are answered, in processor time.

Run it with ``python -m benchmarks.taps``. A live tap, on the oldest message of its session, passes the
middleware alone, in front of a handler that does nothing, with so many open sessions of so many messages in process
memory; the cost of that handler is taken off.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot
from aiogram.types import TelegramObject, Update

from tgslices import Direction, SessionKey, TrackedMessage
from tgslices.manager import SessionManager
from tgslices.middlewares.stale_buttons import stale_buttons_middleware
from tgslices.model import IfClosed
from tgslices.telegram_facts.message_kind import MessageKind

TOKEN = "42:" + "A" * 35
SENT = datetime(2026, 1, 1, tzinfo=UTC)


def update(bot: Bot, kind: str) -> Update:
    """Return a tap under message 1 of Ann's private chat, or a message of hers."""
    person = {"id": 7, "is_bot": False, "first_name": "Ann"}
    message = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "Pay?"}
    tap = {"id": "1", "from": person, "chat_instance": "1", "data": "pay", "message": message}
    return Update.model_validate({"update_id": 1, kind: message if kind == "message" else tap}, context={"bot": bot})


async def manager_with(sessions: int, messages: int) -> SessionManager:
    """Return a manager with open sessions of so many private chats."""
    manager = SessionManager(Bot(TOKEN))
    for user in range(7, 7 + sessions):
        key = SessionKey(42, user, user)
        for number in range(1, messages + 1):
            entry = TrackedMessage(number, user, 42, MessageKind.TEXT, Direction.OUTGOING, SENT, SENT)
            await manager.tracker.add(key, entry, if_closed=IfClosed.OPEN)
    return manager


async def cost(call: Callable[[], Awaitable[Any]], rounds: int, calls: int) -> float:
    """Return the median processor time of a call in microseconds."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(calls):
            await call()
        times.append((time.process_time() - started) / calls * 1e6)
    return statistics.median(times)


async def costs(manager: SessionManager, rounds: int, calls: int) -> tuple[float, float]:
    """Return what a live tap, and an update that is no tap, cost more than without the middleware."""
    middleware = stale_buttons_middleware(lambda _: manager, "Over.")

    async def handler(_: TelegramObject, __: dict[str, Any]) -> None:
        return None

    data = {"bot": manager.bot}
    tap, other = update(manager.bot, "callback_query"), update(manager.bot, "message")
    bare = await cost(lambda: handler(tap, data), rounds, calls)
    live = await cost(lambda: middleware(handler, tap, data), rounds, calls)
    return live - bare, await cost(lambda: middleware(handler, other, data), rounds, calls) - bare


async def main(rounds: int, calls: int) -> None:
    """Print the costs beside sessions of several sizes."""
    for sessions, messages in ((1, 1), (1, 10), (1, 1_000), (10_000, 10)):
        live, passing = await costs(await manager_with(sessions, messages), rounds, calls)
        print(f"{sessions:>7,} open of {messages:>5,} messages: live tap +{live:.2f} us, no tap +{passing:.2f} us")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--calls", type=int, default=10_000)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, arguments.calls))
