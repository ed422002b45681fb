"""A mark is a place to go back to: what was said after it is cleared, and the data is what it was."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest
from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.conftest import Store
from tests.promises.fed_bot import FedBot, polling, texts_of
from tests.storage.samples import sent
from tests.thoroughness import tries
from tgslices import (
    ConfigurationError,
    MemorySessionStorage,
    Session,
    SessionBot,
    SessionData,
    UnknownMark,
    setup_sessions,
)
from tgslices.rewind.mark import mark_of
from tgslices.testing import BotApi
from tgslices.testing.faults import Flood


@dataclasses.dataclass
class Form:
    steps: list[str] = dataclasses.field(default_factory=list)


FORM = SessionData(Form)
VISITS = SessionData(Form, name="visits", outlives_close=True)
OTHER = SessionData(list[int], name="other")


@pytest.fixture
def order(stage: FedBot) -> Session:
    """Ann's order, to send into from outside of a handler."""
    return stage.session("order")


async def form_of(order: Session) -> list[str]:
    return (await order.data(FORM).read()).steps


async def test_what_was_said_after_a_mark_is_cleared_and_the_data_is_what_it_was(stage: FedBot, order: Session) -> None:
    await order.send_message("one")
    await order.data(FORM).write(Form(["one"]))
    await order.mark("second")
    await order.data(FORM).write(Form(["one", "two"]))
    await order.data(OTHER).write([1])
    await order.data(VISITS).write(Form(["counted"]))
    for number in range(30):
        await order.send_message(str(number))
    assert await order.rewind("second") == 30
    assert stage.api.count("deleteMessages") == 1
    assert stage.chat.texts() == ["one"]
    assert await form_of(order) == ["one"]
    assert await order.data(OTHER).read() == []
    assert (await order.data(VISITS).read()).steps == ["counted"]
    assert await order.rewind("second") == 0  # the mark stays
    assert await texts_of(order, stage.chat) == ["one"]


async def test_the_data_may_be_left_alone(order: Session) -> None:
    await order.mark("here")
    await order.data(FORM).write(Form(["later"]))
    await order.rewind("here", data=False)
    assert await form_of(order) == ["later"]


async def test_marks_that_were_set_later_are_dropped_and_a_mark_moves_when_it_is_set_again(order: Session) -> None:
    for name in ("one", "two", "three"):
        await order.mark(name)
        await order.send_message(name)
    await order.rewind("two")
    with pytest.raises(UnknownMark) as refused:
        await order.rewind("three")
    assert refused.value.marks == ("one", "two")
    await order.mark("one")
    await order.send_message("after")
    assert await order.rewind("two") == 1
    with pytest.raises(UnknownMark, match="'two'"):
        await order.rewind("one")


@pytest.mark.parametrize("end", ["clear", "close"])
async def test_marks_end_with_the_session_and_with_a_whole_clear(order: Session, end: str) -> None:
    await order.send_message("one")
    await order.mark("here")
    await (order.clear() if end == "clear" else order.close())
    await order.send_message("two")
    with pytest.raises(UnknownMark, match="it has none"):
        await order.rewind("here")
    assert len(await order.messages()) == 1


async def test_a_partial_clear_leaves_marks_where_they_are(stage: FedBot, order: Session) -> None:
    for text in ("a", "b"):
        await order.send_message(text)
    await order.mark("here")
    await order.send_message("c")
    last_before = (await order.messages())[1]
    await order.clear(lambda entry: entry == last_before)
    await order.rewind("here")
    assert stage.chat.texts() == ["a"]


@pytest.mark.parametrize("name", ["", 5, None])
async def test_what_names_no_mark_is_refused(order: Session, name: Any) -> None:
    with pytest.raises(ConfigurationError, match="A mark cannot be called"):
        await order.mark(name)
    with pytest.raises(ConfigurationError, match="A mark cannot be called"):
        await order.rewind(name)


async def test_what_a_handler_holds_is_marked_and_goes_back_in_place(order: Session) -> None:
    async with order.data(FORM) as form:
        form.steps.append("one")
        await order.mark("here")
        form.steps.append("two")
        await order.rewind("here")
        assert form.steps == ["one"]
        form.steps.append("three")
    assert await form_of(order) == ["one", "three"]
    async with order.data(FORM) as form:
        await order.mark("again")
        form.steps.clear()
        await order.rewind("again")
    assert await form_of(order) == ["one", "three"]


async def test_a_step_that_raises_is_undone(stage: FedBot, order: Session) -> None:
    await order.send_message("before")
    with pytest.raises(ValueError, match="failed"):
        async with order.step("size"):
            await order.send_message("inside")
            await order.data(FORM).write(Form(["inside"]))
            raise ValueError("failed")
    assert stage.chat.texts() == ["before"]
    assert await form_of(order) == []
    async with order.step("size"):
        await order.send_message("kept")
    assert stage.chat.texts() == ["before", "kept"]
    assert await order.rewind("size") == 1


async def test_a_step_that_raises_out_of_its_handler_leaves_the_data_as_it_was(order: Session) -> None:
    with pytest.raises(ValueError, match="failed"):
        async with order.data(FORM) as form:
            form.steps.append("half")
            async with order.step("size"):
                raise ValueError("failed")
    assert await form_of(order) == []


async def test_what_is_kept_and_what_came_before_stays(stage: FedBot, order: Session) -> None:
    await order.mark("here")
    await order.send_message("goes")
    receipt = await order.send_message("receipt")
    await order.keep(receipt)
    await order.rewind("here")
    assert stage.chat.texts() == ["receipt"]


