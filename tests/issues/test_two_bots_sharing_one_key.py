"""Others leave the bot out of the key: two bots that talk to one person then see each other's ids, and each deletes its
own messages of the other's numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Dispatcher
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, polling
from tgslices import NotAMessage, Session, SessionBot, SessionStorage, setup_sessions
from tgslices.testing import BotAccount, ChatView


class Other:
    """A second bot, on the same dispatcher and storage, and Ann's chat with it."""

    def __init__(self, bot: SessionBot, account: BotAccount, chat: ChatView) -> None:
        self.bot = bot
        self.account = account
        self.chat = chat


@pytest.fixture
async def other(stage: FedBot, storage: SessionStorage) -> AsyncIterator[Other]:
    account = stage.api.add_bot("other_bot")
    async with SessionBot(account.token, session=stage.api.client_session()) as bot:
        dispatcher = Dispatcher()
        setup_sessions(dispatcher, bot, storage=storage)
        async with polling(dispatcher, bot):
            yield Other(bot, account, stage.ann.private_chat(account))


async def test_two_bots_never_see_each_others_ids(stage: FedBot, other: Other) -> None:
    mine, theirs = stage.session(), other.bot.sessions.get(stage.chat.id, stage.ann.id)
    assert mine.key != theirs.key
    await stage.says("to the first", "to the first again")
    await other.chat.types("to the second")
    await stage.settled()
    assert len(await mine.messages()) == 2
    assert len(await theirs.messages()) == 1
    assert await mine.clear() == 2
    assert other.chat.texts() == ["to the second"]
    assert await theirs.clear() == 1


async def test_the_message_that_one_bot_handles_is_no_message_of_the_others(stage: FedBot, other: Other) -> None:
    """``include_current`` through the wrong bot would have it delete its own message of that number."""
    opened: list[Session | None] = []

    @stage.dispatcher.message()
    async def handle(message: Message) -> None:
        opened.append(other.bot.sessions.get(message.chat, message.from_user, include_current=True))
        opened.append(other.bot.sessions.of(message, include_current=True))

    await other.chat.types("kept")
    await stage.settled()
    await stage.says("to the first bot")
    assert [await session.messages() for session in opened if session is not None] == [[], []]
    for session in opened:
        assert session is not None
        assert await session.clear() == 0
    assert other.chat.texts() == ["kept"]


async def test_a_private_message_of_one_bot_cannot_be_tracked_by_the_other(stage: FedBot, other: Other) -> None:
    sent = await stage.bot.send_message(stage.chat.id, "to Ann")
    session = other.bot.sessions.get(stage.chat.id, stage.ann.id)
    with pytest.raises(NotAMessage) as caught:
        await session.track(sent)
    assert str(caught.value) == (
        "Message cannot be tracked, because it came to another bot, and outside of supergroups message ids belong to "
        "one bot. Pass a Message, or an Update or event that carries one."
    )


async def test_a_supergroups_message_of_one_bot_may_be_tracked_by_the_other(stage: FedBot, other: Other) -> None:
    """There a message has one number for everybody, and an administrator deletes what others sent."""
    group = stage.api.add_supergroup("Team", members=[stage.ann, stage.account], admins=[other.account])
    sent = await stage.bot.send_message(group.id, "from the first")
    session = other.bot.sessions.get(group.id)
    await session.track(sent)
    assert await session.clear() == 1
    assert stage.ann.view(group).texts() == []
