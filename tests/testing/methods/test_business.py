"""Business connections: messages of other people's private chats."""

from datetime import timedelta

import pytest
from aiogram import Bot
from aiogram.methods import DeleteBusinessMessages, EditMessageText, SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person


@pytest.fixture
def shop(api: BotApi) -> Person:
    return api.add_person("Shop")


@pytest.fixture
def connection(api: BotApi, shop: Person, account: BotAccount) -> str:
    return api.connect_business(shop, account)


@pytest.fixture
def talk(ann: Person, shop: Person, connection: str) -> ChatView:
    """Ann's chat with the shop, as Ann sees it."""
    return ann.business_chat(shop)


async def test_the_bot_hears_of_its_connection(api: BotApi, bot: Bot, shop: Person, connection: str) -> None:
    api.disconnect_business(connection)
    made, ended = [update.business_connection for update in await bot.get_updates()]
    assert made is not None
    assert ended is not None
    assert (made.id, made.user.id, made.is_enabled, ended.is_enabled) == (connection, shop.id, True, False)
    assert made.rights is not None
    assert made.rights.can_delete_all_messages
    assert not (await bot.get_business_connection(connection)).is_enabled


async def test_both_sides_and_the_bots_own_words_arrive(
    bot: Bot, ann: Person, shop: Person, talk: ChatView, connection: str
) -> None:
    """The chat's number is the customer's, and what the bot sends is echoed with sender_business_bot."""
    await talk.types("open today?")
    await shop.customer_chat(ann).types("yes")
    sent = await bot.send_message(ann.id, "until six", business_connection_id=connection)
    assert sent.sender_business_bot is not None
    assert (sent.sender_business_bot.id, sent.business_connection_id) == (bot.id, connection)
    updates = [update.business_message for update in await bot.get_updates(allowed_updates=["business_message"])]
    messages = [message for message in updates if message is not None]
    assert [message.text for message in messages] == ["open today?", "yes", "until six"]
    assert [message.from_user and message.from_user.id for message in messages] == [ann.id, shop.id, shop.id]
    assert {message.chat.id for message in messages} == {ann.id}
    assert {message.business_connection_id for message in messages} == {connection}
    assert [bool(message.sender_business_bot) for message in messages] == [False, False, True]
    assert talk.texts() == ["open today?", "yes", "until six"]


async def test_the_private_chat_of_the_same_number_is_another_chat(
    bot: Bot, account: BotAccount, ann: Person, talk: ChatView, connection: str
) -> None:
    """DOC: "independent from any potential bot chat which might share the same identifier"."""
    private = ann.private_chat(account)
    hers, other = await private.types("to the bot"), await talk.types("to the shop")
    assert private.id == talk.id
    assert hers.message_id == other.message_id == 1
    assert await bot.delete_messages(ann.id, [1])
    assert (private.texts(), talk.texts()) == ([], ["to the shop"])
    assert await bot.delete_business_messages(connection, [1])
    assert talk.texts() == []


async def test_deletions_are_reported(api: BotApi, bot: Bot, talk: ChatView, connection: str, ann: Person) -> None:
    messages = [await talk.types(text) for text in "abc"]
    api.clock.move(timedelta(days=30))
    await talk.deletes(*messages[:2])
    assert await bot.delete_business_messages(connection, [messages[2].message_id, 999])
    reports = [update.deleted_business_messages for update in await bot.get_updates()]
    found = [report for report in reports if report is not None]
    assert [report.message_ids for report in found] == [[1, 2], [3]]
    assert {(report.business_connection_id, report.chat.id) for report in found} == {(connection, ann.id)}
    assert await bot.delete_business_messages(connection, [1, 2, 3])


async def test_deleting_takes_rights_and_one_chat(
    api: BotApi, bot: Bot, account: BotAccount, shop: Person, ann: Person
) -> None:
    connection = api.connect_business(shop, account, can_reply=True, can_delete_sent_messages=True)
    bob = api.add_person("Bob").business_chat(shop)
    hers = await ann.business_chat(shop).types("hers")
    own = await bot.send_message(ann.id, "its own", business_connection_id=connection)
    own_too = await bot.send_message(bob.id, "its own", business_connection_id=connection)

    def delete(*ids: int) -> DeleteBusinessMessages:
        return DeleteBusinessMessages(business_connection_id=connection, message_ids=list(ids))

    assert await refusal(bot, delete(hers.message_id, own.message_id)) == "Bad Request: BOT_ACCESS_FORBIDDEN"
    assert await refusal(bot, delete(own.message_id, own_too.message_id)) == "Bad Request: MESSAGE_ID_INVALID"
    assert await bot(delete(own.message_id))
    assert await bot(delete())
    assert await refusal(bot, delete(0)) == "Bad Request: invalid message identifier specified"
    wrong = DeleteBusinessMessages(business_connection_id="nonsense", message_ids=[1])
    assert await refusal(bot, wrong) == "Bad Request: business connection not found"


async def test_sending_is_refused(api: BotApi, bot: Bot, account: BotAccount, shop: Person, ann: Person) -> None:
    silent = api.connect_business(shop, account, can_read_messages=True)
    ann.business_chat(shop)

    def send(connection: str, chat_id: int | str) -> SendMessage:
        return SendMessage(business_connection_id=connection, chat_id=chat_id, text="x")

    assert await refusal(bot, send("nonsense", ann.id)) == "Bad Request: business connection not found"
    assert await refusal(bot, send(silent, ann.id)) == "Bad Request: BUSINESS_PEER_INVALID"
    assert await refusal(bot, send(silent, shop.id)) == "Bad Request: messages must not be sent to self"
    assert await refusal(bot, send(silent, -5)) == "Bad Request: chat must be a private chat"
    assert await refusal(bot, send(silent, "@ann")) == "Bad Request: chat identifier must be a valid Integer"


async def test_edits_and_buttons_work_there_too(bot: Bot, ann: Person, talk: ChatView, connection: str) -> None:
    markup = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="A", callback_data="a")]])
    sent = await bot.send_message(ann.id, "?", business_connection_id=connection, reply_markup=markup)
    await talk.taps("A")
    updates = await bot.get_updates(allowed_updates=["callback_query"])
    query = updates[-1].callback_query
    assert query is not None
    assert query.message is not None
    assert getattr(query.message, "business_connection_id", None) == connection
    await bot.edit_message_text("!", business_connection_id=connection, chat_id=ann.id, message_id=sent.message_id)
    assert talk.texts() == ["!"]
    hers = await talk.types("hers")
    method = EditMessageText(business_connection_id=connection, chat_id=ann.id, message_id=hers.message_id, text="x")
    assert await refusal(bot, method) == "Bad Request: message can't be edited"
