"""Sending and editing text, and the texts of what is refused."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageCaption,
    EditMessageReplyMarkup,
    EditMessageText,
    SendMessage,
    TelegramMethod,
)
from aiogram.types import (
    ForceReply,
    InaccessibleMessage,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyParameters,
)

from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, NotAllowed, Person

BUTTONS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="A", callback_data="a")]])


async def test_a_message_comes_back_as_it_is_shown(api: BotApi, bot: Bot, chat: ChatView, ann: Person) -> None:
    api.clock.freeze()
    await chat.types("/start now")
    sent = await bot.send_message(
        ann.id, " hello ", reply_markup=BUTTONS, reply_parameters=ReplyParameters(message_id=1)
    )
    assert (sent.message_id, sent.text, sent.date) == (2, "hello", api.clock.now())
    assert sent.from_user is not None
    assert (sent.from_user.id, sent.chat.id, sent.chat.type) == (bot.id, ann.id, "private")
    assert sent.reply_markup is not None
    assert sent.reply_markup.model_dump() == BUTTONS.model_dump()
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/start now"
    assert chat.texts() == ["/start now", "hello"]


@pytest.mark.parametrize(
    ("method", "text"),
    [
        (SendMessage(chat_id=1001, text=""), "Bad Request: message text is empty"),
        (SendMessage(chat_id=1001, text=" "), "Bad Request: text must be non-empty"),
        (SendMessage(chat_id=1001, text="x" * 4097), "Bad Request: message is too long"),
        (SendMessage(chat_id=1001, text="😀" * 4097), "Bad Request: message is too long"),
        (SendMessage(chat_id=5, text="x"), "Bad Request: chat not found"),
        (SendMessage(chat_id="nobody", text="x"), "Bad Request: chat not found"),
        (SendMessage(chat_id="@nobody", text="x"), "Bad Request: chat not found"),
        (SendMessage(chat_id="", text="x"), "Bad Request: chat_id is empty"),
        (
            SendMessage(chat_id=1001, text="x", reply_parameters=ReplyParameters(message_id=9)),
            "Bad Request: message to be replied not found",
        ),
        (
            SendMessage(
                chat_id=1001,
                text="x",
                reply_markup=InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="A")]]),
            ),
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            SendMessage(
                chat_id=1001,
                text="x",
                reply_markup=InlineKeyboardMarkup(
                    inline_keyboard=[[InlineKeyboardButton(text="A", callback_data="x" * 65)]]
                ),
            ),
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (EditMessageText(chat_id=1001, message_id=9, text="x"), "Bad Request: message to edit not found"),
        (EditMessageText(chat_id=1001, message_id=1, text="x"), "Bad Request: message can't be edited"),
        (EditMessageText(text="x"), "Bad Request: message identifier is not specified"),
        (EditMessageCaption(chat_id=1001, message_id=2), "Bad Request: there is no caption in the message to edit"),
        (
            AnswerCallbackQuery(callback_query_id="7"),
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        ),
    ],
)
async def test_refusals(bot: Bot, chat: ChatView, method: TelegramMethod[Any], text: str) -> None:
    await chat.types("hers")
    await bot.send_message(chat.id, "its own")
    assert chat.id == 1001
    assert await refusal(bot, method) == text
    assert chat.texts() == ["hers", "its own"]


async def test_edits_change_text_and_buttons(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_message(chat.id, "one", reply_markup=BUTTONS)
    edited = await bot.edit_message_text("two", chat_id=chat.id, message_id=sent.message_id)
    assert not isinstance(edited, bool)
    assert (edited.text, edited.reply_markup) == ("two", None)
    assert edited.edit_date is not None
    same = EditMessageText(chat_id=chat.id, message_id=sent.message_id, text="two")
    assert await refusal(bot, same) == (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    await bot.edit_message_reply_markup(chat_id=chat.id, message_id=sent.message_id, reply_markup=BUTTONS)
    assert chat.visible()[0].buttons == (("A",),)
    without = EditMessageReplyMarkup(chat_id=chat.id, message_id=sent.message_id)
    await bot(without)
    assert chat.visible()[0].buttons == ()
    assert "message is not modified" in await refusal(bot, without)


async def test_messages_with_a_reply_keyboard_cannot_be_edited(bot: Bot, chat: ChatView) -> None:
    """`m->reply_markup->type != InlineKeyboard -> false`, MessagesManager.cpp:23060."""
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Yes"), KeyboardButton(text="No")]])
    for markup in (keyboard, ForceReply(force_reply=True)):
        sent = await bot.send_message(chat.id, "sure?", reply_markup=markup)
        edit = EditMessageText(chat_id=chat.id, message_id=sent.message_id, text="x")
        assert await refusal(bot, edit) == "Bad Request: message can't be edited"


async def test_a_reply_keyboard_is_pressed(bot: Bot, chat: ChatView) -> None:
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Yes"), KeyboardButton(text="No")]])
    await bot.send_message(chat.id, "sure?", reply_markup=keyboard)
    assert chat.keyboard() == [["Yes", "No"]]
    await chat.presses("Yes")
    assert chat.texts() == ["sure?", "Yes"]
    with pytest.raises(AssertionError, match="no button 'Maybe'"):
        await chat.presses("Maybe")


async def test_a_tap_on_a_message_that_telegram_forgot(bot: Bot, chat: ChatView) -> None:
    """`InaccessibleMessage`: date 0, identifier and chat only."""
    sent = await bot.send_message(chat.id, "?", reply_markup=BUTTONS)
    await chat.taps("A", is_accessible=False)
    [update] = await bot.get_updates()
    assert update.callback_query is not None
    assert isinstance(update.callback_query.message, InaccessibleMessage)
    assert update.callback_query.message.message_id == sent.message_id


async def test_her_edits_and_commands_reach_the_bot(bot: Bot, chat: ChatView, ann: Person) -> None:
    message = await chat.types("so 😀 /go@order_bot on")
    await chat.edits(message, "gone")
    first, second = await bot.get_updates()
    assert first.message is not None
    assert first.message.entities is not None
    assert first.message.entities[0].extract_from(first.message.text or "") == "/go@order_bot"
    assert second.edited_message is not None
    assert second.edited_message.text == "gone"
    sent = await bot.send_message(chat.id, "mine")
    with pytest.raises(NotAllowed) as caught:
        await chat.edits(chat.visible()[-1], "hers")
    assert caught.value.reason == "Ann may not edit this message in 'order_bot', because it is somebody else's."
    assert sent.text == chat.texts()[-1]


async def test_an_update_is_a_snapshot(bot: Bot, chat: ChatView) -> None:
    message = await chat.types("before")
    await chat.edits(message, "after")
    updates = await bot.get_updates()
    assert updates[0].message is not None
    assert updates[0].message.text == "before"


async def test_getting_to_know_bot_and_chat(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, chat: ChatView
) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (account.id, "order_bot", True)
    full = await bot.get_chat(ann.id)
    assert (full.id, full.type, full.first_name) == (ann.id, "private", "Ann")
    await bot.send_chat_action(ann.id, "typing")


async def test_the_log_tells_what_was_asked_and_answered(api: BotApi, bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "42", reply_markup=BUTTONS)
    await refusal(bot, SendMessage(chat_id=5, text="x"))
    done, failed = api.requests
    assert (done.bot_id, done.method, done.status, done.ok) == (bot.id, "sendMessage", 200, True)
    assert done.arguments["chat_id"] == chat.id
    assert done.arguments["text"] == "42"
    assert done.arguments["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "a"
    assert (failed.status, failed.ok, failed.description) == (400, False, "Bad Request: chat not found")
    assert api.count("sendMessage") == 2
