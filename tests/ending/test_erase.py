"""All that is stored about a person is dropped, on every storage, however often, and whatever interrupts it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import pytest
from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, polling
from tests.storage.conftest import any_storage
from tgslices import (
    ConfigurationError,
    Erased,
    Session,
    SessionBot,
    SessionData,
    SessionQualifier,
    SessionStorage,
    setup_sessions,
)
from tgslices.fsm import FSMStorage
from tgslices.storage.adapter import PluginStorage
from tgslices.testing import BotApi

DAY = timedelta(days=1)


@dataclass
class Form:
    """What somebody was asked for."""

    name: str = ""


FORM = SessionData(Form)
VISITS = SessionData(Form, name="visits", outlives_close=True)
Order = Annotated[Session, SessionQualifier("order")]
OrderForm = Annotated[Form, FORM, SessionQualifier("order")]

__all__ = ("any_storage",)


async def kept_of(stage: FedBot) -> dict[str, Any]:
    """Return what a storage tells about Ann."""
    storage, bot = stage.bot.sessions.tracker.storage, stage.bot.id
    now = stage.api.clock.now()
    session = stage.bot.sessions.get(stage.chat.id, stage.ann.id, qualifier="order", collect=False)
    return {
        "open": [key for key in await storage.open_keys(bot) if stage.ann.id in (key.user_id, key.chat_id)],
        "entries": await storage.list(session.key),
        "data": await storage.read_data(session.key, now=now),
        "pending": await storage.pending(bot),
    }


NOTHING: dict[str, Any] = {"open": [], "entries": [], "data": {}, "pending": []}


async def fill(stage: FedBot) -> Session:
    """Let Ann say something in sessions of every kind; return the one of a whole group."""
    order = stage.session("order")
    await order.send_message("What would you like?")
    await stage.says("a pizza")
    await order.data(FORM).write(Form("Ann"))
    await order.data(VISITS).write(Form("3"))
    group = stage.api.add_supergroup(
        "Kitchen", members=[stage.ann, stage.api.add_person("Bob")], admins=[stage.account]
    )
    everybody = await stage.bot.sessions.get(group.id).open()
    await stage.bot.sessions.get(group.id, stage.ann.id, qualifier="mine").open()
    await stage.ann.view(group).types("hello")
    await stage.settled()
    await everybody.send_message("hello Ann")
    return everybody


async def test_all_that_is_stored_about_a_person_is_dropped_and_telegram_left_alone(stage: FedBot) -> None:
    everybody = await fill(stage)
    seen = stage.chat.texts()
    bobs = await stage.bot.sessions.get(1, 1).open()
    erased = await stage.bot.sessions.erase(stage.ann.id)
    assert (erased.sessions, erased.entries, int(erased.deletions)) == (2, 1, 0)
    assert await kept_of(stage) == NOTHING
    assert [entry.user_id for entry in await everybody.messages()] == [stage.bot.id]
    assert await bobs.is_open()
    assert stage.chat.texts() == seen
    again = await stage.bot.sessions.erase(stage.ann.id)
    assert (again.sessions, again.entries) == (0, 0)
    await stage.says("are you still listening?")
    assert await kept_of(stage) == NOTHING


async def test_only_a_plugin_cannot_tell_whether_that_was_all(stage: FedBot) -> None:
    erased: Erased = await stage.bot.sessions.erase(stage.ann.id)
    assert erased.is_whole is not isinstance(stage.bot.sessions.tracker.storage, PluginStorage)


async def test_pending_deletions_are_tried_once_and_dropped(stage: FedBot) -> None:
    order = stage.session("order")
    messages = [await order.send_message(text) for text in ("one", "two")]
    now = stage.api.clock.now()
    await stage.bot.sessions.tracker.storage.claim(order.key, None, now=now, until=now + DAY)
    await stage.chat.until(lambda view: len(view.texts()) == len(messages))
    erased = await stage.bot.sessions.erase(stage.ann.id)
    assert int(erased.deletions) == 2
    assert stage.chat.texts() == []
    assert await kept_of(stage) == NOTHING


async def test_what_telegram_does_not_answer_for_is_dropped_all_the_same(stage: FedBot) -> None:
    order = stage.session("order")
    await order.send_message("one")
    now = stage.api.clock.now()
    await stage.bot.sessions.tracker.storage.claim(order.key, None, now=now, until=now + DAY)
    stage.answers("deleteMessages", {"ok": False, "error_code": 500, "description": "Internal Server Error"})
    erased = await stage.bot.sessions.erase(stage.ann.id)
    assert erased.deletions.accepted == ()
    assert await kept_of(stage) == NOTHING


async def test_a_handler_may_erase_the_person_whose_data_it_holds(stage: FedBot) -> None:
    @stage.dispatcher.message(Command("forget_me"))
    async def forget(message: Message, bot: SessionBot, order: Order, form: OrderForm) -> None:
        form.name = "changed before"
        async with order:
            await bot.sessions.erase(stage.ann.id)
            await message.answer("I know nothing of you.")

    await fill(stage)
    await stage.says("/forget_me")
    assert stage.chat.texts()[-1] == "I know nothing of you."
    assert await kept_of(stage) == NOTHING


@pytest.mark.parametrize("any_storage", ["memory", "sqlite", "postgresql", "redis"], indirect=True)
async def test_states_beside_the_sessions_go_too(
    api: BotApi, any_storage: SessionStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    states = FSMStorage(any_storage)
    dispatcher = Dispatcher(storage=states, events_isolation=states.isolation())
    seen: list[tuple[str | None, dict[str, Any]]] = []

    @dispatcher.message(Command("forget_me"))
    async def forget(message: Message, bot: SessionBot, state: FSMContext) -> None:
        await bot.sessions.erase(ann.id)

    @dispatcher.message()
    async def ask(message: Message, state: FSMContext) -> None:
        seen.append((await state.get_state(), await state.get_data()))
        await state.set_state("asked")
        await state.set_data({"name": "Ann"})

    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot, storage=any_storage)
        stage = FedBot(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)
        async with polling(dispatcher, bot):
            await stage.says("hi", "hi", "/forget_me", "hi")
    assert seen == [(None, {}), ("asked", {"name": "Ann"}), (None, {})]


@pytest.mark.parametrize("step", ["erase_sessions", "erase_entries", "pending", "postpone", "settle"])
async def test_an_erasure_that_dies_in_between_is_completed_by_the_next_call(
    stage: FedBot, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = await fill(stage)
    storage, now = stage.bot.sessions.tracker.storage, stage.api.clock.now()
    order = stage.bot.sessions.get(stage.chat.id, stage.ann.id, qualifier="order", collect=False)
    await storage.claim(order.key, (await order.messages())[:1], now=now, until=now + DAY)
    with monkeypatch.context() as patched:

        async def dies(*_: object, **__: object) -> None:
            raise asyncio.CancelledError

        patched.setattr(stage.bot.sessions.tracker.storage, step, dies)
        with pytest.raises(asyncio.CancelledError):
            await stage.bot.sessions.erase(stage.ann.id)
    await stage.bot.sessions.erase(stage.ann.id)
    assert await kept_of(stage) == NOTHING
    assert [entry.user_id for entry in await everybody.messages()] == [stage.bot.id]


async def test_what_stands_in_a_chat_of_the_person_is_not_tried_again_either(stage: FedBot) -> None:
    case = stage.bot.sessions.get(1, 1, qualifier="case", collect=False)
    async with case:
        with case.recording(everywhere=True):
            await stage.bot.send_message(stage.chat.id, "Ann, please write to the desk.")
    now = stage.api.clock.now()
    await stage.bot.sessions.tracker.storage.claim(case.key, None, now=now, until=now + DAY)
    erased = await stage.bot.sessions.erase(stage.ann.id)
    assert int(erased.deletions) == 1
    assert await kept_of(stage) == NOTHING


async def test_an_anonymous_administrator_is_forgotten_without_the_rest_of_the_group(stage: FedBot) -> None:
    everybody = await fill(stage)
    group = everybody.key.chat_id
    anonymous = await stage.bot.sessions.get(group, group).open()
    await everybody.data(FORM).write(Form("ours"))
    await stage.bot.sessions.erase(group)
    assert not await anonymous.is_open()
    assert len(await everybody.messages()) == 2
    assert await everybody.data(FORM).read() == Form("ours")


async def test_a_send_on_its_way_into_what_is_not_open_is_waited_for_too(stage: FedBot) -> None:
    order = stage.session("order", collect=False)
    sending = asyncio.create_task(order.send_message("slow"))
    await asyncio.sleep(0)
    await stage.bot.sessions.erase(stage.ann.id)
    await sending
    assert await kept_of(stage) == NOTHING


async def test_a_send_on_its_way_is_waited_for_and_dropped(stage: FedBot) -> None:
    order = stage.session("order")
    sending = asyncio.create_task(order.send_message("slow"))
    await asyncio.sleep(0)
    await stage.bot.sessions.erase(stage.ann.id)
    await sending
    assert await kept_of(stage) == NOTHING


@pytest.mark.parametrize("user", ["7", None, 7.0])
async def test_what_is_no_user_is_refused(user: Any) -> None:
    with pytest.raises(ConfigurationError):
        await SessionBot("42:TEST").sessions.erase(user)
