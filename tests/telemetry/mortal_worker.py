"""A worker in a process of its own that fills and clears sessions, and writes down what its observer is told."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from multiprocessing.process import BaseProcess
from pathlib import Path

from aiogram import Dispatcher

from tests.forks import FORKS
from tgslices import SessionBot, setup_sessions
from tgslices.storage import open_storage
from tgslices.telemetry import MessagesClaimed, MessagesSettled, SessionEvent
from tgslices.testing.http.client import loopback_session

PER_SESSION = 5
"""How many messages a worker sends before it clears them."""


def start(api: str, token: str, url: str, chat_id: int, journal: Path) -> BaseProcess:
    """Start a worker, which goes on until it is killed."""
    process = FORKS.Process(target=_work, args=(api, token, url, chat_id, journal), daemon=True)
    process.start()
    return process


def _work(api: str, token: str, url: str, chat_id: int, journal: Path) -> None:
    logging.disable()
    asyncio.run(_go_on(api, token, url, chat_id, journal))


async def _go_on(api: str, token: str, url: str, chat_id: int, journal: Path) -> None:
    bot = SessionBot(token, session=loopback_session(api))
    setup_sessions(Dispatcher(), bot, storage=open_storage(url), observer=Journal(journal))
    await bot.sessions.start()
    while True:
        session = bot.sessions.get(chat_id)
        for _ in range(PER_SESSION):
            await session.send_message("hi")
        await session.clear()
        await session.close()


class Journal:
    """An observer that writes each event down before anything else is done."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def __call__(self, event: SessionEvent) -> None:
        """Write an event, in one call of the system."""
        entry: object = None
        if isinstance(event, MessagesClaimed):
            entry = ["claimed", [message.message_id for message in event.messages]]
        elif isinstance(event, MessagesSettled):
            entry = ["settled", event.messages]
        if entry is not None:
            os.write(self._file, json.dumps(entry).encode() + b"\n")
