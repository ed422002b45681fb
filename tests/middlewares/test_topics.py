"""Topics, as sessions keep them apart: General, those of private chats, and those of a channel's direct messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot, Dispatcher, F, types
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tests.needs import needs
from tests.promises.fed_bot import FedBot
from tgslices import GENERAL_TOPIC, CannotSendThere, SessionBot, SessionKeyStrategy, setup_sessions
from tgslices.testing import BotAccount, BotApi, ChatView, Person

MENU = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Small", callback_data="small")]])


async def feed(dispatcher: Dispatcher, bot: Bot) -> None:
    """Hand every waiting update to the dispatcher, one after the other."""
    while updates := await bot.get_updates():
        await bot.get_updates(offset=updates[-1].update_id + 1)
        for update in updates:
            await dispatcher.feed_update(bot, update)


class Forum:
    """A forum with two topics, a bot whose sessions are those of a topic, and two people."""

    def __init__(self, api: BotApi, account: BotAccount, bot: SessionBot, strategy: SessionKeyStrategy) -> None:
        self.ann, self.ben = api.add_person("Ann"), api.add_person("Ben")
        self.chat = api.add_supergroup("Forum", members=[self.ann, self.ben], admins=[account], is_forum=True)
        self.garden = api.add_topic(self.chat, "Garden", by=self.ann)
        self.view: ChatView = self.ann.view(self.chat)
        self.bot, self.dispatcher = bot, Dispatcher()
        setup_sessions(self.dispatcher, bot, key_strategy=strategy)

    async def feed(self) -> None:
        await feed(self.dispatcher, self.bot)


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[SessionBot]:
    async with SessionBot(api.add_bot("shop_bot").token, session=api.client_session()) as bot:
        yield bot


def account_of(api: BotApi, bot: SessionBot) -> BotAccount:
    return next(account for account in api.world.bots.values() if account.id == bot.id)


@pytest.fixture(params=[SessionKeyStrategy.CHAT_TOPIC, SessionKeyStrategy.CHAT_USER_TOPIC], ids=lambda s: s.name)
async def forum(request: pytest.FixtureRequest, api: BotApi, bot: SessionBot) -> Forum:
    return Forum(api, account_of(api, bot), bot, request.param)


async def test_a_block_in_general_records_what_is_answered_there(forum: Forum) -> None:
    @forum.dispatcher.message(F.text == "/order")
    async def start(message: Message) -> None:
        session = forum.bot.sessions.of(message)
        assert session is not None
        assert session.key.thread_id == GENERAL_TOPIC
        async with session:
            await message.answer("What would you like?")
            await forum.bot.send_message(forum.chat.id, "Elsewhere", message_thread_id=forum.garden.thread_id)
        await session.send_message("And to drink?")
        await session.clear()

    await forum.view.types("/order")
    await forum.feed()
    assert forum.view.texts()[-2:] == ["/order", "Elsewhere"]


async def test_what_is_replied_in_general_stays_in_general(forum: Forum) -> None:
    general = forum.bot.sessions.get(forum.chat.id, thread_id=GENERAL_TOPIC)
    first = await forum.view.types("one")
    await forum.view.types("two", reply_to=first)
    await forum.view.types("three", topic=forum.garden)
    await forum.feed()
    assert [entry.thread_id for entry in await general.messages()] == [GENERAL_TOPIC] * 2


async def test_a_tap_belongs_to_the_topic_of_its_message(forum: Forum) -> None:
    topics: list[int | None] = []

    @forum.dispatcher.callback_query()
    async def tapped(tap: CallbackQuery) -> None:
        session = forum.bot.sessions.of(tap)
        topics.append(None if session is None else session.key.thread_id)

    for topic, thread_id in ((None, None), (forum.garden, forum.garden.thread_id)):
        sent = await forum.bot.send_message(forum.chat.id, "Size?", message_thread_id=thread_id, reply_markup=MENU)
        await forum.view.taps("Small")
        await forum.feed()
        await forum.bot.delete_message(forum.chat.id, sent.message_id)
        assert topic is None or topics[-1] == topic.thread_id
    assert topics == [GENERAL_TOPIC, forum.garden.thread_id]


async def test_a_tap_that_does_not_tell_its_topic_finds_no_session_of_one(forum: Forum) -> None:
    """It may be any topic's, and the session of every topic would collect, and wipe, what is none of its business."""
    found: list[Any] = []

    @forum.dispatcher.callback_query()
    async def tapped(tap: CallbackQuery) -> None:
        found.append(forum.bot.sessions.of(tap))

    await forum.bot.send_message(forum.chat.id, "Size?", message_thread_id=forum.garden.thread_id, reply_markup=MENU)
    await forum.view.taps("Small", is_accessible=False)
    await forum.feed()
    assert found == [None]
    assert forum.bot.sessions.is_idle()