async def test_a_rewind_that_a_flood_holds_back_is_finished_later(stage: FedBot, order: Session) -> None:
    await order.mark("here")
    await order.send_message("goes")
    await order.data(FORM).write(Form(["goes"]))
    stage.api.faults.add(Flood(60), method="deleteMessages")
    result = await order.rewind("here")
    assert len(result.pending) == 1
    assert await form_of(order) == []
    assert await order.messages() == []


async def test_a_rewind_that_was_cut_in_the_middle_is_done_by_the_next_one(
    stage: FedBot, order: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await order.mark("here")
    await order.mark("later")
    await order.send_message("goes")
    await order.data(FORM).write(Form(["goes"]))

    async def cut(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(stage.bot.sessions.storage, "read_data", cut)
        with pytest.raises(ConnectionError):
            await order.rewind("here")
    await order.rewind("here")
    assert stage.chat.texts() == []
    assert await form_of(order) == []
    with pytest.raises(UnknownMark):
        await order.rewind("later")


@pytest.mark.parametrize("store", ["memory", "sqlite", "sqlite-shared", "postgresql", "redis"], indirect=True)
async def test_marks_survive_a_restart_on_every_storage(api: BotApi, store: Store) -> None:
    account = api.add_bot("order_bot")
    chat = api.add_person("Ann").private_chat(account)
    for life in range(2):
        bot = SessionBot(account.token, session=api.client_session())
        dispatcher = Dispatcher()
        setup_sessions(dispatcher, bot, storage=store.open())
        order = bot.sessions.get(chat.id, chat.person.id, qualifier="order")
        if life == 0:
            await order.send_message("before")
            await order.data(FORM).write(Form(["before"]))
            await order.mark("here")
            await order.send_message("after")
            await order.data(FORM).write(Form(["after"]))
        else:
            assert await order.rewind("here") == 1
            assert await form_of(order) == ["before"]
        await bot.sessions.aclose()
        await bot.session.close()
    assert chat.texts() == ["before"]


@given(
    st.lists(
        st.tuples(st.integers(-5, 40), st.integers(-1, 1), st.none() | st.just("b"), st.none() | st.integers(1, 9))
    )
)
def test_a_mark_covers_exactly_what_was_before(parts: list[tuple[int, int, str | None, int | None]]) -> None:
    entries = [
        sent(number, chat, connection=connection, ephemeral=ephemeral, receiver=ephemeral and 7)
        for number, chat, connection, ephemeral in parts
    ]
    before, after = entries[::2], entries[1::2]
    mark = mark_of("here", before, {})
    assert all(mark.covers(entry) for entry in before)
    assert [entry for entry in after if mark.covers(entry) and entry not in before] == []


STEPS = ("item", "size", "topping", "address", "payment")


def wizard() -> Dispatcher:
    """Return a bot that asks five questions, each with a button to go back."""
    dispatcher = Dispatcher()

    async def ask(order: Session, step: int) -> None:
        await order.mark(STEPS[step])
        back = InlineKeyboardButton(text="Back", callback_data=f"back:{step}")
        async with order:
            await order.bot.send_message(
                order.chat_id, f"{STEPS[step]}?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[back]])
            )

    def order_of(bot: SessionBot, message: Message, person_id: int) -> Session:
        return bot.sessions.get(message.chat.id, person_id, qualifier="order")

    @dispatcher.message(Command("order"))
    async def begin(message: Message, bot: SessionBot) -> None:
        assert message.from_user is not None
        await ask(order_of(bot, message, message.from_user.id), 0)

    @dispatcher.message(F.text)
    async def answer(message: Message, bot: SessionBot) -> None:
        assert message.from_user is not None
        order = order_of(bot, message, message.from_user.id)
        form = await order.data(FORM).update(lambda form: form.steps.append(message.text or ""))
        if len(form.steps) < len(STEPS):
            await ask(order, len(form.steps))

    @dispatcher.callback_query(F.data.startswith("back:"))
    async def back(tap: CallbackQuery, bot: SessionBot) -> None:
        assert isinstance(tap.message, Message)
        order = order_of(bot, tap.message, tap.from_user.id)
        step = max(int((tap.data or "").removeprefix("back:")) - 1, 0)
        await order.rewind(STEPS[step])
        await ask(order, step)
        await tap.answer()

    return dispatcher


@settings(max_examples=tries(15), deadline=None)
@given(st.lists(st.sampled_from(["next", "next", "back"]), max_size=12))
def test_a_wizard_shows_the_steps_up_to_the_present_one_after_any_way_forth_and_back(moves: list[str]) -> None:
    async def run() -> None:
        async with BotApi() as api:
            account = api.add_bot("wizard_bot")
            chat = api.add_person("Ann").private_chat(account)
            async with SessionBot(account.token, session=api.client_session()) as bot:
                dispatcher = wizard()
                setup_sessions(dispatcher, bot, storage=MemorySessionStorage())
                async with polling(dispatcher, bot):
                    await chat.types("/order")
                    await api.idle()
                    step = 0
                    for move in moves:
                        if move == "next" and step < len(STEPS):
                            await chat.types(f"answer {step}")
                            step += 1
                        elif move == "back" and step < len(STEPS):
                            await chat.taps("Back")
                            step = max(step - 1, 0)
                        await api.idle()
                    order = bot.sessions.get(chat.id, chat.person.id, qualifier="order")
                    answers = [f"answer {at}" for at in range(step)]
                    asked = [f"{name}?" for name in STEPS[: step + 1]]
                    dialog = [text for pair in zip(asked, answers, strict=False) for text in pair]
                    assert chat.texts() == ["/order", *dialog, *asked[step:]]
                    assert (await order.data(FORM).read()).steps == answers

    asyncio.run(run())
