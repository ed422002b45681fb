"""The bots of README and quickstart do what these pages say they do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiogram import Bot, Dispatcher

from tests.docs.pages import ROOT, blocks_of, run_page
from tgslices.testing import BotApi


async def test_after_done_only_the_command_that_opened_the_order_and_the_farewell_are_left(
    api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = api.add_bot("order_bot")
    monkeypatch.setenv("BOT_TOKEN", account.token)
    page = await run_page(ROOT / "README.md")
    dp, bot = page["dp"], page["bot"]
    assert isinstance(dp, Dispatcher)
    assert isinstance(bot, Bot)
    polling = asyncio.create_task(dp.start_polling(bot, handle_signals=False))
    chat = api.add_person("Ada").private_chat(account)

    await chat.types("/order")
    await chat.until(lambda seen: seen.texts()[-1] == "What would you like to order?")
    await chat.types("A pizza")
    await chat.types("/done")
    await chat.until(lambda seen: seen.texts() == ["/order", "Order received. Wiping our chat history."])

    await dp.stop_polling()
    await polling


@pytest.mark.usefixtures("api")
async def test_the_quickstart_prints_what_it_says_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "docs" / "quickstart.md"
    promised = next(block.source for block in blocks_of(page.read_text("utf-8")) if block.source.startswith("---"))

    await run_page(page)

    assert capsys.readouterr().out == promised


async def test_the_quickstarts_bot_does_the_same_with_a_token_and_a_database(api: BotApi) -> None:
    account = api.add_bot("order_bot")
    page = await run_page(ROOT / "docs" / "quickstart.md", program=1, TOKEN=account.token)
    dp, bot = page["dp"], page["bot"]
    polling = asyncio.create_task(dp.start_polling(bot, handle_signals=False))
    chat = api.add_person("Ada").private_chat(account)

    await chat.types("/order")
    await chat.until(lambda seen: seen.texts()[-1] == "What would you like to order?")
    await chat.types("A large pizza")
    await chat.until(lambda seen: seen.texts()[-1] == "A large pizza: noted. Anything else? /done ends it.")
    await chat.types("/done")
    await chat.until(lambda seen: seen.texts() == ["/order", "Order received. I wiped 4 messages in 1 request."])

    await dp.stop_polling()
    await polling
    assert Path("slices.db").exists()


async def test_the_class_based_handler_of_the_concepts_finds_its_session(api: BotApi) -> None:
    account = api.add_bot("order_bot")
    chat = api.add_person("Ada").private_chat(account)
    group = api.add_supergroup("Regulars", members=[chat.person], admins=[account])
    ids = {"chat_id": chat.id, "user_id": chat.person.id, "group_id": group.id}
    page = await run_page(ROOT / "docs" / "concepts.md", TOKEN=account.token, **ids)
    dp, bot = page["dp"], page["bot"]
    await bot.delete_webhook()  # which the page has set
    before = chat.texts()
    await bot.sessions.get(chat.id, chat.person.id, qualifier="order").send_message("Your address?")
    polling = asyncio.create_task(dp.start_polling(bot, handle_signals=False))

    await chat.types("cancel")
    await chat.until(lambda seen: seen.texts() == before)

    await dp.stop_polling()
    await polling
    assert bot.sessions.is_idle()
