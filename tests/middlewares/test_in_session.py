"""Whole routers inside a session's block: ``InSession`` in front of handlers, or of all that sends while it is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from aiogram import Bot, Dispatcher, F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Command
from aiogram.fsm.scene import Scene, SceneRegistry, on
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage, SimpleEventIsolation
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, ErrorEvent, InlineKeyboardButton, InlineKeyboardMarkup, Message, Poll
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.kbd import Button, SwitchTo
from aiogram_dialog.widgets.text import Const

from tests.promises.fed_bot import FedBot
from tests.updates import EVENTS
from tgslices import (
    ConfigurationError,
    InSession,
    InvalidSessionKey,
    Session,
    SessionBot,
    SessionQualifier,
    SessionUnavailable,
    sessions_of,
    setup_sessions,
)
from tgslices.testing import BotApi, ChatView

Order = Annotated[Session, SessionQualifier("order")]
Handler = Callable[..., Awaitable[Any]]


async def feed(dispatcher: Dispatcher, bot: Bot) -> None:
    """Hand every waiting update to the dispatcher, one after the other."""
    while updates := await bot.get_updates():
        await bot.get_updates(offset=updates[-1].update_id + 1)
        for update in updates:
            await dispatcher.feed_update(bot, update)


async def says(stage: FedBot, text: str) -> None:
    await stage.chat.types(text)
    await feed(stage.dispatcher, stage.bot)


async def said_by_bot(session: Session, chat: ChatView) -> list[str | None]:
    """Return what a session holds of what the bot said, as the texts that are visible."""
    visible = {message.message_id: message.text for message in chat.visible()}
    return [visible[entry.message_id] for entry in await session.messages(F.direction == "out")]


def ordering(stage: FedBot, *, middleware: InSession | None = None) -> Router:
    """Return a router that answers whatever it takes, and one behind it."""
    router = Router()
    router.message.middleware(middleware or InSession("order"))
    router.message.register(answers, F.text.startswith("/"))
    behind = Router()
    behind.message.register(outside)
    stage.dispatcher.include_routers(router, behind)
    return router


async def answers(message: Message) -> None:
    await message.answer(f"in: {message.text}")


async def outside(message: Message) -> None:
    await message.answer(f"out: {message.text}")


async def test_every_handler_of_a_router_runs_inside_the_block(stage: FedBot) -> None:
    router = ordering(stage)
    inner = Router()
    router.include_router(inner)
    inner.message.register(answers, F.text == "deep")
    for text in ("/order", "deep"):
        await says(stage, text)
    assert await said_by_bot(stage.session("order"), stage.chat) == ["in: /order", "in: deep"]


async def test_what_no_handler_of_the_router_takes_opens_nothing(stage: FedBot) -> None:
    ordering(stage)
    await says(stage, "hello")
    assert stage.chat.texts() == ["hello", "out: hello"]
    assert stage.bot.sessions.is_idle()


async def test_a_returned_method_is_sent_inside_the_block(stage: FedBot) -> None:
    router = ordering(stage)

    @router.message(F.text == "help")
    async def returns(message: Message) -> SendMessage:
        return message.answer("returned")

    await says(stage, "help")
    assert await said_by_bot(stage.session("order"), stage.chat) == ["returned"]


async def test_a_handler_that_fails_or_skips_leaves_the_block(stage: FedBot) -> None:
    router = ordering(stage)

    @router.message(F.text == "fail")
    async def fails(message: Message) -> None:
        raise LookupError

    @router.message(F.text == "skip")
    async def skips(message: Message) -> None:
        raise SkipHandler

    with pytest.raises(LookupError):
        await says(stage, "fail")
    await says(stage, "skip")
    assert stage.chat.texts()[-1] == "out: skip"
    assert await said_by_bot(stage.session("order"), stage.chat) == []


async def test_a_session_that_a_handler_closes_stays_closed(stage: FedBot) -> None:
    """What the handler says after that is not part of it any more."""
    router = ordering(stage)

    @router.message(F.text == "done")
    async def done(message: Message, order: Order) -> None:
        await order.clear()
        await order.close()
        await message.answer("Bye")

    await says(stage, "/order")
    await says(stage, "done")
    assert stage.chat.texts() == ["/order", "Bye"]
    assert stage.bot.sessions.is_idle()


async def test_without_a_qualifier_it_is_the_session_without_one(stage: FedBot) -> None:
    ordering(stage, middleware=InSession())
    await says(stage, "/order")
    assert await said_by_bot(stage.session(), stage.chat) == ["in: /order"]


async def test_other_kinds_of_updates_and_error_handlers_run_inside_it_too(stage: FedBot) -> None:
    router = ordering(stage)
    router.callback_query.middleware(InSession("order"))
    router.errors.middleware(InSession("order"))

    @router.callback_query()
    async def tapped(tap: CallbackQuery) -> None:
        await stage.bot.send_message(stage.chat.id, "tapped")

    @router.message(F.text == "fail")
    async def fails(message: Message) -> None:
        raise LookupError

    @router.errors()
    async def failed(event: Any) -> None:
        await stage.bot.send_message(stage.chat.id, "failed")

    button = InlineKeyboardButton(text="Tap", callback_data="x")
    await stage.bot.send_message(stage.chat.id, "?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))
    await stage.chat.taps("Tap")
    await feed(stage.dispatcher, stage.bot)
    await says(stage, "fail")
    assert await said_by_bot(stage.session("order"), stage.chat) == ["tapped", "failed"]


@pytest.mark.parametrize("place", ["update.middleware", "update.outer_middleware", "message.outer_middleware"])
async def test_it_opens_nothing_where_no_handler_is_chosen(stage: FedBot, place: str) -> None:
    """There everybody's first word would open a session."""
    observer, _, kind = place.partition(".")
    getattr(getattr(stage.dispatcher, observer), kind)(InSession("order"))
    stage.dispatcher.message.register(outside)
    with pytest.raises(ConfigurationError) as caught:
        await says(stage, "hello")
    assert str(caught.value) == (
        "InSession('order') stands where no handler is chosen yet, so that every update would open the session. "
        "Put it on a router's messages, router.message.middleware(InSession('order')), or pass while_open=True."
    )
    assert stage.bot.sessions.is_idle()


