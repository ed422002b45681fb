"""Workers that are killed tell less than they did, by what was on its way, and never more."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

from aiogram import Dispatcher

from tests.telemetry.mortal_worker import PER_SESSION, Journal, start
from tgslices import SessionBot, setup_sessions
from tgslices.storage import open_storage
from tgslices.testing import BotApi

KILLS = 6


def _has_asked(api: BotApi, until: int) -> bool:
    return len(api.requests) >= until


async def test_counts_of_killed_workers_are_never_too_high(url: str, tmp_path: Path) -> None:
    chance, journal = random.Random(url.partition(":")[0]), tmp_path / "journal"
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        ann = api.add_person("Ann")
        chat = ann.private_chat(account)
        for _ in range(KILLS):
            until = len(api.requests) + chance.randrange(5, 60)
            process = start(api.url, account.token, url, ann.id, journal)
            await api.world.changes.within(60, partial(_has_asked, api, until))
            process.kill()
            await asyncio.to_thread(process.join)
        await api.idle()
        api.clock.freeze()
        api.clock.move(timedelta(hours=1))
        async with SessionBot(account.token, session=api.client_session()) as bot:
            setup_sessions(Dispatcher(), bot, storage=open_storage(url), observer=Journal(journal), clock=api.clock.now)
            await bot.sessions.settle_pending()
            session = bot.sessions.get(ann.id)
            await session.clear()
            await bot.sessions.aclose()
        answers = [json.loads(call.answer) for call in api.requests if call.method == "sendMessage" and call.answer]
        gone = max(answer["result"]["message_id"] for answer in answers) - len(chat.texts())
    told = [json.loads(line) for line in journal.read_text().splitlines()]
    claimed = Counter(number for kind, what in told if kind == "claimed" for number in what)
    settled = sum(what for kind, what in told if kind == "settled")
    assert set(claimed.values()) == {1}
    assert PER_SESSION < settled <= gone
    assert gone - settled <= KILLS * PER_SESSION
    assert gone - len(claimed) <= KILLS * PER_SESSION
