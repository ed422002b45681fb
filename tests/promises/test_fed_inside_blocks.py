"""An update that is fed inside a block is handled outside of it, unless it belongs to the block's session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiogram import Dispatcher
from aiogram.types import Message

from tests.promises.fed_bot import polling
from tgslices import Session, SessionBot, setup_sessions, unrecorded
from tgslices.testing import BotApi, Chat, Person


@dataclass
class Greeter:
    """A bot that greets whoever writes, in a group where it may delete."""

    api: BotApi
    bot: SessionBot
    dispatcher: Dispatcher
    ann: Person
    ben: Person
    group: Chat

    def session(self) -> Session:
        return self.bot.sessions.get(self.group.id, self.ann.id)

    async def writes(self, person: Person) -> None:
        """Let a person write in the group, and feed that here and now."""
        await person.view(self.group).types(f"{person.first_name} is here")
        updates = await self.bot.get_updates()
        for update in updates:
            await self.dispatcher.feed_update(self.bot, update)
        await self.bot.get_updates(offset=updates[-1].update_id + 1)


@pytest.fixture
async def greeter(api: BotApi) -> AsyncIterator[Greeter]:
    account, ann, ben = api.add_bot("greeter_bot"), api.add_person("Ann"), api.add_person("Ben")
    group = api.add_supergroup("Group", members=[ann, ben], admins=[account])
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def greet(message: Message) -> None:
        assert message.from_user is not None
        await message.answer(f"Hello {message.from_user.first_name}")

    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot)
        yield Greeter(api, bot, dispatcher, ann, ben, group)


async def test_what_another_person_is_told_is_not_the_blocks(greeter: Greeter) -> None:
    async with greeter.session() as session:
        await greeter.writes(greeter.ben)
        await greeter.bot.send_message(greeter.group.id, "To Ann")
    await session.clear()
    assert greeter.ann.view(greeter.group).texts() == ["Ben is here", "Hello Ben"]


async def test_what_the_sessions_own_person_is_told_is_the_blocks(greeter: Greeter) -> None:
    async with greeter.session() as session:
        await greeter.writes(greeter.ann)
    assert await session.clear() == 2


async def test_a_task_that_feeds_later_is_outside_too(greeter: Greeter) -> None:
    """As a library does that begins a dialog with another member: it copies the context of who asked for it."""
    async with greeter.session() as session:
        feeding = asyncio.create_task(greeter.writes(greeter.ben))
        await feeding
    assert await session.messages() == []


async def test_polling_that_was_started_in_a_block_handles_others_outside_of_it(greeter: Greeter) -> None:
    async with greeter.session() as session, polling(greeter.dispatcher, greeter.bot):
        await greeter.ben.view(greeter.group).types("Ben is here")
        await greeter.api.idle()
        await greeter.ann.view(greeter.group).until(lambda view: "Hello Ben" in view.texts())
    assert await session.messages() == []


async def test_what_is_fed_unrecorded_stays_so(greeter: Greeter) -> None:
    async with greeter.session() as session:
        with unrecorded():
            await greeter.writes(greeter.ann)
    assert len(await session.messages()) == 1  # what Ann wrote
