"""Promise: "a crash in between loses nothing: the next start (or another worker) finishes the job"."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.acceptance import worker
from tests.thoroughness import some_of
from tgslices.testing import ApiRequest, BotAccount, BotApi, ChatView, Slow

MAKING = {"sendMessage", "copyMessages"}
ITEMS = 6
"""As many make more than a hundred messages, and so a wipe of two requests at least."""


class Keeper:
    """Keeps a bot's process running, and kills it while the server holds back a call of its."""

    def __init__(
        self,
        api: BotApi,
        account: BotAccount,
        chat: ChatView,
        folder: Path,
        url: str | None = None,
        target: str = "poll",
    ) -> None:
        self.journal = folder / "journal"
        self.journal.touch()
        self.lost: list[ApiRequest] = []
        """The calls whose answers nobody has read."""
        self._api = api
        self._chat = chat
        url = url or f"sqlite+aiosqlite:///{folder}/slices.db"
        self._target = target
        self._arguments = (api.url, account.token, url, self.journal)
        self._process: BaseProcess | None = None

    def start(self) -> None:
        self._process = worker.start(self._target, *self._arguments)

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.join)

    async def kill_at(self, method: str | None, *, skip: int, after_work: bool) -> None:
        """Kill the process while a call is under way and start another; the server works before or after that."""
        answer = asyncio.Event()
        fault = self._api.faults.add(Slow(until=answer, after_work=after_work), method=method, skip=skip)
        await self._chat.until(lambda _: fault.hits > 0, timeout=60)
        await self.kill()
        self.lost += [call for call in self._api.requests if call.status is None and call.method != "getUpdates"]
        answer.set()
        self.start()

    def acknowledged(self) -> set[int]:
        return {int(line) for line in self.journal.read_text().split()}

    def untold(self) -> set[int]:
        """Return the ids of messages whose sender was killed before it was told them: nobody else can know those."""
        sent = [json.loads(call.answer)["result"] for call in self.lost if call.method in MAKING]
        return {message["message_id"] for made in sent for message in (made if isinstance(made, list) else [made])}

    def killed_wipes(self) -> int:
        return sum(call.method == "deleteMessages" for call in self.lost)


async def converse(chat: ChatView, keeper: Keeper, chance: random.Random, api: BotApi) -> None:
    """Order, item by item, and end it; the bot is killed while it talks, while it wipes, and while it says farewell."""

    async def kill_now_and_then() -> None:
        await keeper.kill_at(None, skip=chance.randrange(2 * ITEMS), after_work=chance.random() < 0.5)
        await keeper.kill_at("deleteMessages", skip=chance.randrange(2), after_work=chance.random() < 0.5)
        await keeper.kill_at("sendMessage", skip=0, after_work=chance.random() < 0.5)

    keeper.start()
    killing = asyncio.create_task(kill_now_and_then())
    await chat.types("/order")
    for number in range(ITEMS):
        await chat.types(f"item {number}")
    await chat.types("/done")
    await killing
    await chat.until(lambda seen: "Bye" in seen.texts(), timeout=60)
    await api.idle(timeout=60)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("block", some_of(range(5), 2))
async def test_a_bot_that_is_killed_at_random_leaves_a_clean_chat(block: int, tmp_path: Path) -> None:
    """Ten runs a block, fifty in all at most: nothing acknowledged is missing, nothing that should be gone stays."""
    killed_wipes = 0
    for seed in range(block * 10, block * 10 + 10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        async with BotApi() as api:
            account = api.add_bot("order_bot")
            chat = api.add_person("Ann").private_chat(account)
            keeper = Keeper(api, account, chat, folder)
            try:
                await converse(chat, keeper, random.Random(seed), api)
                # What was claimed by a process that died is leased for a minute: the next start after it finishes it.
                await _settle(api, account, folder, keeper)
                visible = {message.message_id: message.text for message in chat.visible()}
                assert not keeper.acknowledged() & set(visible), (seed, str(chat))
                told = {text for number, text in visible.items() if number not in keeper.untold()}
                assert told <= {"/order", "Bye"}, (seed, str(chat))
                assert "Bye" in visible.values()
                killed_wipes += keeper.killed_wipes() > 0
            finally:
                await keeper.kill()
    assert killed_wipes == 10


async def _settle(api: BotApi, account: BotAccount, folder: Path, keeper: Keeper) -> None:
    """Finish what dead processes left, as their successor does when their leases are over."""
    from datetime import UTC, datetime

    from tgslices import SessionBot
    from tgslices.config import SessionConfig
    from tgslices.manager import SessionManager
    from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage

    await keeper.kill()
    url = f"sqlite+aiosqlite:///{folder}/slices.db"
    storage = SQLAlchemySessionStorage(url, timeout=timedelta(minutes=1))  # a busy machine may take as long
    bot = SessionBot(account.token, session=api.client_session())
    manager = SessionManager(bot, SessionConfig(storage, clock=lambda: datetime.now(UTC) + timedelta(minutes=2)))
    result = await manager.settle_pending()
    assert not (result.refused or result.expired or result.unreachable or result.pending)
    assert await storage.pending(account.id) == []
    assert await storage.open_keys(account.id) == []
    await manager.aclose()
    await bot.session.close()
