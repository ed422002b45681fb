"""Whose number a bot has, and the token that a test chooses for it."""

from __future__ import annotations

import re

import pytest
from aiogram import Bot
from aiogram.utils.token import validate_token

from tgslices.testing import BotApi
from tgslices.testing.state.tokens import MAX_USER_ID, bot_id_in

NO_TOKEN = "this is no token: write it like 42:secret, a number, a colon, and letters, digits, _ or -"


async def test_a_bot_may_have_the_token_that_its_author_configured(api: BotApi) -> None:
    account = api.add_bot("order_bot", token="42:my-secret")
    assert (account.id, account.token) == (42, "42:my-secret")
    async with Bot("42:my-secret", session=api.client_session()) as bot:
        assert (await bot.get_me()).id == 42


@pytest.mark.parametrize("token", ["", "42", "42:", ":secret", "042:secret", "x:y", "42:se cret", f"{2**40}:secret"])
def test_what_is_no_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(NO_TOKEN)}$"):
        bot_id_in(token)


def test_a_number_is_given_once(api: BotApi) -> None:
    api.add_bot("order_bot", token="42:secret")
    with pytest.raises(ValueError, match=r"^the number 42 in this token is taken by 'order_bot'$"):
        api.add_bot("other_bot", token="42:other")


def test_a_person_never_gets_the_number_of_a_bot(api: BotApi) -> None:
    account = api.add_bot("order_bot", token="1001:secret")
    assert api.add_person("Ann").id != account.id


def test_the_bots_of_two_emulators_have_different_numbers() -> None:
    accounts = [BotApi().add_bot("order_bot") for _ in range(2)]
    first, second = (account.id for account in accounts)
    assert first != second
    for account in accounts:
        assert validate_token(account.token)
        assert bot_id_in(account.token) == account.id <= MAX_USER_ID