@pytest.mark.parametrize("kind", ["poll", "errors"])
async def test_an_update_that_has_no_session_is_an_error_that_says_so(stage: FedBot, kind: str) -> None:
    @stage.dispatcher.poll()
    async def changed(poll: Poll) -> None:
        raise LookupError

    async def failed(event: ErrorEvent) -> None:
        raise AssertionError("it must not run")

    if kind == "errors":
        stage.dispatcher.errors.register(failed)
    where = stage.dispatcher.poll if kind == "poll" else stage.dispatcher.errors
    where.middleware(InSession("order"))
    handler = changed if kind == "poll" else failed

    with pytest.raises(SessionUnavailable) as caught:
        await stage.dispatcher.feed_update(stage.bot, stage.update("poll", EVENTS["poll"]))
    assert str(caught.value) == (
        f"{handler.__qualname__} runs inside a session, but there is no session, because the key strategy finds no key "
        "in this poll update. Take the flag or InSession off it, or do not handle poll updates there."
    )


def test_a_qualifier_that_is_no_string_is_refused() -> None:
    with pytest.raises(InvalidSessionKey):
        InSession(5)  # type: ignore[arg-type]  # the mistake under test


async def test_a_bot_without_sessions_is_named(plain: Bot) -> None:
    with pytest.raises(ConfigurationError) as caught:
        sessions_of(plain)
    assert str(caught.value) == (
        f"Bot {plain.id} has no sessions. Call setup_sessions(dispatcher, bot) before, or make it a SessionBot."
    )
    setup_sessions(Dispatcher(), plain)
    assert sessions_of(plain) is vars(plain)["sessions"]


# While it is open

PLACES = ["update.outer_middleware", "update.middleware", "message.outer_middleware", "message.middleware"]


@pytest.mark.parametrize("place", PLACES)
async def test_while_it_is_open_whatever_is_sent_is_recorded(stage: FedBot, place: str) -> None:
    observer, _, kind = place.partition(".")
    getattr(getattr(stage.dispatcher, observer), kind)(InSession("order", while_open=True))
    stage.dispatcher.message.register(outside)
    await says(stage, "before")
    order = stage.session("order")
    assert await order.messages() == []
    await says(stage, "while")
    await order.close()
    await says(stage, "after")
    assert await order.messages() == []
    assert [text for text in stage.chat.texts() if text.startswith("out")] == [
        "out: before",
        "out: while",
        "out: after",
    ]
    assert stage.bot.sessions.is_idle()


