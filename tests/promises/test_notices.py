"""Notices that a call inside a block causes belong to the block's session when Telegram reports them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiogram import Dispatcher
from aiogram.enums import ContentType
from aiogram.exceptions import TelegramBadRequest

from tests.promises.fed_bot import FedBot
from tgslices import Session, SessionBot, setup_sessions
from tgslices.testing import BotApi, Chat


@pytest.fixture
def group(stage: FedBot) -> Chat:
    return stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account], is_forum=True)


async def kinds(session: Session) -> list[ContentType | None]:
    return [entry.kind for entry in await session.messages()]


async def test_pin_title_topic_and_ban_leave_their_notices_in_the_block(stage: FedBot, group: Chat) -> None:
    bot, chat_id = stage.bot, group.id
    async with bot.sessions.get(chat_id, stage.ann.id) as session:
        menu = await bot.send_message(chat_id, "menu")
        await bot.pin_chat_message(chat_id, menu.message_id)
        await bot.set_chat_title(chat_id, "Garden club")
        await bot.create_forum_topic(chat_id, "Tomatoes")
        await bot.ban_chat_member(chat_id, stage.ann.id)
    await stage.settled()
    assert await kinds(session) == [
        ContentType.TEXT,
        ContentType.PINNED_MESSAGE,
        ContentType.NEW_CHAT_TITLE,
        ContentType.FORUM_TOPIC_CREATED,
        ContentType.LEFT_CHAT_MEMBER,
    ]


async def test_a_notice_outside_of_blocks_is_in_no_session_of_a_person(stage: FedBot, group: Chat) -> None:
    session = await stage.bot.sessions.get(group.id, stage.ann.id).open()
    await stage.bot.set_chat_title(group.id, "Garden club")
    await stage.settled()
    assert await kinds(session) == []


async def test_a_call_that_failed_waits_for_no_notice(stage: FedBot, group: Chat) -> None:
    async with stage.bot.sessions.get(group.id, stage.ann.id) as session:
        with pytest.raises(TelegramBadRequest):
            await stage.bot.pin_chat_message(group.id, 4711)
    menu = await stage.bot.send_message(group.id, "menu")
    await stage.bot.pin_chat_message(group.id, menu.message_id)
    await stage.settled()
    assert await kinds(session) == []


async def test_each_notice_belongs_to_the_block_of_its_own_call(stage: FedBot, group: Chat) -> None:
    sessions = [stage.bot.sessions.get(group.id, stage.ann.id, qualifier=name) for name in ("first", "second")]
    for number, session in enumerate(sessions):
        async with session:
            await stage.bot.set_chat_title(group.id, f"Title {number}")
    await stage.settled()
    assert [await kinds(session) for session in sessions] == [[ContentType.NEW_CHAT_TITLE]] * 2


async def test_a_notice_is_waited_for_a_minute(api: BotApi) -> None:
    account, ann, now = api.add_bot("order_bot"), api.add_person("Ann"), [datetime.now(UTC)]
    group = api.add_supergroup("Group", members=[ann], admins=[account])
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher := Dispatcher(), bot, clock=lambda: now[0])
        async with bot.sessions.get(group.id, ann.id) as session:
            await bot.set_chat_title(group.id, "Garden club")
        now[0] += timedelta(seconds=61)
        for update in await bot.get_updates():
            await dispatcher.feed_update(bot, update)
        assert await kinds(session) == []


async def test_a_notice_that_never_came_keeps_no_bot_busy(api: BotApi) -> None:
    account, ann, now = api.add_bot("order_bot"), api.add_person("Ann"), [datetime.now(UTC)]
    group = api.add_supergroup("Group", members=[ann], admins=[account])
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, clock=lambda: now[0])
        async with bot.sessions.get(group.id, ann.id) as session:
            await bot.set_chat_title(group.id, "Garden club")
        await session.close()
        assert not bot.sessions.is_idle()
        now[0] += timedelta(seconds=61)
        assert bot.sessions.is_idle()


async def test_the_notice_of_a_session_that_was_closed_opens_nothing(stage: FedBot, group: Chat) -> None:
    async with stage.bot.sessions.get(group.id, stage.ann.id) as session:
        await stage.bot.set_chat_title(group.id, "Garden club")
        await session.close()
    await stage.settled()
    assert await kinds(session) == []