class Direct:
    """The direct messages of a channel, with a bot that answers them, and two people who write."""

    def __init__(self, api: BotApi, account: BotAccount, bot: SessionBot, strategy: SessionKeyStrategy) -> None:
        self.ann, self.ben, boss = (api.add_person(name) for name in ("Ann", "Ben", "Boss"))
        channel = api.add_channel("Shop", members=[self.ann, self.ben], admins=[boss, account])
        self.chat = api.add_direct_messages(channel)
        self.bot, self.dispatcher = bot, Dispatcher()
        setup_sessions(self.dispatcher, bot, key_strategy=strategy)

    def view(self, person: Person) -> ChatView:
        return person.view(self.chat)

    async def says(self, person: Person, text: str) -> None:
        await self.view(person).types(text)
        await feed(self.dispatcher, self.bot)


@pytest.fixture(params=list(SessionKeyStrategy), ids=lambda strategy: strategy.name)
async def direct(request: pytest.FixtureRequest, api: BotApi, bot: SessionBot) -> Direct:
    return Direct(api, account_of(api, bot), bot, request.param)


@needs(types, "DirectMessagesTopic")
async def test_answers_go_to_who_wrote_whatever_the_key_says(api: BotApi, direct: Direct) -> None:
    @direct.dispatcher.message()
    async def handle(message: Message) -> None:
        session = direct.bot.sessions.of(message)
        assert session is not None
        await session.send_message(f"You said {message.text}")
        await session.send_photo(types.BufferedInputFile(b"photo", "photo.jpg"), caption="This one?")
        await session.copy_message(message.chat.id, message.message_id)

    await direct.says(direct.ann, "hi")
    await direct.says(direct.ben, "hello")
    for person, text in ((direct.ann, "hi"), (direct.ben, "hello")):
        assert direct.view(person).texts() == [text, f"You said {text}", "This one?", text]
    refused = [request for request in api.requests if request.method == "sendMessage"]
    assert len(refused) == 2, "nothing was sent to nobody first"


@needs(types, "DirectMessagesTopic")
async def test_the_session_of_one_topic_is_not_that_of_another(api: BotApi, bot: SessionBot) -> None:
    direct = Direct(api, account_of(api, bot), bot, SessionKeyStrategy.CHAT_TOPIC)

    @direct.dispatcher.message(F.text == "/order")
    async def start(message: Message) -> None:
        session = bot.sessions.of(message)
        assert session is not None
        assert session.key.thread_id == direct.ann.id
        await session.send_message("What would you like?")

    await direct.says(direct.ann, "/order")
    await direct.says(direct.ann, "a pizza")
    await direct.says(direct.ben, "tomatoes")
    await bot.sessions.get(direct.chat.id, thread_id=direct.ann.id).clear()
    assert direct.view(direct.ann).texts() == ["/order"]
    assert direct.view(direct.ben).texts() == ["tomatoes"]


