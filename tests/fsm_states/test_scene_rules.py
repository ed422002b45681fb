"""What a scene inside a session takes, inherits and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiogram import Bot, Dispatcher, F, Router
from aiogram.filters import Command
from aiogram.fsm.scene import Scene, SceneRegistry, on
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tests.data.conftest import Store
from tests.fsm_states.scene_bots import Life, Town
from tests.promises.fed_bot import FedBot
from tests.updates import EVENTS
from tgslices import (
    ConfigurationError,
    Follow,
    Session,
    SessionBot,
    SessionQualifier,
    SessionScene,
    SessionUnavailable,
    setup_sessions,
    unrecorded,
)
from tgslices.fsm_states.ending_left_states import Following

MEMORY = Store("memory", None)


class Steps(SessionScene, qualifier="order", end="close"):
    """What several scenes have in common; it is no scene of its own."""

    @on.message.enter()
    async def ask(self, message: Message) -> None:
        await message.answer(f"{type(self).__name__}?")

    @on.message(F.text == "next")
    async def go_on(self, message: Message) -> None:
        await self.wizard.goto(Second)

    @on.message(F.text == "out")
    async def out(self, message: Message) -> None:
        await self.wizard.exit()


class First(Steps, state="first"): ...


class Second(Steps, state="second"):
    @on.message.enter()
    async def ask(self, message: Message) -> None:
        await message.answer("Another question?")


class Mixed(Steps, state="mixed", qualifier="mixed", end="keep"): ...


def inheriting(dispatcher: Dispatcher) -> None:
    router = Router()
    router.message.register(First.as_handler(), Command("first"))
    router.message.register(Mixed.as_handler(), Command("mixed"))
    dispatcher.include_router(router)
    SceneRegistry(dispatcher).add(First, Second, Mixed)


async def texts_in(life: Life, qualifier: str) -> int:
    return len(await life.session(qualifier).messages())


async def test_subclasses_inherit_the_session_its_end_and_each_block_once(api: Any) -> None:
    async with Town(api, MEMORY).life(inheriting) as life:
        await life.says("/first", "next")
        assert life.texts() == ["/first", "First?", "next", "Another question?"]
        assert await texts_in(life, "order") == 3
        await life.says("out")
        assert not await life.is_open()
        assert life.texts()[-1] == "out"


async def test_a_session_that_is_kept_outlives_its_scene(api: Any) -> None:
    async with Town(api, MEMORY).life(inheriting) as life:
        await life.says("/mixed", "out", "later")
        assert await life.is_open("mixed")
        assert await texts_in(life, "mixed") == 3
        assert not await life.is_open("order")


async def test_a_plain_scene_and_a_group_of_states_may_follow_the_same_session(api: Any) -> None:
    class Rest(StatesGroup):
        one = State()

    class Start(SessionScene, state="start", qualifier="order"):
        @on.message.enter()
        async def begin(self, message: Message) -> None:
            await message.answer("Go.")

        @on.message(F.text == "on")
        async def on_(self, message: Message) -> None:
            await self.wizard.state.set_state(Rest.one)

    def wire(dispatcher: Dispatcher) -> None:
        dispatcher.message.register(Start.as_handler(), Command("go"))
        SceneRegistry(dispatcher).add(Start)

        @dispatcher.message(Rest.one)
        async def end(message: Message, state: Any) -> None:
            await state.clear()

    town = Town(api, MEMORY)
    async with town.life(wire, follow_states={Rest: "order"}) as life:
        await life.says("/go", "on")
        assert await life.is_open()
        await life.says("end")
        assert not await life.is_open()
        assert life.texts() == ["/go"]


class Waiting(SessionScene, state="waiting", qualifier="order", callback_query_without_state=True):
    @on.message.enter()
    async def ask(self, message: Message) -> None:
        buttons = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Tap", callback_data="tap")]])
        with unrecorded():
            await message.answer("Well?", reply_markup=buttons)

    @on.message(F.text == "late")
    async def late(self, message: Message) -> None:
        await message.answer("Too late.")

    @on.message(F.text == "exit")
    async def leave(self, message: Message) -> None:
        await self.wizard.exit()

    @on.callback_query()
    async def tapped(self, tap: CallbackQuery, bot: Bot) -> None:
        await bot.send_message(tap.from_user.id, "Tapped.")


@pytest.mark.parametrize("kind", ["memory", "sqlite-shared"])
async def test_a_handler_that_comes_after_the_end_opens_nothing(api: Any, tmp_path: Path, kind: str) -> None:
    reached, released = asyncio.Event(), asyncio.Event()

    async def hold(handler: Any, event: Any, data: dict[str, Any]) -> Any:
        if event.text == "late":
            reached.set()
            await released.wait()
        return await handler(event, data)

    def wire(dispatcher: Dispatcher) -> None:
        dispatcher.message.middleware(hold)
        dispatcher.message.register(Waiting.as_handler(), Command("wait"))
        SceneRegistry(dispatcher).add(Waiting)

    store = Store(kind, f"sqlite:///{tmp_path / 'kept.db'}" if kind != "memory" else None)
    async with Town(api, store).life(wire, is_fed=True) as life:
        await life.says("/wait")
        await life.chat.types("late")
        handling = asyncio.create_task(life.handle())
        await reached.wait()
        await life.says("exit")
        assert not await life.is_open()
        released.set()
        await handling
        assert life.texts()[-1] == "Too late."
        assert not await life.is_open()


async def test_a_tap_without_the_state_opens_nothing(api: Any) -> None:
    def wire(dispatcher: Dispatcher) -> None:
        dispatcher.message.register(Waiting.as_handler(), Command("wait"))
        SceneRegistry(dispatcher).add(Waiting)

    async with Town(api, MEMORY).life(wire) as life:
        await life.says("/wait")
        await life.taps("Tap")
        assert await texts_in(life, "order") == 1
        await life.says("exit")
        await life.taps("Tap")
        assert not await life.is_open()
        assert life.texts() == ["/wait", "Well?", "Tapped."]


async def test_a_session_that_ended_by_itself_is_opened_by_the_next_handler(api: Any) -> None:
    def wire(dispatcher: Dispatcher) -> None:
        dispatcher.message.register(Waiting.as_handler(), Command("wait"))
        SceneRegistry(dispatcher).add(Waiting)

    async with Town(api, MEMORY).life(wire) as life:
        await life.says("/wait")
        await life.session().close()
        await life.says("late")
        assert await texts_in(life, "order") == 1
        await life.says("exit")
        assert not await life.is_open()


def no_scenes(dispatcher: Dispatcher) -> None:
    class Plain(Scene, state="plain"): ...

    class Kept(SessionScene, state="kept", qualifier="order", end="keep"): ...

    SceneRegistry(dispatcher).add(Plain, Kept)


@pytest.mark.parametrize("is_fed", [False, True])
async def test_a_bot_with_nothing_to_follow_has_no_middleware_for_it(api: Any, *, is_fed: bool) -> None:
    async with Town(api, MEMORY).life(no_scenes, is_fed=is_fed) as life:
        await life.says("hi")
        middlewares = list(life.dispatcher.update.outer_middleware)
        assert not [each for each in middlewares if isinstance(each, Following)]
        assert type(life.dispatcher.fsm.storage).__name__ == "FSMStorage"


async def test_the_middleware_is_there_once_whenever_scenes_are_found(api: Any) -> None:
    async with Town(api, MEMORY).life(inheriting, wired_first=True) as life:
        for _ in range(3):
            await life.says("hi")
        assert sum(isinstance(each, Following) for each in life.dispatcher.update.outer_middleware) == 1


def sync() -> None:
    class Sync(SessionScene, state="sync"):
        @on.message()
        def answer(self, message: Message) -> None: ...


def sync_action() -> None:
    class Sync(SessionScene, state="sync"):
        @on.message.enter()
        def answer(self, message: Message) -> None: ...


def bad_end() -> None:
    class Bad(SessionScene, state="bad", end="wipe"): ...  # type: ignore[arg-type]


def bad_qualifier() -> None:
    class Bad(SessionScene, state="bad", qualifier=SessionQualifier("order")): ...  # type: ignore[arg-type]


def stateless() -> None:
    class Bad(SessionScene, qualifier="order"): ...

    SceneRegistry(Dispatcher()).add(Bad)


def nameless() -> None:
    class Bad(SessionScene, state="bad"): ...

    SceneRegistry(Dispatcher()).add(Bad)


def two_ends() -> None:
    class One(SessionScene, state="one", qualifier="order"): ...

    class Two(SessionScene, state="two", qualifier="order", end="close"): ...

    SceneRegistry(dispatcher := Dispatcher()).add(One, Two)
    setup_sessions(dispatcher)


def two_ends_with_states() -> None:
    class One(SessionScene, state="one", qualifier="order"): ...

    SceneRegistry(dispatcher := Dispatcher()).add(One)
    setup_sessions(dispatcher, follow_states={One: Follow("order", then="close")})


@pytest.mark.parametrize(
    ("declare", "text"),
    [
        (sync, r"Sync.answer runs inside a session's block, and is no coroutine function. Write 'async def'."),
        (sync_action, r"Sync.answer runs inside a session's block"),
        (bad_end, r"Bad is to end its session by 'wipe'. Write end=\"clear\""),
        (bad_qualifier, r"Pass its name alone: qualifier='order'."),
        (stateless, r"Bad has no state of its own"),
        (nameless, r"Bad names no session"),
        (two_ends, r"The session 'order' is to end by 'clear' when its states are left, and by 'close'."),
        (two_ends_with_states, r"The session 'order' is to end by"),
    ],
)
def test_what_cannot_be_meant_is_refused(declare: Callable[[], None], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        declare()


async def test_an_action_that_names_its_session_wrongly_is_found_at_the_start() -> None:
    class Wrong(SessionScene, state="wrong", qualifier="order"):
        @on.message.enter()
        async def ask(self, message: Message, order: Annotated[Session, "order"]) -> None: ...

    SceneRegistry(dispatcher := Dispatcher()).add(Wrong)
    setup_sessions(dispatcher)
    with pytest.raises(ConfigurationError, match="session without a qualifier"):
        await dispatcher.emit_startup()


async def test_a_scene_without_sessions_or_a_key_says_what_is_missing(stage: FedBot) -> None:
    class Voting(SessionScene, state=None, qualifier="order", end="keep"):
        @on.poll_answer()
        async def vote(self, vote: object) -> None: ...

        @on.message()
        async def answer(self, message: Message) -> None: ...

    SceneRegistry(unwired := Dispatcher()).add(Voting)
    SceneRegistry(keyless := Dispatcher()).add(Voting)
    event = EVENTS["poll_answer"] | {"voter_chat": None, "user": stage.ann.json()}
    async with SessionBot(stage.account.token, session=stage.api.client_session()) as bot:
        with pytest.raises(ConfigurationError, match="no dispatcher knows"):
            await unwired.feed_update(bot, stage.update("message", stage.message(5)))
    async with Bot(stage.account.token, session=stage.api.client_session()) as plain:
        with pytest.raises(ConfigurationError, match="has no sessions"):
            await unwired.feed_update(plain, stage.update("message", stage.message(6)))
    async with SessionBot(stage.account.token, session=stage.api.client_session()) as bot:
        setup_sessions(keyless, bot, key_strategy=lambda scope: None)
        with pytest.raises(SessionUnavailable, match="Voting runs inside a session, but there is no session"):
            await keyless.feed_update(bot, stage.update("poll_answer", event))