@pytest.mark.parametrize("place", PLACES)
async def test_while_it_is_open_a_wipe_takes_what_other_code_sent(stage: FedBot, place: str) -> None:
    observer, _, kind = place.partition(".")
    getattr(getattr(stage.dispatcher, observer), kind)(InSession("order", while_open=True))

    @stage.dispatcher.message(F.text == "done")
    async def done(message: Message, order: Order) -> None:
        await message.answer("One moment")
        await order.clear()
        await order.close()
        await message.answer("Bye")

    stage.dispatcher.message.register(outside)
    order = stage.session("order")
    await says(stage, "while")
    assert await said_by_bot(order, stage.chat) == ["out: while"]
    await says(stage, "done")
    assert stage.chat.texts() == ["Bye"]
    assert stage.bot.sessions.is_idle()
    assert await order.messages() == []


async def test_while_it_is_open_each_person_has_their_own(stage: FedBot) -> None:
    """What is said to one is in no session of another."""
    stage.dispatcher.update.outer_middleware(InSession("order", while_open=True))
    stage.dispatcher.message.register(outside)
    stage.session("order")
    ben = stage.api.add_person("Ben")
    theirs = stage.message(7, chat=ben.private_chat(stage.account).chat.json()) | {"from": ben.json()}
    await stage.dispatcher.feed_update(stage.bot, stage.update("message", theirs))
    assert await stage.session("order").messages() == []


async def test_what_has_no_session_passes_while_others_are_open(stage: FedBot) -> None:
    stage.dispatcher.update.outer_middleware(InSession("order", while_open=True))
    stage.session("order")
    seen: list[Poll] = []

    @stage.dispatcher.poll()
    async def changed(poll: Poll) -> None:
        seen.append(poll)

    await stage.dispatcher.feed_update(stage.bot, stage.update("poll", EVENTS["poll"]))
    assert len(seen) == 1


async def test_a_scenes_handlers_and_actions_are_recorded_while_it_is_open(stage: FedBot) -> None:
    class Ordering(Scene, state="ordering"):
        @on.message.enter()
        async def begin(self, message: Message) -> None:
            await message.answer("What would you like?")

        @on.message(F.text == "pizza")
        async def noted(self, message: Message) -> None:
            await message.answer("Noted")

    stage.dispatcher.update.outer_middleware(InSession("order", while_open=True))
    SceneRegistry(stage.dispatcher).add(Ordering)
    stage.dispatcher.message.register(Ordering.as_handler(), Command("order"))
    order = stage.session("order")
    await says(stage, "/order")
    await says(stage, "pizza")
    assert (await said_by_bot(order, stage.chat))[-2:] == ["What would you like?", "Noted"]


class Shop(StatesGroup):
    item = State()
    size = State()


async def test_the_later_windows_of_a_dialog_are_recorded() -> None:
    """aiogram_dialog sends each window from the update of another tap, long after the block that started it."""

    async def close(tap: CallbackQuery, button: Button, manager: DialogManager) -> None:
        await manager.done()
        session = manager.middleware_data["bot"].sessions.of(tap, qualifier="order")
        await session.clear()
        await session.close()

    async with BotApi() as api:
        account, ann = api.add_bot("shop_bot"), api.add_person("Ann")
        chat = ann.private_chat(account)
        dispatcher = Dispatcher(storage=MemoryStorage(), events_isolation=SimpleEventIsolation())
        async with SessionBot(account.token, session=api.client_session()) as bot:
            setup_sessions(dispatcher, bot)
            dispatcher.update.outer_middleware(InSession("order", while_open=True))
            dialog = Dialog(
                Window(Const("What?"), SwitchTo(Const("Tea"), "tea", Shop.size), state=Shop.item),
                Window(Const("Which size?"), Button(Const("Small"), "small", on_click=close), state=Shop.size),
            )

            @dispatcher.message(Command("shop"))
            async def start(message: Message, dialog_manager: DialogManager, order: Order) -> None:
                async with order:
                    await dialog_manager.start(Shop.item, mode=StartMode.RESET_STACK)

            dispatcher.include_router(dialog)
            setup_dialogs(dispatcher)

            await chat.types("/shop")
            await feed(dispatcher, bot)
            await chat.types("a word")  # so that the next window is sent anew, below it
            await feed(dispatcher, bot)
            await chat.taps("Tea")
            await feed(dispatcher, bot)
            assert "Which size?" in chat.texts()
            await chat.taps("Small")
            await feed(dispatcher, bot)
            assert chat.texts() == ["/shop"]
