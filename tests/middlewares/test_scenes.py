"""Sessions in the handlers of aiogram's scenes, which aiogram wraps before the dispatcher sees them."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from aiogram import Dispatcher, F, flags
from aiogram.fsm.scene import Scene, SceneRegistry, on
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, Message, PollAnswer

from tests.promises.fed_bot import FedBot, texts_of
from tests.updates import EVENTS
from tgslices import ConfigurationError, Session, SessionBot, SessionQualifier, SessionUnavailable, setup_sessions

Order = Annotated[Session, SessionQualifier("order")]


async def says(stage: FedBot, text: str) -> Any:
    return await stage.dispatcher.feed_update(stage.bot, stage.update("message", stage.message(5, text=text)))


async def test_a_scenes_handlers_get_their_sessions(stage: FedBot) -> None:
    held: list[Any] = []

    class Ordering(Scene, state=None):
        @on.message(F.text == "one")
        async def one(self, message: Message, order: Order, maybe: Session | None, parts: None = None) -> None:
            held.extend([order.qualifier, maybe and maybe.key == stage.session().key])

        @on.message()
        async def other(self, message: Message) -> None:
            held.append("other")

        @on.callback_query()
        async def tap(self, tap: CallbackQuery, order: Order) -> None:
            held.append(order.chat_id)

    SceneRegistry(stage.dispatcher).add(Ordering)
    await says(stage, "two")
    assert stage.bot.sessions.is_idle()
    await says(stage, "one")
    event = {"id": "1", "from": stage.ann.json(), "chat_instance": "1", "data": "x", "message": stage.message(5)}
    await stage.dispatcher.feed_update(stage.bot, stage.update("callback_query", event))
    assert held == ["other", "order", True, stage.chat.id]


async def test_a_scenes_action_takes_the_session_of_its_event(stage: FedBot) -> None:
    """aiogram calls actions past all middlewares; what the sessions of a bot are for works there as anywhere."""

    class Ordering(Scene, state="ordering"):
        @on.message.enter()
        async def begin(self, message: Message) -> None:
            order = stage.bot.sessions.of(message, qualifier="order")
            assert order is not None
            async with order:
                await message.answer("What would you like?")

        @on.message(F.text == "done")
        async def done(self, message: Message, order: Order) -> None:
            await order.clear()
            await order.close()

    SceneRegistry(stage.dispatcher).add(Ordering)
    stage.dispatcher.message.register(Ordering.as_handler(), F.text == "order")
    await says(stage, "order")
    assert await texts_of(stage.session("order"), stage.chat) == ["What would you like?"]
    await says(stage, "done")
    assert stage.chat.texts() == []
    assert stage.bot.sessions.is_idle()


async def test_the_flag_opens_a_session_around_a_scenes_handler(stage: FedBot) -> None:
    class Ordering(Scene, state=None):
        @on.message()
        @flags.tgslices(SessionQualifier("order"))
        async def answer(self, message: Message) -> SendMessage:
            return SendMessage(chat_id=message.chat.id, text="returned")

    SceneRegistry(stage.dispatcher).add(Ordering)
    await says(stage, "hi")
    assert await texts_of(stage.session("order"), stage.chat) == ["returned"]


async def test_an_error_names_the_scenes_handler(stage: FedBot) -> None:
    class Ordering(Scene, state=None):
        @on.poll_answer()
        async def vote(self, vote: PollAnswer, order: Order) -> None: ...

        @on.message()
        @flags.tgslices("order")
        async def misflagged(self, message: Message) -> None: ...

    SceneRegistry(stage.dispatcher).add(Ordering)
    SceneRegistry(nowhere := Dispatcher()).add(Ordering)
    event = EVENTS["poll_answer"] | {"voter_chat": None, "user": stage.ann.json()}
    async with SessionBot(stage.account.token, session=stage.api.client_session()) as bot:
        setup_sessions(nowhere, bot, key_strategy=lambda scope: None)
        with pytest.raises(SessionUnavailable) as unavailable:
            await nowhere.feed_update(bot, stage.update("poll_answer", event))
    scene = f"{test_an_error_names_the_scenes_handler.__name__}.<locals>.Ordering"
    assert str(unavailable.value) == (
        f"{scene}.vote requires 'order', but there is no session, because the key strategy finds no key in this "
        "poll_answer update. Annotate 'order' as 'Session | None', or do not handle poll_answer updates there."
    )
    with pytest.raises(ConfigurationError) as misflagged:
        await says(stage, "hi")
    assert str(misflagged.value) == (
        f"The flag 'tgslices' of {scene}.misflagged is 'order'. Set it to a SessionQualifier, or to True."
    )
