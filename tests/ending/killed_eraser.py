"""A process that erases a person, and is killed before a call of the storage: ``killed_eraser URL CALL NUMBER``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from tests.ending.test_erase_killed import BOT, PERSON
from tgslices import SessionBot, SessionConfig, SessionManager
from tgslices.storage import open_storage


async def main(url: str, call: str, number: int) -> None:
    storage: Any = open_storage(url)
    method, count = getattr(storage, call), 0

    async def counted(*given: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return await method(*given, **named)

    setattr(storage, call, counted)
    manager = SessionManager(SessionBot(f"{BOT}:TEST"), SessionConfig(storage=storage))
    await manager.erase(PERSON)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