@needs(types, "DirectMessagesTopic")
async def test_a_block_of_one_writer_takes_nothing_that_is_said_to_another(api: BotApi, bot: SessionBot) -> None:
    """Their key names no topic, but each has one, as a chat of their own."""
    direct = Direct(api, account_of(api, bot), bot, SessionKeyStrategy.CHAT_USER)

    @direct.dispatcher.message(F.text == "/order")
    async def start(message: Message) -> None:
        session = bot.sessions.of(message)
        assert session is not None
        async with session:
            await message.answer("What would you like?", direct_messages_topic_id=direct.ann.id)
            await bot.send_message(direct.chat.id, "Ann orders", direct_messages_topic_id=direct.ben.id)
        await session.clear()

    await direct.says(direct.ben, "hello")
    await direct.says(direct.ann, "/order")
    assert direct.view(direct.ann).texts() == ["/order"]
    assert direct.view(direct.ben).texts() == ["hello", "Ann orders"]


@needs(types, "DirectMessagesTopic")
@pytest.mark.parametrize("by", ["user", "topic", "both"])
@pytest.mark.parametrize("chat", ["number", "chat"])
async def test_a_session_by_hand_learns_that_its_chat_needs_a_topic(
    api: BotApi, bot: SessionBot, by: str, chat: str
) -> None:
    """A scheduler knows numbers. That the first try is refused tells the rest, and nothing was sent by it."""
    direct = Direct(api, account_of(api, bot), bot, SessionKeyStrategy.CHAT_USER)
    await direct.says(direct.ann, "hi")
    user = None if by == "topic" else direct.ann.id
    thread_id = None if by == "user" else direct.ann.id
    where: Any = direct.chat.id if chat == "number" else await bot.get_chat(direct.chat.id)
    session = bot.sessions.get(where, user, thread_id=thread_id)
    await session.send_message("Still there?")
    await session.send_message("Hello?")
    assert direct.view(direct.ann).texts() == ["hi", "Still there?", "Hello?"]
    assert api.count("sendMessage") == (3 if chat == "number" else 2)
    assert {entry.thread_id for entry in await session.messages()} == {direct.ann.id}


@needs(types, "DirectMessagesTopic")
async def test_a_session_of_nobody_cannot_write_to_a_channels_direct_messages(api: BotApi, bot: SessionBot) -> None:
    direct = Direct(api, account_of(api, bot), bot, SessionKeyStrategy.CHAT_USER)
    with pytest.raises(TelegramBadRequest, match="topic must be specified"):
        await bot.sessions.get(direct.chat.id).send_message("Hello?")
    assert api.count("sendMessage") == 1


@needs(types, "EphemeralMessageParameters")
@pytest.mark.parametrize("how", ["model", "dict", "parameter"])
async def test_a_session_does_not_answer_a_tap_in_another_chat(stage: FedBot, how: str) -> None:
    """The answer would go where the tap came from, and be recorded as said in the session's own chat."""
    group = {"id": -1_000_000_000_777, "type": "supergroup", "title": "Team"}
    refused: list[CannotSendThere] = []
    stage.answers("sendMessage", stage.message(70, chat=group))

    @stage.dispatcher.callback_query()
    async def tapped(tap: CallbackQuery) -> None:
        arguments: dict[str, Any] = {"ephemeral_message_parameters": {"callback_query_id": tap.id}}
        if how == "model":
            parameters = types.EphemeralMessageParameters(receiver_user_id=1, callback_query_id=tap.id)
            arguments = {"ephemeral_message_parameters": parameters}
        elif how == "parameter":
            arguments = {"callback_query_id": tap.id}
        with pytest.raises(CannotSendThere) as caught:
            await stage.session().send_message("psst", **arguments)
        refused.append(caught.value)
        await stage.session().send_message("Hello")  # says nothing of the tap
        here = stage.bot.sessions.of(tap)
        assert here is not None
        if how != "dict":
            await here.send_message("psst", **arguments)

    event = {"id": "77", "from": stage.ann.json(), "chat_instance": "1", "data": "x"}
    event["message"] = stage.message(5, chat=group)
    await stage.dispatcher.feed_update(stage.bot, stage.update("callback_query", event))
    assert [(error.method, error.tapped_in) for error in refused] == [("send_message", group["id"])]
