"""Notices that a call inside a block causes belong to the block's session when Telegram reports them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiogram import Dispatcher
from aiogram.exceptions import TelegramBadRequest, TelegramNetworkError

from tests.promises.fed_bot import FedBot
from tgslices import Session, SessionBot, setup_sessions
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.testing import BotApi, Chat, Drop


@pytest.fixture
def group(stage: FedBot) -> Chat:
    return stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account], is_forum=True)


async def kinds(session: Session) -> list[MessageKind | None]:
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
        MessageKind.TEXT,
        MessageKind.PINNED_MESSAGE,
        MessageKind.NEW_CHAT_TITLE,
        MessageKind.FORUM_TOPIC_CREATED,
        MessageKind.LEFT_CHAT_MEMBER,
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
    assert [await kinds(session) for session in sessions] == [[MessageKind.NEW_CHAT_TITLE]] * 2


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


async def test_a_call_that_left_no_notice_gives_its_block_no_other_one(stage: FedBot, group: Chat) -> None:
    """What is pinned already is pinned without a notice here, as with Telegram's server."""
    stage.answers("pinChatMessage", True)
    stage.answers("banChatMember", True)
    stage.answers("createForumTopic", {"message_thread_id": 77, "name": "Tomatoes", "icon_color": 7322096})
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    async with session:
        await stage.bot.pin_chat_message(group.id, 5)
        await stage.bot.ban_chat_member(group.id, stage.ann.id)
        await stage.bot.create_forum_topic(group.id, "Tomatoes")
        await stage.bot.set_chat_title(group.id, "Garden club")
    await stage.settled()
    place = {"chat": group.json(), "from": stage.account.json(), "text": None}
    pinned = stage.message(6, **place)
    others: list[dict[str, object]] = [
        {"pinned_message": pinned},
        {"left_chat_member": {"id": 4711, "is_bot": False, "first_name": "Ben"}},
        {"forum_topic_created": {"name": "Potatoes", "icon_color": 7322096}},
        {"new_chat_title": "Garden party"},
    ]
    for number, notice in enumerate(others, 100):
        await stage.delivers("message", stage.message(number, **place, **notice))
    assert await kinds(session) == [MessageKind.NEW_CHAT_TITLE]


async def test_the_notice_of_a_topic_belongs_to_the_block_that_changed_this_topic(stage: FedBot, group: Chat) -> None:
    topics = [await stage.bot.create_forum_topic(group.id, name) for name in ("Tomatoes", "Potatoes")]
    tomatoes, potatoes = (topic.message_thread_id for topic in topics)
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    await stage.bot.close_forum_topic(group.id, potatoes)
    async with session:
        await stage.bot.close_forum_topic(group.id, tomatoes)
    await stage.settled()
    assert [(entry.kind, entry.thread_id) for entry in await session.messages()] == [
        (MessageKind.FORUM_TOPIC_CLOSED, tomatoes)
    ]


async def test_a_title_that_the_server_tidies_up_is_known_again(stage: FedBot, group: Chat) -> None:
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    stage.answers("setChatTitle", True)
    async with session:
        await stage.bot.set_chat_title(group.id, "  Garden   club " + "!" * 200)
    place = {"chat": group.json(), "from": stage.account.json(), "text": None}
    await stage.delivers("message", stage.message(100, **place, new_chat_title="Garden club " + "!" * 50))
    assert await kinds(session) == [MessageKind.NEW_CHAT_TITLE]


async def test_a_late_notice_is_not_in_the_session_that_came_after_its_own(stage: FedBot, group: Chat) -> None:
    stage.answers("setChatTitle", True)
    async with stage.bot.sessions.get(group.id, stage.ann.id) as session:
        await stage.bot.set_chat_title(group.id, "Garden club")
    await session.close()
    await session.open()
    place = {"chat": group.json(), "from": stage.account.json(), "text": None}
    await stage.delivers("message", stage.message(100, **place, new_chat_title="Garden club"))
    assert await kinds(session) == []


@pytest.mark.parametrize("named", ["@gardeners", "number"])
async def test_a_chat_may_be_named_in_any_way(stage: FedBot, named: str) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account], username="gardeners")
    chat_id = str(group.id) if named == "number" else named
    async with stage.bot.sessions.get(group.id, stage.ann.id) as session:
        menu = await stage.bot.send_message(chat_id, "menu")
        await stage.bot.pin_chat_message(chat_id, menu.message_id)
    await stage.settled()
    assert await kinds(session) == [MessageKind.TEXT, MessageKind.PINNED_MESSAGE]


async def test_a_chat_that_nobody_knows_is_refused_as_without_a_session(stage: FedBot) -> None:
    async with stage.session():
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await stage.bot.pin_chat_message("@nobody_has_this", 1)


async def test_a_call_whose_answer_was_lost_has_a_notice_all_the_same(stage: FedBot, group: Chat) -> None:
    async with stage.bot.sessions.get(group.id, stage.ann.id) as session:
        menu = await stage.bot.send_message(group.id, "menu")
        stage.api.faults.add(Drop(after_work=True), method="pinChatMessage")
        with pytest.raises(TelegramNetworkError):
            await stage.bot.pin_chat_message(group.id, menu.message_id)
    await stage.settled()
    assert await kinds(session) == [MessageKind.TEXT, MessageKind.PINNED_MESSAGE]
