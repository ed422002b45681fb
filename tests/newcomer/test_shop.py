"""The shop's first test."""

from __future__ import annotations

from tests.newcomer.shop import build
from tgslices import SessionBot, SessionStorage
from tgslices.testing import ChatView, Run


async def test_a_purchase_leaves_its_receipt(
    bot: SessionBot, chat: ChatView, run: Run, session_storage: SessionStorage
) -> None:
    await run(build(bot, session_storage))
    await chat.types("/shop")
    await chat.taps("Cake")
    await chat.sees("Where to?")
    await chat.types("12 Harbour Road")
    await chat.sees("cake to 12 Harbour Road?")
    await chat.taps("Buy")
    await chat.sees_only(["/shop", "One cake to 12 Harbour Road. Thank you!"])
