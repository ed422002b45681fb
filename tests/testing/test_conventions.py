"""A bot of somebody else's conventions runs on the emulator unchanged, with its sessions."""

from __future__ import annotations

from aiogram import Bot

from tests.testing.cafe_bot import build
from tgslices import SessionManager
from tgslices.testing import BotApi, ChatView
from tgslices.testing.running import running


async def test_dialog_windows_scenes_and_injected_services_are_recorded_and_wiped(
    api: BotApi, bot: Bot, chat: ChatView
) -> None:
    async with running(build(bot), bot):
        await chat.types("/order")
        await chat.until(lambda view: view.texts()[-1] == "What would you like?")
        await chat.taps("Coffee")
        await chat.until(lambda view: view.texts()[-1] == "Under what name?")
        await chat.types("Ann")
        await chat.until(lambda view: view.texts()[-1] == "Coffee for Ann?")
        await chat.taps("Yes")
        await chat.until(lambda view: view.texts()[-1] == "It will be ready in five minutes.")
        await chat.types("/opinion")
        await chat.until(lambda view: view.texts()[-1] == "How was it?")
        await chat.types("good")
        await chat.until(lambda view: view.texts()[-1] == "Thanks! Try the Tea, too.")
        sessions: SessionManager = bot.sessions  # type: ignore[attr-defined]  # setup_sessions put it there
        session = sessions.get(chat.id, chat.person.id, qualifier="order")
        recorded = {message.message_id for message in await session.messages()}
        until_now = chat.visible()[1:-1]  # without /order, which is not in it, and the answer that is just arriving
        assert recorded.issuperset(message.message_id for message in until_now)
        await chat.types("/done")
        await chat.until(lambda view: view.texts() == ["/order", "Goodbye. There is Tea and Coffee tomorrow, too."])
