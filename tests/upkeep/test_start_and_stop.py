"""Started and stopped by anybody: cancelled pollings, other event loops, feeds, and starts during stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.types import Message

from tgslices import MemorySessionStorage, Session, SessionBot, SessionQualifier, SessionStorage, setup_sessions
from tgslices.storage import open_storage
from tgslices.storage.memory import MemorySessionStorage as Memory
from tgslices.testing import BotAccount, BotApi, ChatView, Failure, Person, running

Order = Annotated[Session, SessionQualifier("order")]
Texts = list[str]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
def account(api: BotApi) -> BotAccount:
    return api.add_bot("order_bot")


@pytest.fixture
def ann(api: BotApi) -> Person:
    return api.add_person("Ann")


@pytest.fixture
def chat(ann: Person, account: BotAccount) -> ChatView:
    return ann.private_chat(account)


@pytest.fixture(params=["memory", "sqlite"])
def storages(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], SessionStorage]:
    """Return what opens the storage for each process; the one in memory lives on."""
    if request.param == "memory":
        memory = MemorySessionStorage()
        return lambda: memory
    return lambda: open_storage(f"sqlite:///{tmp_path / 'slices.db'}")


def takes_orders(dispatcher: Dispatcher) -> None:
    @dispatcher.message(Command("order"))
    async def start(message: Message, order: Order) -> None:
        async with order:
            await message.answer("What would you like?")

    @dispatcher.message(Command("done"))
    async def done(message: Message, order: Order) -> None:
        await order.clear()
        await order.close()

    @dispatcher.message(F.text)
    async def note(message: Message, order: Order) -> None:
        if await order.is_open():
            await order.send_message("Noted")


def process(
    api: BotApi, account: BotAccount, storage: SessionStorage, patience: timedelta = timedelta(seconds=5)
) -> tuple[Dispatcher, SessionBot]:
    """Return what one process of the bot has."""
    dispatcher = Dispatcher()
    bot = SessionBot(account.token, session=api.client_session())
    setup_sessions(dispatcher, bot, storage=storage, patience=patience, clock=api.clock.now)
    takes_orders(dispatcher)
    return dispatcher, bot


async def polls(dispatcher: Dispatcher, bot: SessionBot) -> asyncio.Task[None]:
    """Start to poll as most bots do: handlers in tasks of their own."""
    return asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))


async def test_a_polling_that_is_cancelled_confirms_nothing_that_is_not_recorded(
    api: BotApi, account: BotAccount, chat: ChatView, storages: Callable[[], SessionStorage]
) -> None:
    dispatcher, bot = process(api, account, storages())
    polling = await polls(dispatcher, bot)
    await chat.types("/order")
    await chat.until(lambda view: "What would you like?" in view.texts())
    polling.cancel()
    await asyncio.wait({polling})
    await chat.types("late")
    assert "Dispatcher._polling" not in {getattr(task.get_coro(), "__qualname__", None) for task in asyncio.all_tasks()}
    await bot.session.close()
    assert account.updates.pending, "what came after the shutdown waits for the next process"

    dispatcher, bot = process(api, account, storages())
    polling = await polls(dispatcher, bot)
    await chat.until(lambda view: "Noted" in view.texts())
    await chat.types("/done")
    await chat.until(lambda view: view.texts() == ["/order"])
    await dispatcher.stop_polling()
    await polling
    await bot.session.close()


async def test_an_update_is_confirmed_when_its_record_is_made(api: BotApi, account: BotAccount, chat: ChatView) -> None:
    """aiogram asks for the next updates, which confirms these, before their handlers have run."""
    recording, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Memory):
        async def record(self, *arguments: Any) -> int:
            recording.set()
            await go_on.wait()
            return await super().record(*arguments)

    dispatcher, bot = process(api, account, Slow())
    polling = await polls(dispatcher, bot)
    await chat.types("/order")
    await chat.until(lambda view: "What would you like?" in view.texts())
    await api.idle()
    await chat.types("a pizza")
    await recording.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    assert account.updates.pending
    go_on.set()
    await api.idle()
    await dispatcher.stop_polling()
    await polling
    await bot.session.close()


async def test_a_shutdown_in_the_same_tick_as_a_wipe_ends(api: BotApi, account: BotAccount, ann: Person) -> None:
    ann.private_chat(account)
    dispatcher, bot = process(api, account, MemorySessionStorage(), timedelta(0))
    for dispatched in (True, False):
        if dispatched:
            await dispatcher.emit_startup(bot=bot, bots=[bot])
        api.faults.add(Failure(500), method="deleteMessages", times=None)
        session = bot.sessions.get(ann.id, ann.id)
        await session.send_message("one")
        assert len((await session.clear()).pending) == 1
        stopping = dispatcher.emit_shutdown(bot=bot, bots=[bot]) if dispatched else bot.sessions.aclose()
        async with asyncio.timeout(5):
            await stopping
    await bot.session.close()


async def test_a_start_during_a_stop_goes_on(
    api: BotApi, account: BotAccount, ann: Person, storages: Callable[[], SessionStorage]
) -> None:
    ann.private_chat(account)
    dispatcher, bot = process(api, account, storages())
    for steps in range(1, 12):
        await dispatcher.emit_startup(bot=bot, bots=[bot])
        stopping = asyncio.create_task(dispatcher.emit_shutdown(bot=bot, bots=[bot]))
        for _ in range(steps):
            await asyncio.sleep(0)
        await dispatcher.emit_startup(bot=bot, bots=[bot])
        await stopping
        session = bot.sessions.get(ann.id, ann.id)
        await session.send_message("one")
        assert await session.clear() == 1
        assert [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-upkeep"]
        await dispatcher.emit_shutdown(bot=bot, bots=[bot])
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-upkeep"]
    await bot.session.close()


async def test_a_start_that_failed_may_be_repeated(api: BotApi, account: BotAccount) -> None:
    class Reluctant(Memory):
        starts = 0

        async def start(self) -> None:
            self.starts += 1
            if self.starts == 1:
                raise ConnectionError("not yet")

    storage = Reluctant()
    dispatcher, bot = process(api, account, storage)
    with pytest.raises(ConnectionError):
        await dispatcher.emit_startup(bot=bot, bots=[bot])
    assert not bot.sessions.life_cycle.is_run
    await dispatcher.emit_startup(bot=bot, bots=[bot])
    await dispatcher.emit_startup(bot=bot, bots=[bot])
    assert (storage.starts, bot.sessions.life_cycle.is_run) == (2, True)
    await dispatcher.emit_shutdown(bot=bot, bots=[bot])
    assert not bot.sessions.life_cycle.is_run
    await bot.session.close()


async def test_an_update_that_is_fed_after_the_shutdown_is_recorded(
    api: BotApi, account: BotAccount, chat: ChatView, storages: Callable[[], SessionStorage]
) -> None:
    dispatcher, bot = process(api, account, storages())
    await dispatcher.emit_startup(bot=bot, bots=[bot])
    session = await bot.sessions.get(chat.id, chat.id).open()
    await dispatcher.emit_shutdown(bot=bot, bots=[bot])
    await chat.types("late")
    for update in await bot.get_updates():
        await dispatcher.feed_update(bot, update)
    assert len(await session.messages()) == 1
    await bot.sessions.aclose()
    await bot.session.close()


async def test_a_bot_that_only_feeds_finishes_what_an_earlier_process_left(
    api: BotApi, account: BotAccount, chat: ChatView, storages: Callable[[], SessionStorage]
) -> None:
    dispatcher, bot = process(api, account, storages(), timedelta(0))
    session = bot.sessions.get(chat.id, chat.id)
    await session.send_message("Your code: 1234")
    api.faults.add(Failure(500), method="deleteMessages", times=None)
    assert len((await session.clear()).pending) == 1
    await bot.sessions.aclose()
    await bot.session.close()
    api.faults.clear()
    api.clock.move(timedelta(minutes=1))

    dispatcher, bot = process(api, account, storages())
    await chat.types("hi")
    for update in await bot.get_updates():
        await dispatcher.feed_update(bot, update)
    await chat.until(lambda view: view.texts() == ["hi"])
    await bot.sessions.aclose()
    await bot.session.close()


def test_a_dispatcher_of_a_module_runs_in_one_event_loop_after_the_other(tmp_path: Path) -> None:
    """ "a second event loop": two ``asyncio.run`` in a row, the first of which leaves something pending."""
    storage = open_storage(f"sqlite:///{tmp_path / 'slices.db'}")
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, storage=storage, patience=timedelta(0))
    takes_orders(dispatcher)
    token = "42:" + "s" * 35

    async def run(number: int, *, fails: bool) -> None:
        async with BotApi() as api, SessionBot(token, session=api.client_session()) as bot:
            account = api.add_bot("order_bot", token=token)
            # Somebody else each time: to the storage, numbers that begin anew would be those of known messages.
            chat = [api.add_person("Ann") for _ in range(number)][-1].private_chat(account)
            if fails:
                api.faults.add(Failure(500), method="deleteMessages", times=1)
            async with running(dispatcher, bot):  # aiogram's own polling keeps to the loop of its first run
                await chat.types("/order")
                await chat.until(lambda view: "What would you like?" in view.texts())
                await chat.types("/done")
                await chat.until(lambda view: view.texts() == ["/order"], timeout=30)

    for number, fails in enumerate((False, True, False), 1):
        asyncio.run(run(number, fails=fails))
