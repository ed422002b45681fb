"""The shop's first test."""

from __future__ import annotations

from tests.newcomer.shop import build
from tgslices import SessionBot, SessionStorage
from tgslices.testing import ChatView, Run


async def test_an_order_leaves_its_receipt(
    bot: SessionBot, chat: ChatView, run: Run, session_storage: SessionStorage
) -> None:
    await run(build(bot, session_storage))
    await chat.types("/shop")
    await chat.sees("What?")
    await chat.taps("Tea")
    await chat.sees("Where to?")
    await chat.types("Home")
    await chat.sees("Tea to Home?")
    await chat.taps("Yes")
    await chat.sees_only(["/shop", "Tea to Home."])
