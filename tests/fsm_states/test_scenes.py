"""A scene inside a session: all that it sends is recorded, and leaving it for good ends the session, however."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, assert_type

import pytest
from aiogram import Dispatcher, F, Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.scene import After, SceneRegistry, ScenesManager, on
from aiogram.fsm.storage.base import StorageKey
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tests.data.conftest import Store
from tests.fsm_states.scene_bots import Town
from tgslices import Session, SessionData, SessionManager, SessionQualifier, SessionScene, unrecorded


@dataclass
class Form:
    item: str | None = None
    steps: int = 0


FORM = SessionData(Form)
OrderForm = Annotated[Form, FORM, SessionQualifier("order")]
Support = Annotated[Session, SessionQualifier("support")]

OUT = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Out", callback_data="out")]])


class Item(SessionScene, state="item", qualifier="order"):
    """The first of two scenes of one session, with every way out."""

    @on.message.enter()
    async def ask(self, message: Message, form: OrderForm, sessions: SessionManager) -> None:
        form.steps += 1
        assert sessions.get(message.chat, message.from_user, qualifier="order").key == self.session.key
        await message.answer("What?", reply_markup=OUT)

    @on.message.leave()
    async def left(self, message: Message, form: OrderForm) -> None:
        await message.answer(f"You left with {form.item}.")

    @on.message.exit()
    async def over(self, message: Message, support: Support) -> None:
        assert support.qualifier == "support"
        await message.answer("Tidying up.")
        with unrecorded():
            await message.answer("Bye.")

    @on.message(F.text == "after", after=After.exit())
    async def exit_after(self, message: Message) -> None: ...

    @on.message(F.text == "exit")
    async def exit_now(self, message: Message) -> None:
        await self.wizard.exit()

    @on.message(F.text == "again")
    async def again(self, message: Message) -> None:
        await self.wizard.retake()

    @on.message(F.text == "elsewhere")
    async def elsewhere(self, message: Message) -> None:
        await self.wizard.goto(Break)

    @on.message(F.text == "clear")
    async def clear(self, message: Message, state: FSMContext) -> None:
        await state.clear()

    @on.message(F.text == "raise")
    async def fail(self, message: Message, form: OrderForm) -> None:
        form.item = "lost"
        await message.answer("Failing.")
        raise ValueError("in a scene's handler")

    @on.message(F.text == "close")
    async def close(self, message: Message) -> None:
        await self.session.clear()
        await self.session.close()
        await self.wizard.exit()

    @on.callback_query(F.data == "out")
    async def out(self, tap: CallbackQuery) -> None:
        await self.wizard.exit()

    @on.message()
    async def choose(self, message: Message, form: OrderForm) -> SendMessage:
        form.item = message.text
        await self.wizard.goto(Size)
        return SendMessage(chat_id=message.chat.id, text="Noted.")


class Size(SessionScene, state="size", qualifier="order"):
    @on.message.enter()
    async def ask(self, message: Message, form: OrderForm) -> None:
        form.steps += 1
        await message.answer(f"Which size of {form.item}?")

    @on.message(F.text == "back")
    async def back(self, message: Message) -> None:
        await self.wizard.back()

    done = on.message(F.text == "done", after=After.exit())

    @on.message(F.text == "hm")
    async def ask_again(self, message: Message) -> None:
        assert_type(self.session, Session)
        await message.answer("Size, please.")


class Break(SessionScene, state="break", qualifier="break", end="close"):
    """A scene of another session."""

    @on.message.enter()
    async def begin(self, message: Message) -> None:
        await message.answer("A break.")

    @on.message(F.text == "back")
    async def back(self, message: Message) -> None:
        await self.wizard.back()


def wire(dispatcher: Dispatcher) -> None:
    @dispatcher.message(Command("close"))
    async def close(message: Message, scenes: ScenesManager) -> None:
        await scenes.close()

    @dispatcher.message(Command("start"))
    async def start(message: Message) -> None:
        await message.answer("Hello.")

    router = Router()
    router.message.register(Item.as_handler(), Command("order"))
    dispatcher.include_router(router)
    SceneRegistry(dispatcher).add(Item, Size, Break)


@pytest.fixture
def town(api: Any, store: Store) -> Town:
    return Town(api, store)


DURABLE = pytest.mark.parametrize("store", ["sqlite", "sqlite-shared", "postgresql", "redis"], indirect=True)
FEW = pytest.mark.parametrize("store", ["memory", "sqlite", "redis"], indirect=True)

WAYS_OUT = {
    "after": ["Bye."],
    "exit": ["Bye."],
    "clear": [],
    "/close": ["Bye."],
    "Out": [],
    "elsewhere": ["A break."],
    "close": ["Tidying up.", "Bye."],  # the first after the session was closed by hand
}
"""What stays in the chat by each way out: what the session does not hold."""


@FEW
@pytest.mark.parametrize("out", WAYS_OUT)
@pytest.mark.parametrize("restarts", [False, True])
async def test_every_way_out_wipes_what_the_scene_said(town: Town, out: str, *, restarts: bool) -> None:
    async with town.life(wire) as life:
        await life.says("/start", "/order", "again", "/order")
        assert await life.is_open()
        if not restarts:
            await (life.taps(out) if out == "Out" else life.says(out))
            assert not await life.is_open()
    if restarts:
        async with town.life(wire) as life:
            assert await life.is_open()
            await (life.taps(out) if out == "Out" else life.says(out))
            assert not await life.is_open()
    stays = [*WAYS_OUT[out]]
    # "/order" in the middle leaves the scene and enters it: its farewell is said, and nothing ends.
    assert town.chat.texts() == ["/start", "Hello.", "/order", "Bye.", *stays]


async def test_scenes_of_one_session_share_it_and_its_data(town: Town) -> None:
    async with town.life(wire) as life:
        await life.says("/order", "pizza")
        assert (await life.session().data(FORM).read()) == Form("pizza", 2)
        assert life.texts()[2:] == ["pizza", "You left with pizza.", "Which size of pizza?", "Noted."]
        await life.says("back", "soup")
        assert (await life.session().data(FORM).read()) == Form("soup", 4)
        assert await life.is_open()
        assert len(await life.session().messages()) == len(life.texts()) - 1
        await life.says("done")
        assert (await life.session().data(FORM).read()) == Form()
        assert life.texts() == ["/order"]
        assert not await life.is_open()


@FEW
async def test_a_handler_that_raises_ends_nothing_and_keeps_no_data(town: Town) -> None:
    async with town.life(wire) as life:
        await life.says("/order", "raise")
        assert await life.is_open()
        assert (await life.session().data(FORM).read()) == Form(None, 1)
        assert life.texts()[-1] == "Failing."
        await life.says("exit")
        assert life.texts() == ["/order", "Bye."]


@FEW
async def test_a_scene_of_another_session_ends_the_first_and_its_own_way(town: Town) -> None:
    async with town.life(wire) as life:
        await life.says("/order", "elsewhere")
        assert (await life.is_open(), await life.is_open("break")) == (False, True)
        await life.says("back")
        assert (await life.is_open(), await life.is_open("break")) == (True, False)
        assert life.texts() == ["/order", "A break.", "back", "What?"]


@DURABLE
async def test_a_process_that_dies_after_the_state_was_left_heals_at_the_next_update(town: Town) -> None:
    async with town.life(wire) as life:
        await life.says("/order", "pizza")
        chat_id = life.chat.id
        watched = life.dispatcher.fsm.storage.watched  # type: ignore[attr-defined]
        await watched.set_state(StorageKey(life.bot.id, chat_id, chat_id), None)
    async with town.life(wire) as life:
        assert await life.is_open()
        await life.says("hello?")
        assert not await life.is_open()


@pytest.mark.parametrize("store", ["memory", "sqlite", "sqlite-shared", "postgresql", "redis"], indirect=True)
async def test_an_update_without_a_transition_asks_the_storage_for_nothing_more(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town.life(wire) as life:
        await life.says("/order", "pizza")
        calls: list[str] = []
        states, storage = life.dispatcher.fsm.storage.watched, life.bot.sessions.storage  # type: ignore[attr-defined]
        noted = [(states, name) for name in ("get_state", "set_state", "get_data", "set_data")]
        for owner, name in [*noted, *((storage, name) for name in ("list", "close", "claim", "is_open"))]:
            method = getattr(owner, name)

            def called(*arguments: Any, _name: str = name, _method: Any = method, **named: Any) -> Any:
                calls.append(_name)
                return _method(*arguments, **named)

            monkeypatch.setattr(owner, name, called)
        await life.says("hm")
        monkeypatch.undo()
        assert calls == ["get_state"]  # aiogram's own
        assert life.texts()[-1] == "Size, please."


@FEW
@pytest.mark.parametrize("is_fed", [False, True])
@pytest.mark.parametrize("out", ["exit", "Out"])
async def test_scenes_that_are_added_after_the_wiring_are_followed_from_the_first_update_on(
    town: Town, out: str, *, is_fed: bool
) -> None:
    async with town.life(wire, wired_first=True, is_fed=is_fed) as life:
        await life.says("/order")
        assert await life.is_open()
    async with town.life(wire, wired_first=True, is_fed=is_fed) as life:
        await (life.taps(out) if out == "Out" else life.says(out))
        assert not await life.is_open()
