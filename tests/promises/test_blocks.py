"""Which session records: blocks that nest, cross, outlive each other and are entered by many tasks."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram import Bot
from aiogram.methods import SendMessage

from tests.promises.fed_bot import FedBot, texts_of
from tgslices import Session, SessionBot


@pytest.fixture
def send(stage: FedBot) -> Callable[[str], Coroutine[Any, Any, object]]:
    """Send a text to Ann as any code would."""
    return lambda text: stage.bot.send_message(stage.chat.id, text)


Send = Callable[[str], Coroutine[Any, Any, object]]


async def held(stage: FedBot, session: Session) -> list[str]:
    return await texts_of(session, stage.chat)


async def test_blocks_nest_and_the_innermost_session_records(stage: FedBot, send: Send) -> None:
    """ "Blocks nest (the innermost session records)" """
    order, support = stage.session("order"), stage.session("support")
    async with order:
        await send("1")
        async with support:
            await send("2")
            async with order:
                await send("3")
            await send("4")
        await send("5")
    await send("6")
    assert await held(stage, order) == ["1", "3", "5"]
    assert await held(stage, support) == ["2", "4"]


async def test_one_handle_may_be_entered_again_inside_itself(stage: FedBot, send: Send) -> None:
    async with stage.session() as session:
        async with session, session:
            await send("1")
        await send("2")
    await send("3")
    assert await held(stage, session) == ["1", "2"]


async def test_blocks_may_be_left_in_any_order(stage: FedBot, send: Send) -> None:
    order, support = stage.session("order"), stage.session("support")
    await order.__aenter__()
    await support.__aenter__()
    await order.__aexit__(None, None, None)
    await send("1")
    await support.__aexit__(None, None, None)
    await send("2")
    assert await held(stage, order) == []
    assert await held(stage, support) == ["1"]


async def test_calling_the_session_wins_over_any_block(stage: FedBot, send: Send) -> None:
    """ "`session(method)` wins over any block" """
    order, support = stage.session("order"), stage.session("support")
    async with order:
        await support(SendMessage(chat_id=stage.chat.id, text="1"))
        await support.send_message("2")
        await order(SendMessage(chat_id=stage.chat.id, text="3"))
        await send("4")
    assert await held(stage, order) == ["3", "4"]
    assert await held(stage, support) == ["1", "2"]


async def test_a_method_made_from_a_message_is_recorded_once(stage: FedBot) -> None:
    """ "so `await session(message.answer("hi"))` works" """
    message = await stage.bot.send_message(stage.chat.id, "before")
    async with stage.session() as session:
        sent = await session(message.answer("hi"))
    assert sent.text == "hi"
    assert await held(stage, session) == ["hi"]


async def test_any_task_that_the_block_starts_records(stage: FedBot, send: Send) -> None:
    """ "... in any task the block starts ..." """
    loop = asyncio.get_running_loop()

    def in_a_thread(text: str) -> None:
        asyncio.run_coroutine_threadsafe(send(text), loop).result(5)

    async def nested(text: str) -> None:
        await asyncio.create_task(send(text))

    async with stage.session() as session:
        await asyncio.create_task(send("task"))
        await asyncio.gather(send("gather 1"), send("gather 2"))
        async with asyncio.TaskGroup() as group:
            group.create_task(send("group 1"))
            group.create_task(nested("group 2"))
        await asyncio.to_thread(in_a_thread, "thread")
        async with asyncio.timeout(5):
            await asyncio.wait_for(send("wait_for"), 5)
    await send("after")
    assert sorted(await held(stage, session)) == sorted(
        ["task", "gather 1", "gather 2", "group 1", "group 2", "thread", "wait_for"]
    )


async def test_a_task_from_before_the_block_does_not_record(stage: FedBot, send: Send) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def beside() -> None:
        begun.set()
        await go.wait()
        await send("beside")

    task = asyncio.create_task(beside())
    await begun.wait()
    async with stage.session() as session:
        go.set()
        await task
    assert await held(stage, session) == []


async def test_one_handle_may_be_entered_by_many_tasks_at_once(stage: FedBot, send: Send) -> None:
    """ "one handle may be entered by many tasks at once": fifty of them, that leave in another order."""
    session, beside = stage.session("order"), stage.session("support")
    everyone = asyncio.Barrier(50)

    async def work(number: int) -> None:
        async with session:
            await everyone.wait()
            await send(f"in {number}")
            if number % 2:
                async with beside:
                    await send(f"beside {number}")
        await send(f"out {number}")

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(work(number))
    assert sorted(await held(stage, session)) == sorted(f"in {n}" for n in range(50))
    assert sorted(await held(stage, beside)) == sorted(f"beside {n}" for n in range(1, 50, 2))


async def test_two_handles_of_one_key_are_one_session(stage: FedBot, send: Send) -> None:
    async with stage.session("order"):
        await send("1")
    async with stage.session("order"):
        await send("2")
    assert await held(stage, stage.session("order")) == ["1", "2"]


async def test_an_exception_inside_the_block_passes_and_nothing_is_lost(stage: FedBot, send: Send) -> None:
    session = stage.session()

    async def handler() -> None:
        async with session:
            await send("1")
            raise LookupError("on purpose")

    with pytest.raises(LookupError, match=r"^on purpose$"):
        await handler()
    await send("2")
    assert await held(stage, session) == ["1"]


async def test_only_this_bots_own_sends_count(stage: FedBot, send: Send) -> None:
    """ "Only this bot's own sends count: another bot's send inside the block is none of its business." """
    account = stage.api.add_bot("other_bot")
    chat = stage.ann.private_chat(account)
    async with Bot(account.token, session=stage.bot.session) as other:
        async with stage.session() as session:
            await other.send_message(chat.id, "from the other")
            await send("from ours")
        assert await held(stage, session) == ["from ours"]
        assert len(await session.messages()) == 1


async def test_the_blocks_of_two_bots_do_not_hide_each_other(stage: FedBot, send: Send) -> None:
    account = stage.api.add_bot("other_bot")
    chat = stage.ann.private_chat(account)
    async with SessionBot(account.token, session=stage.api.client_session()) as other:
        ours, theirs = stage.session(), other.sessions.get(chat.id, stage.ann.id)
        async with ours, theirs:
            await send("ours")
            await other.send_message(chat.id, "theirs")
        assert await held(stage, ours) == ["ours"]
        assert await texts_of(theirs, chat) == ["theirs"]
        assert ours.key.bot_id != theirs.key.bot_id


@pytest.mark.parametrize("how", ["enter", "send", "call", "track", "get"])
async def test_a_closed_session_is_open_again_when_it_is_used(stage: FedBot, send: Send, how: str) -> None:
    """ "A closed session that is entered, tracked into or sent through is open again" """
    session = stage.session()
    outside = await stage.bot.send_message(stage.chat.id, "outside")
    await session.close()
    assert stage.bot.sessions.is_idle()
    if how == "enter":
        async with session:
            pass
    elif how == "send":
        await session.send_message("x")
    elif how == "call":
        await session(SendMessage(chat_id=stage.chat.id, text="x"))
    elif how == "track":
        await session.track(outside)
    else:
        stage.session()
    await stage.says("hello")
    assert (await held(stage, session))[-1] == "hello"


async def test_a_session_that_is_closed_inside_its_block_stays_closed(stage: FedBot, send: Send) -> None:
    async with stage.session() as session:
        await send("1")
        assert await session.close() == 1
    await stage.says("hello")
    assert stage.bot.sessions.is_idle()
    assert await session.messages() == []


async def test_a_block_that_is_left_by_another_task_than_entered_it_is_left(stage: FedBot, send: Send) -> None:
    """Frameworks set up and tear down in tasks of their own."""
    session = stage.session()
    await asyncio.create_task(session.__aenter__())
    await asyncio.create_task(session.__aexit__(None, None, None))
    await send("after")
    assert await session.messages() == []


async def test_a_context_manager_of_ones_own_may_be_a_generator_with_a_block(stage: FedBot, send: Send) -> None:
    @asynccontextmanager
    async def ordering() -> AsyncIterator[Session]:
        async with stage.session("order") as session:
            yield session

    async with ordering() as order:
        await send("inside")
    await send("outside")
    assert await held(stage, order) == ["inside"]


async def test_a_generator_that_is_left_alone_inside_its_block_leaves_it(stage: FedBot, send: Send) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    session = stage.bot.sessions.get(group.id, stage.ann.id)

    async def numbers() -> AsyncIterator[int]:
        async with session:
            yield 1
            yield 2

    async for _ in numbers():
        break
    gc.collect()
    for _ in range(5):  # what was left alone is closed in a task of its own
        await asyncio.sleep(0)
    await stage.bot.send_message(group.id, "To everybody")
    assert await session.messages() == []
