"""Tasks that outlive their block: what they send is recorded while the session is open, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from aiogram import Dispatcher
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, texts_of
from tgslices import Session, SessionBot, setup_sessions
from tgslices.recording import handles_of_key
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.testing import BotApi, Chat, Person, Slow

Send = Callable[[str], Coroutine[Any, Any, object]]


@pytest.fixture
def send(stage: FedBot) -> Send:
    """Send a text to Ann as any code would."""
    return lambda text: stage.bot.send_message(stage.chat.id, text)


async def held(stage: FedBot, session: Session) -> list[str]:
    return await texts_of(session, stage.chat)


class Straggler:
    """A task that a block has started and that sends when it is told to."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._go = asyncio.Event()
        self._task = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        await self._go.wait()
        await self._send("late")

    async def sends(self) -> None:
        self._go.set()
        await self._task


async def test_a_straggler_of_an_open_session_still_records(stage: FedBot, send: Send) -> None:
    """ "... in any task the block starts": also when the task outlives the block, while the session is open."""
    async with stage.session() as session:
        straggler = Straggler(send)
    await straggler.sends()
    assert await held(stage, session) == ["late"]


async def test_a_straggler_of_a_closed_session_neither_reopens_it_nor_records(stage: FedBot, send: Send) -> None:
    """ "a straggling task of a block that was left, whose session was closed meanwhile, neither reopens it nor
    records" """
    async with stage.session() as session:
        straggler = Straggler(send)
    await session.close()
    await straggler.sends()
    assert stage.bot.sessions.is_idle()
    assert await stage.bot.sessions.storage.list(session.key) == []


async def test_a_straggler_does_not_record_into_the_session_that_came_after_its_own(stage: FedBot, send: Send) -> None:
    async with stage.session("order") as session:
        straggler = Straggler(send)
    await session.close()
    async with stage.session("order") as again:
        await send("anew")
        await straggler.sends()
    assert await held(stage, again) == ["anew"]


async def test_a_straggler_whose_session_was_closed_through_another_handle_knows_it(stage: FedBot, send: Send) -> None:
    async with stage.session("order"):
        straggler = Straggler(send)
    await stage.session("order").close()
    again = stage.session("order")
    await straggler.sends()
    assert await held(stage, again) == []


async def test_a_straggler_of_an_unsubscribed_session_does_not_record(stage: FedBot, send: Send) -> None:
    async with stage.session() as session:
        await send("1")
        straggler = Straggler(send)
    await stage.bot.sessions.unsubscribe(session.key)
    await straggler.sends()
    assert stage.bot.sessions.is_idle()
    assert await held(stage, session) == ["1"]


async def test_a_straggler_of_an_inner_block_whose_outer_block_is_left_too_records_nowhere_once_both_are_closed(
    stage: FedBot, send: Send
) -> None:
    async with stage.session("order") as order, stage.session("support") as support:
        straggler = Straggler(send)
    await support.close()
    await order.close()
    await straggler.sends()
    assert stage.bot.sessions.is_idle()
    assert [await stage.bot.sessions.storage.list(it.key) for it in (order, support)] == [[], []]


async def test_a_straggler_whose_session_was_closed_does_not_record_into_the_block_around(
    stage: FedBot, send: Send
) -> None:
    """ "nor records": the next wipe of the other session would delete what is none of its own."""
    async with stage.session("order") as order:
        async with stage.session("support") as support:
            straggler = Straggler(send)
        await support.close()
        await straggler.sends()
        assert await held(stage, order) == []
    assert await stage.bot.sessions.storage.list(support.key) == []


@pytest.fixture
def group(stage: FedBot) -> Chat:
    return stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])


async def test_a_straggler_causes_no_notice_in_a_group(stage: FedBot, group: Chat) -> None:
    """A worker that was first needed inside the block pins what it tells somebody else."""
    news = await stage.bot.send_message(group.id, "news")
    async with stage.bot.sessions.get(group.id, stage.ann.id) as session:
        straggler = Straggler(lambda _: stage.bot.pin_chat_message(group.id, news.message_id))
    await straggler.sends()
    await stage.settled()
    assert await session.messages() == []


async def test_a_straggler_causes_no_notice_after_a_minute(api: BotApi) -> None:
    account, ann, now = api.add_bot("order_bot"), api.add_person("Ann"), [datetime.now(UTC)]
    ann.private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher := Dispatcher(), bot, clock=lambda: now[0])
        news = [await bot.send_message(ann.id, text) for text in ("one", "two")]
        async with bot.sessions.get(ann.id, ann.id) as session:
            soon, late = [Straggler(partial(pin, bot, ann, message)) for message in news]
        await soon.sends()
        now[0] += timedelta(seconds=61)
        await late.sends()
        now[0] -= timedelta(seconds=61)
        for update in await bot.get_updates():
            await dispatcher.feed_update(bot, update)
        assert [entry.kind for entry in await session.messages()] == [MessageKind.PINNED_MESSAGE]


async def pin(bot: SessionBot, person: Person, message: Message, _: str) -> object:
    return await bot.pin_chat_message(person.id, message.message_id)


async def test_what_a_straggler_tells_a_group_is_not_deleted_although_a_wipe_overtakes_it(
    stage: FedBot, group: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handles_of_key, "SEND_GRACE", timedelta(milliseconds=20))
    async with stage.bot.sessions.get(group.id, stage.ann.id) as session:
        await stage.bot.send_message(group.id, "Hello Ann")
        straggler = Straggler(lambda _: stage.bot.send_message(group.id, "Ben, your parcel is here"))
    held = asyncio.Event()
    fault = stage.api.faults.add(Slow(until=held), method="sendMessage", times=1)
    sending = asyncio.create_task(straggler.sends())
    await stage.chat.until(lambda _: fault.hits > 0)
    assert await session.clear() == 1
    held.set()
    await sending
    settled = await stage.bot.sessions.settle_pending()
    assert settled == 0
    assert stage.ann.view(group).texts() == ["Ben, your parcel is here"]


async def test_a_straggler_of_everywhere_carries_nothing_of_somebody_else(stage: FedBot, send: Send) -> None:
    """ "records into that place for one minute": to say everywhere is to say it of the block, and not of later."""
    bob = stage.api.add_person("Bob").private_chat(stage.account)
    await bob.types("hello")
    async with stage.session() as session:
        with session.recording(everywhere=True):
            to_ann = Straggler(send)
            to_bob = Straggler(lambda text: stage.bot.send_message(bob.id, text))
            await stage.bot.send_message(bob.id, "in the block")
    await to_bob.sends()
    await to_ann.sends()
    assert [entry.chat_id for entry in await session.messages()] == [bob.id, stage.chat.id]


async def test_what_a_straggler_of_everywhere_sends_into_the_place_of_a_block_around_is_of_that_block(
    stage: FedBot, send: Send
) -> None:
    async with stage.session("outer") as outer:
        async with stage.bot.sessions.get(1, 1) as inner:
            with inner.recording(everywhere=True):
                straggler = Straggler(send)
        await straggler.sends()
    assert await inner.messages() == []
    assert await held(stage, outer) == ["late"]


async def test_a_notice_of_a_straggler_in_another_chat_is_not_carried_either(stage: FedBot) -> None:
    group = stage.api.add_supergroup("Kitchen", members=[stage.ann], admins=[stage.account])
    sent = await stage.bot.send_message(group.id, "The menu")
    async with stage.session() as session:
        with session.recording(everywhere=True):
            straggler = Straggler(lambda _: stage.bot.pin_chat_message(group.id, sent.message_id))
    await straggler.sends()
    await stage.settled()
    assert await session.messages() == []
