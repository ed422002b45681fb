"""Reply keyboards: for one time, for some, and taken away."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.types import KeyboardButton, ReplyKeyboardMarkup, ReplyKeyboardRemove, ReplyParameters

from tgslices.testing import BotAccount, BotApi, ChatView
from tgslices.testing.rules.keyboards import Markup, shown_keyboard

TEA: dict[str, Any] = {"keyboard": [["Tea"]]}
MILK: dict[str, Any] = {"keyboard": [["Milk"]]}
GONE: dict[str, Any] = {"remove_keyboard": True}
ONCE, SELECTIVE = {"one_time_keyboard": True}, {"selective": True}


@pytest.mark.parametrize(
    ("markups", "shown"),
    [
        ([], []),
        ([Markup(TEA), Markup(MILK)], [["Tea"]]),
        ([Markup({"force_reply": True}), Markup(MILK)], [["Milk"]]),
        ([Markup(GONE), Markup(MILK)], []),
        ([Markup(TEA, is_used=True)], [["Tea"]]),
        ([Markup(TEA | ONCE)], [["Tea"]]),
        ([Markup(TEA | ONCE, is_used=True), Markup(MILK)], []),
        ([Markup(TEA | SELECTIVE), Markup(MILK)], [["Tea"]]),
        ([Markup(TEA | SELECTIVE, is_addressed=False), Markup(MILK)], [["Milk"]]),
        ([Markup(GONE | SELECTIVE, is_addressed=False), Markup(MILK)], [["Milk"]]),
        ([Markup(GONE | SELECTIVE), Markup(MILK)], []),
    ],
)
def test_which_keyboard_is_shown(markups: list[Markup], shown: list[list[str]]) -> None:
    """DOC, ReplyKeyboardMarkup: "hide the keyboard as soon as it's been used", "to specific users only"."""
    markup = shown_keyboard(markups)
    assert (markup.fields["keyboard"] if markup else []) == shown


def keyboard(**manners: bool) -> ReplyKeyboardMarkup:
    return ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Tea")]], **manners)  # type: ignore[arg-type]


async def test_a_keyboard_for_one_time_hides_once_it_was_pressed(bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "What?", reply_markup=keyboard(one_time_keyboard=True))
    await chat.types("hm")
    assert chat.keyboard() == [["Tea"]]
    await chat.presses("Tea")
    assert chat.keyboard() == []
    with pytest.raises(AssertionError, match=r"^no button 'Tea' in the reply keyboard \[\]"):
        await chat.presses("Tea")
    await bot.send_message(chat.id, "What else?", reply_markup=keyboard())
    await chat.presses("Tea")
    assert chat.keyboard() == [["Tea"]]


async def test_a_selective_keyboard_is_for_those_whom_its_message_addresses(
    api: BotApi, bot: Bot, account: BotAccount
) -> None:
    ann, bob, eve = api.add_person("Ann", username="ann"), api.add_person("Bob"), api.add_person("Eve", username="ann2")
    team = api.add_supergroup("Team", members=[ann, bob, eve, account])
    views = [person.view(team) for person in (ann, bob, eve)]
    hers = await views[2].types("me?")
    mention = f'@Ann and <a href="tg://user?id={bob.id}">Bob</a>'

    def shown() -> list[bool]:
        return [bool(view.keyboard()) for view in views]

    await bot.send_message(team.id, mention, parse_mode="HTML", reply_markup=keyboard(selective=True))
    assert shown() == [True, True, False]
    reply = ReplyParameters(message_id=hers.message_id)
    remove = ReplyKeyboardRemove(remove_keyboard=True, selective=True)
    await bot.send_message(team.id, "you", reply_parameters=reply, reply_markup=keyboard(selective=True))
    assert shown() == [True, True, True]
    await bot.send_message(team.id, "@ann", reply_markup=remove)
    assert shown() == [False, True, True]


async def test_in_a_private_chat_everything_is_for_her(bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "What?", reply_markup=keyboard(selective=True))
    assert chat.keyboard() == [["Tea"]]
