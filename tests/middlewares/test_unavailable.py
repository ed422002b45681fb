"""Where a handler asks for a session that is not there, and the flag that opens one around a handler's whole run."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.types import Message, Poll, Update

from tests.promises.fed_bot import FedBot
from tests.updates import EVENTS
from tgslices import ConfigurationError, Session, SessionQualifier, SessionUnavailable
from tgslices.errors import quoted
from tgslices.middlewares.handler_needs import needs_of

Order = Annotated[Session, SessionQualifier("order")]
Held = list[Any]


async def says(stage: FedBot, text: str = "hi") -> Any:
    """Feed the dispatcher a message of Ann's."""
    return await stage.dispatcher.feed_update(stage.bot, stage.update("message", stage.message(5, text=text)))


def poll(stage: FedBot) -> Update:
    """Return the one kind of update that is of nobody and of no chat."""
    return stage.update("poll", EVENTS["poll"])


async def test_an_optional_session_is_none_where_the_update_is_of_no_chat(stage: FedBot) -> None:
    held: Held = []

    @stage.dispatcher.poll()
    async def handle(poll: Poll, maybe: Session | None, order: Order | None) -> None:
        held.extend([maybe, order])

    await stage.dispatcher.feed_update(stage.bot, poll(stage))
    assert held == [None, None]
    assert stage.bot.sessions.is_idle()


async def test_a_required_session_where_the_update_is_of_no_chat_is_an_error_that_says_so(stage: FedBot) -> None:
    """ "a required one then raises an error that says so" """

    @stage.dispatcher.poll()
    async def search(poll: Poll, order: Order) -> None:
        raise AssertionError("it must not run")

    with pytest.raises(SessionUnavailable) as caught:
        await stage.dispatcher.feed_update(stage.bot, poll(stage))
    name = f"{test_a_required_session_where_the_update_is_of_no_chat_is_an_error_that_says_so.__name__}.<locals>.search"
    assert str(caught.value) == (
        f"{name} requires 'order', but there is no session, because the key strategy finds no key in this poll "
        "update. Annotate 'order' as 'Session | None', or do not handle poll updates there."
    )


async def test_a_flag_where_the_update_is_of_no_chat_is_an_error_that_says_so(stage: FedBot) -> None:
    async def search(poll: Poll) -> None:
        raise AssertionError("it must not run")

    stage.dispatcher.poll.register(search, flags={"tgslices": True})
    with pytest.raises(SessionUnavailable) as caught:
        await stage.dispatcher.feed_update(stage.bot, poll(stage))
    name = f"{test_a_flag_where_the_update_is_of_no_chat_is_an_error_that_says_so.__name__}.<locals>.search"
    assert str(caught.value) == (
        f"{name} runs inside a session, but there is no session, because the key strategy finds no key in "
        "this poll update. Take the flag or InSession off it, or do not handle poll updates there."
    )


@pytest.mark.parametrize("flag", ["order", 5, SessionQualifier])
async def test_a_flag_of_another_kind_is_refused(stage: FedBot, flag: object) -> None:
    async def handle(message: Message) -> None:
        raise AssertionError("it must not run")

    stage.dispatcher.message.register(handle, flags={"tgslices": flag})
    with pytest.raises(ConfigurationError) as caught:
        await says(stage)
    assert str(caught.value) == (
        f"The flag 'tgslices' of {handle.__qualname__} is {quoted(flag)}. Set it to a SessionQualifier, or to True."
    )


def test_a_handler_that_asks_for_nothing_needs_nothing() -> None:
    async def handle(message: Message, *args: Any, **kwargs: Any) -> Session:
        raise AssertionError

    assert needs_of(HandlerObject(handle)) is None


async def test_the_flags_session_and_a_parameter_of_the_same_name_are_one(stage: FedBot) -> None:
    async def handle(message: Message, order: Order) -> None:
        await message.answer("in the block")
        assert len(await order.messages()) == 1

    stage.dispatcher.message.register(handle, flags={"tgslices": SessionQualifier("order")})
    await says(stage)
    assert stage.chat.texts() == ["in the block"]


async def test_a_handler_that_fails_under_a_flag_leaves_its_block(stage: FedBot) -> None:
    async def fail(message: Message) -> None:
        await message.answer("before")
        raise LookupError

    stage.dispatcher.message.register(fail, flags={"tgslices": True})
    with pytest.raises(LookupError):
        await says(stage)
    await stage.bot.send_message(stage.chat.id, "after")
    assert [entry.message_id for entry in await stage.session().messages()] == [1]
