"""The rehearsal in one process: the bot polls the emulator, and the customer talks to it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiogram import Dispatcher

from examples.order_flow.bot import ABANDONED_AFTER, make_bot, make_dispatcher
from examples.order_flow.rehearsal import script
from examples.order_flow.rehearsal.customer import PATIENCE
from examples.order_flow.rehearsal.stage import Stage, counted, ids_in, set_up
from examples.order_flow.rehearsal.verdict import Part
from tgslices import ClearResult, SessionBot
from tgslices.storage.opening import open_storage


async def rehearse(storage_url: str) -> int:
    """Play a whole conversation, print what the customer sees, and return the exit code.

    Raises:
        AssertionError: the bot did not do what the customer expected.
        StorageError: the storage could not be opened.
    """
    async with set_up() as stage:
        wiped: asyncio.Future[ClearResult] = asyncio.get_running_loop().create_future()
        bot = make_bot(stage.account.token, stage.api.url)
        storage = open_storage(storage_url)
        dispatcher = make_dispatcher(bot, storage, on_wiped=wiped.set_result, clock=stage.api.clock.now)
        await beside(dispatcher, bot, play(stage, bot, wiped))
        return stage.judge()


async def play(stage: Stage, bot: SessionBot, wiped: asyncio.Future[ClearResult]) -> None:
    """Talk to the bot."""
    customer = stage.customer
    await script.begin(customer)
    await script.ask_support(customer)
    await customer.says(script.ADDRESS)
    await script.confirm(customer)
    stage.show("Before /done:")
    await customer.says("/done", answered_in=Part.REST)
    try:
        result = await asyncio.wait_for(wiped, PATIENCE)
    except TimeoutError:
        raise AssertionError(f"the bot did not finish the wipe:\n{customer.chat}") from None
    stage.show("After /done:")
    print(
        f"The wipe took {counted(result, 'message')} in {counted(result.requests, 'request')}: {result!r}.\n"
        f"The server's log has {counted(ids_in(stage.deletions()), 'message')} "
        f"in {counted(len(stage.deletions()), 'request')}."
    )
    if not stage.complaints():  # a case that is gone cannot be closed
        await script.close_case(customer)
        await abandon(stage, bot)


async def abandon(stage: Stage, bot: SessionBot) -> None:
    """Begin another order, say nothing more for two hours, and see that the bot ends it by itself."""
    await script.hesitate(stage.customer)
    stage.api.clock.move(ABANDONED_AFTER)
    await bot.sessions.sweep()  # what the bot does within a minute by itself
    await stage.customer.is_answered(Part.REST)
    stage.show("After two hours without a word:")


async def beside(dispatcher: Dispatcher, bot: SessionBot, conversation: Coroutine[Any, Any, None]) -> None:
    """Let the bot poll while a conversation goes on, and stop it then.

    Raises:
        Exception: what either of them raised.
    """
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
    talk = asyncio.create_task(conversation)
    try:
        await asyncio.wait([polling, talk], return_when=asyncio.FIRST_COMPLETED)
        if polling.done():
            polling.result()
        await talk
    finally:
        talk.cancel()
        if not polling.done():
            await dispatcher.stop_polling()
        await asyncio.wait([polling, talk])
