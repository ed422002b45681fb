"""Taps under messages that no open session holds: answered at once, before any handler; live ones pass."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, TelegramObject

from tests.promises.fed_bot import FedBot, polling, webhook
from tests.promises.storages import Line
from tests.storage.conftest import any_storage, emptied_postgres_url, postgres, postgres_url, redis_server
from tgslices import (
    ConfigurationError,
    MemorySessionStorage,
    Session,
    SessionBot,
    SessionQualifier,
    SessionStorage,
    StaleButton,
    setup_sessions,
)
from tgslices.testing import BotApi, Drop, Failure, Slow

__all__ = ("any_storage", "emptied_postgres_url", "postgres", "postgres_url", "redis_server")

Order = Annotated[Session, SessionQualifier("order")]
OVER = "This is over."
KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Pay", callback_data="pay")]])


@pytest.fixture
def storage(any_storage: SessionStorage) -> SessionStorage:
    """Where the sessions of the bot are kept."""
    return any_storage


@pytest.fixture
def answer() -> str | None:
    """What stale taps are answered with."""
    return OVER


@pytest.fixture
def taps() -> list[str]:
    """What the bot's own handler was asked about."""
    return []


@pytest.fixture
async def stage(
    storage: SessionStorage, answer: str | None, taps: list[str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FedBot]:
    """A bot that polls and notes the taps that reach it, and Ann."""
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        ann = api.add_person("Ann")
        dispatcher = Dispatcher()

        async def note(query: CallbackQuery) -> None:
            taps.append(query.data or "")
            await query.answer("Thank you.")

        dispatcher.callback_query.register(note, F.data == "pay")
        async with SessionBot(account.token, session=api.client_session()) as bot:
            setup_sessions(dispatcher, bot, storage=storage, stale_buttons=answer)
            stage = FedBot(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)
            async with polling(dispatcher, bot):
                yield stage


async def tapped(stage: FedBot) -> str | None:
    """Let Ann tap on the newest button; return what pops up."""
    tap = await stage.chat.taps("Pay")
    await stage.settled()
    return tap.answer


async def test_a_live_button_reaches_its_handler(stage: FedBot, taps: list[str]) -> None:
    await stage.session("order").send_message("Pay?", reply_markup=KEYBOARD)
    assert await tapped(stage) == "Thank you."
    assert taps == ["pay"]


async def test_a_button_of_a_closed_session_is_answered_and_reaches_nobody(stage: FedBot, taps: list[str]) -> None:
    session = stage.session("order")
    await session.send_message("Pay?", reply_markup=KEYBOARD)
    await session.close()
    assert await tapped(stage) == OVER
    assert taps == []


async def test_a_button_that_was_never_in_a_session_is_stale_beside_an_open_one(stage: FedBot, taps: list[str]) -> None:
    await stage.session("order").send_message("other")
    await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
    assert await tapped(stage) == OVER
    assert taps == []


async def test_while_nothing_is_open_every_button_is_stale(stage: FedBot, taps: list[str]) -> None:
    await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
    assert await tapped(stage) == OVER
    assert taps == []


async def test_a_button_held_by_somebody_elses_session_is_live(stage: FedBot, taps: list[str]) -> None:
    bob = stage.api.add_person("Bob")
    group = stage.api.add_supergroup("Group", members=[stage.ann, bob, stage.account])
    await stage.bot.sessions.get(group.id, bob.id).send_message("Pay?", reply_markup=KEYBOARD)
    tap = await stage.ann.view(group).taps("Pay")
    await stage.settled()
    assert (tap.answer, taps) == ("Thank you.", ["pay"])


async def test_a_button_of_a_kept_message_is_stale(stage: FedBot) -> None:
    session = stage.session("order")
    await session.keep(await session.send_message("Pay?", reply_markup=KEYBOARD))
    assert await tapped(stage) == OVER


async def test_a_message_that_telegram_does_not_hand_out_any_more_is_found_by_its_id(
    stage: FedBot, taps: list[str]
) -> None:
    session = stage.session("order")
    await session.send_message("Pay?", reply_markup=KEYBOARD)
    await stage.chat.taps("Pay", is_accessible=False)
    await stage.settled()
    await session.close()
    await stage.chat.taps("Pay", is_accessible=False)
    await stage.settled()
    assert taps == ["pay"]


async def test_a_session_with_a_predicate_keeps_its_buttons_live(stage: FedBot, taps: list[str]) -> None:
    session = stage.session("order")
    await session.send_message("Pay?", reply_markup=KEYBOARD)
    stage.bot.sessions.subscribe(session.key, F.message.text == "more")
    assert await tapped(stage) == "Thank you."
    assert taps == ["pay"]


async def test_a_stale_tap_makes_one_request_and_no_other(stage: FedBot) -> None:
    await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
    before = len(stage.api.requests)
    await tapped(stage)
    made = [call for call in stage.api.requests[before:] if call.method != "getUpdates"]
    assert [call.method for call in made] == ["answerCallbackQuery"]


# Before everything else


@pytest.fixture
def line() -> Line:
    """A storage behind a line that can be cut."""
    return Line(MemorySessionStorage())


class TestOnALine:
    """What is asked of the storage, and what happens while it is away."""

    @pytest.fixture
    def storage(self, line: Line) -> Line:
        return line

    async def test_a_tap_costs_one_call_of_the_storage(self, stage: FedBot, line: Line, taps: list[str]) -> None:
        session = stage.session("order")
        await session.send_message("Pay?", reply_markup=KEYBOARD)
        line.calls.clear()
        await tapped(stage)
        assert line.calls == ["is_held"]
        await stage.session("other").open()
        await session.close()
        line.calls.clear()
        assert await tapped(stage) == OVER
        assert line.calls == ["is_held"]
        assert taps == ["pay"]

    async def test_no_middleware_of_the_bot_sees_a_stale_tap(self, stage: FedBot) -> None:
        seen: list[str] = []

        async def look(handler: Any, event: TelegramObject, data: dict[str, Any]) -> Any:
            seen.append(type(event).__name__)
            return await handler(event, data)

        stage.dispatcher.update.outer_middleware(look)
        stage.dispatcher.callback_query.outer_middleware(look)
        await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
        assert await tapped(stage) == OVER
        assert seen == []

    async def test_while_the_storage_is_down_every_button_is_live(
        self, stage: FedBot, line: Line, taps: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        await stage.session("order").send_message("other")
        await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
        line.is_down = True
        assert await tapped(stage) == "Thank you."
        assert taps == ["pay"]
        assert "Whether a button is stale could not be told: ConnectionError" in caplog.messages
        line.is_down = False

    async def test_a_message_that_waits_to_be_recorded_is_live(
        self, stage: FedBot, line: Line, taps: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        session = stage.session("order")
        await session.open()
        line.is_down = True
        with caplog.at_level(logging.CRITICAL):
            await session.send_message("Pay?", reply_markup=KEYBOARD)
            line.is_down = False
            assert await tapped(stage) == "Thank you."
        assert taps == ["pay"]

    async def test_who_taps_before_telegram_has_answered_the_send_is_waited_for(
        self, stage: FedBot, line: Line, taps: list[str]
    ) -> None:
        session, answered = stage.session("order"), asyncio.Event()
        stage.api.faults.add(Slow(until=answered, after_work=True), method="sendMessage")
        sending = asyncio.create_task(session.send_message("Pay?", reply_markup=KEYBOARD))
        await stage.chat.until(lambda view: view.texts() == ["Pay?"])
        tap = await stage.chat.taps("Pay")
        while "is_held" not in line.calls:
            await asyncio.sleep(0.01)
        answered.set()
        await sending
        await stage.settled()
        assert (tap.answer, taps) == ("Thank you.", ["pay"])

    @pytest.mark.parametrize("fault", [Drop(), Failure(502), Failure(400, "Bad Request: something else")])
    async def test_an_answer_that_fails_is_told_and_the_bot_goes_on(
        self, stage: FedBot, fault: Any, taps: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
        stage.api.faults.add(fault, method="answerCallbackQuery")
        await tapped(stage)
        assert taps == []
        assert any("A tap on a stale button could not be answered" in line for line in caplog.messages)
        assert await tapped(stage) == OVER

    async def test_a_query_that_telegram_does_not_know_any_more_is_no_trouble(
        self, stage: FedBot, caplog: pytest.LogCaptureFixture
    ) -> None:
        await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
        words = "Bad Request: query is too old and response timeout expired or query ID is invalid"
        stage.api.faults.add(Failure(400, words), method="answerCallbackQuery")
        await tapped(stage)
        assert not any("could not be answered" in line for line in caplog.messages)

    async def test_a_tap_on_an_inline_message_is_never_stale(self, stage: FedBot, taps: list[str]) -> None:
        query = {
            "id": "1",
            "from": stage.ann.json(),
            "chat_instance": "1",
            "inline_message_id": "abc",
            "data": "pay",
        }
        stage.answers("answerCallbackQuery", True)
        await stage.delivers("callback_query", query)
        assert taps == ["pay"]

    @pytest.mark.parametrize("answer", [""])
    async def test_an_empty_text_ends_the_waiting_without_a_notice(self, stage: FedBot, answer: str) -> None:
        await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
        tap = await stage.chat.taps("Pay")
        await stage.settled()
        assert tap.is_answered
        assert not tap.answer

    @pytest.mark.parametrize("answer", [None])
    async def test_without_a_text_the_handlers_decide(self, stage: FedBot, answer: None, taps: list[str]) -> None:
        await stage.bot.send_message(stage.chat.id, "Pay?", reply_markup=KEYBOARD)
        assert await tapped(stage) == "Thank you."
        assert taps == ["pay"]

    async def test_a_bot_without_handlers_of_taps_gets_them(self, stage: FedBot) -> None:
        assert "callback_query" in stage.dispatcher.resolve_used_update_types()


async def test_a_webhook_answers_stale_taps_too(
    storage: SessionStorage, taps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with BotApi() as api:
        account, ann = api.add_bot("order_bot"), api.add_person("Ann")
        dispatcher, chat = Dispatcher(), ann.private_chat(account)
        async with SessionBot(account.token, session=api.client_session()) as bot:
            setup_sessions(dispatcher, bot, storage=storage, stale_buttons=OVER)
            stage = FedBot(api, account, bot, dispatcher, ann, chat, monkeypatch)
            async with webhook(dispatcher, bot):
                await bot.send_message(chat.id, "Pay?", reply_markup=KEYBOARD)
                assert await tapped(stage) == OVER


# The filter


class TestFilter:
    """``StaleButton()`` in a router."""

    @pytest.fixture
    def storage(self) -> SessionStorage:
        return MemorySessionStorage()

    @pytest.fixture
    def answer(self) -> str | None:
        return None

    async def test_it_holds_for_stale_taps_alone(self, stage: FedBot, taps: list[str]) -> None:
        stale: list[str] = []

        async def take(query: CallbackQuery) -> None:
            stale.append(query.data or "")
            await query.answer("Start again.")

        stage.dispatcher.callback_query.register(take, StaleButton())
        stage.dispatcher.callback_query.handlers.reverse()
        session = stage.session("order")
        await session.send_message("Pay?", reply_markup=KEYBOARD)
        assert await tapped(stage) == "Thank you."
        await session.close()
        assert await tapped(stage) == "Start again."
        assert (taps, stale) == (["pay"], ["pay"])

    async def test_it_can_be_turned_round(self, stage: FedBot) -> None:
        live: list[str] = []

        async def take(query: CallbackQuery) -> None:
            live.append(query.data or "")
            await query.answer("Live.")

        stage.dispatcher.callback_query.register(take, ~StaleButton())
        stage.dispatcher.callback_query.handlers.reverse()
        await stage.session("order").send_message("Pay?", reply_markup=KEYBOARD)
        assert await tapped(stage) == "Live."

    async def test_elsewhere_than_at_taps_it_says_where_it_belongs(self, stage: FedBot) -> None:
        message = stage.update("message", stage.message(5)).message
        assert isinstance(message, Message)
        with pytest.raises(ConfigurationError, match="Use it with callback queries"):
            await StaleButton()(message, stage.bot)

    async def test_a_handler_may_ask_for_sessions_beside_it(self, stage: FedBot) -> None:
        opened: list[bool] = []

        @stage.dispatcher.message(Command("order"))
        async def start(message: Message, order: Order) -> None:
            await order.send_message("Pay?", reply_markup=KEYBOARD)

        async def take(query: CallbackQuery, order: Order) -> None:
            opened.append(await order.is_open())
            await query.answer("Live.")

        stage.dispatcher.callback_query.register(take, ~StaleButton())
        stage.dispatcher.callback_query.handlers.reverse()
        await stage.says("/order")
        assert await tapped(stage) == "Live."
        assert opened == [True]


@pytest.mark.parametrize("wrong", ["x" * 201, 5, b"over"])
def test_a_text_that_cannot_answer_a_tap_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="of at most 200 characters"):
        setup_sessions(Dispatcher(), stale_buttons=wrong)
