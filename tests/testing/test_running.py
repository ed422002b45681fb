"""A dispatcher run against the emulator for the length of a block."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramConflictError
from aiogram.methods import SendMessage
from aiogram.types import Message

from tgslices.testing import BotApi, Drop, Failure, Flood
from tgslices.testing.faults import Effect
from tgslices.testing.running import PolledTwice, running


def echo() -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def answer(message: Message) -> SendMessage:
        if message.text == "fail":
            raise LookupError("no such order")
        return message.answer(f"you said {message.text}")

    return dispatcher


async def test_one_dispatcher_serves_several_event_loops() -> None:
    dispatcher = echo()

    async def converse() -> list[str]:
        async with BotApi() as api:
            account = api.add_bot("echo_bot")
            chat = api.add_person("Ann").private_chat(account)
            async with Bot(account.token, session=api.client_session()) as bot, running(dispatcher, bot):
                await chat.types("hi")
                await chat.until(lambda view: len(view.texts()) == 2)
                return chat.texts()

    for _ in range(2):
        assert await asyncio.to_thread(lambda: asyncio.run(converse())) == ["hi", "you said hi"]


async def test_what_a_handler_raised_is_raised_where_a_person_caused_it_and_not_again() -> None:
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot, running(echo(), bot):
            with pytest.raises(LookupError, match="no such order") as caught:
                await chat.types("fail")
            assert [entry.name for entry in caught.traceback][-1] == "answer"
            assert not [entry.path for entry in caught.traceback if "aiogram" in Path(entry.path).parts]
            await chat.types("go on")
            await chat.sees("you said go on")


async def test_what_a_handler_raised_is_raised_at_the_end_if_nobody_was_told() -> None:
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot:
            with pytest.raises(LookupError) as caught:
                async with running(echo(), bot, people_wait=False):
                    await chat.types("fail")
                    await chat.types("fail")
                    await api.idle()
    assert str(caught.value) == "no such order"
    [note] = caught.value.__notes__
    assert note.startswith("A handler raised:\n")


async def test_what_a_handler_raised_is_noted_on_what_the_block_raised() -> None:
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot:
            with pytest.raises(AssertionError) as caught:
                async with running(echo(), bot, people_wait=False):
                    await chat.types("fail")
                    await api.idle()
                    raise AssertionError("nothing came")
    assert str(caught.value) == "nothing came"
    [note] = caught.value.__notes__
    first, *_, last = note.splitlines()
    assert (first, last) == ("A handler raised:", "LookupError: no such order")
    assert 'raise LookupError("no such order")' in note


async def test_what_a_handler_of_shutdown_raised_hides_no_other() -> None:
    dispatcher = echo()

    @dispatcher.shutdown()
    async def stopped() -> None:
        raise OSError("the archive is full")

    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot:
            with pytest.raises(LookupError, match="no such order") as caught:
                async with running(dispatcher, bot):
                    await chat.types("fail")
    [note] = caught.value.__notes__
    assert note.endswith("OSError: the archive is full")
    assert "no such order" not in note


async def test_polling_goes_on_after_the_server_was_away() -> None:
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot, running(echo(), bot):
            await chat.until(lambda view: api.count("getUpdates") == 1)
            await api.refuse()
            await chat.types("hi")
            await api.accept()
            await chat.until(lambda view: view.texts() == ["hi", "you said hi"])


@pytest.mark.parametrize("fault", [Failure(502), Flood(30), Drop()], ids=repr)
async def test_polling_goes_on_after_a_fault_of_get_updates(fault: Effect) -> None:
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        api.faults.add(fault, method="getUpdates", times=2)
        async with Bot(account.token, session=api.client_session()) as bot, running(echo(), bot):
            await chat.types("hi")
            await chat.until(lambda view: view.texts() == ["hi", "you said hi"])
    assert api.count("getUpdates") >= 3


async def test_polling_ends_with_an_error_that_does_not_go_away() -> None:
    async with BotApi() as api:
        api.faults.add(Failure(409, "Conflict: two of them"), method="getUpdates")
        async with Bot(api.add_bot("echo_bot").token, session=api.client_session()) as bot:
            with pytest.raises(TelegramConflictError) as caught:
                async with running(echo(), bot):
                    pass
    assert caught.value.message == "Conflict: two of them"


async def test_a_second_dispatcher_of_a_bot_is_refused_where_it_is_started() -> None:
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        first, second = (Bot(account.token, session=api.client_session()) for _ in range(2))
        async with first, second:
            async with running(echo(), first):
                with pytest.raises(PolledTwice, match="Leave the block of running") as caught:
                    async with running(echo(), second):
                        pass
                assert caught.value.bot_id == account.id
                await chat.types("hi")
                await chat.sees("you said hi")
            async with running(echo(), second):
                await chat.types("ho")
                await chat.sees("you said ho")


async def test_a_conflict_with_who_polls_elsewhere_is_told_in_its_own_words_alone() -> None:
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        async with (
            Bot(account.token, session=api.client_session()) as bot,
            Bot(account.token, session=api.client_session()) as other,
        ):
            with pytest.raises(TelegramConflictError) as caught:
                async with running(echo(), bot):
                    poll = asyncio.create_task(other.get_updates(timeout=30))
                    await api.world.changes.until(lambda: account.handling.has_failed)
            poll.cancel()
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert not [frame for frame in frames if "aiogram" in frame.filename]


async def test_startup_and_shutdown_are_called_around_the_block() -> None:
    called: list[str] = []
    dispatcher = echo()

    async def started(bots: tuple[Bot, ...]) -> None:
        called.append(f"started with {len(bots)}")

    async def stopped() -> None:
        called.append("stopped")

    dispatcher.startup.register(started)
    dispatcher.shutdown.register(stopped)
    async with (
        BotApi() as api,
        Bot(api.add_bot("echo_bot").token, session=api.client_session()) as bot,
        running(dispatcher, bot),
    ):
        called.append("inside")
    assert called == ["started with 1", "inside", "stopped"]
