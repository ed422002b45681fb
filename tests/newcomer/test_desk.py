"""The support desk's first test."""

from __future__ import annotations

from tests.newcomer.desk import build
from tgslices import SessionBot, SessionStorage
from tgslices.testing import BotAccount, BotApi, ChatView, Run


async def test_a_closed_ticket_leaves_one_line_with_the_customer(
    bot_api: BotApi,
    bot_account: BotAccount,
    bot: SessionBot,
    chat: ChatView,
    run: Run,
    session_storage: SessionStorage,
) -> None:
    sam = bot_api.add_person("Sam")
    staff = sam.view(bot_api.add_supergroup("Desk", admins=[sam, bot_account], is_forum=True))
    await run(build(bot, session_storage, staff.id))

    await chat.types("/support")
    await chat.sees("Somebody will be with you soon. What is it about?")
    await chat.types("My tea is cold.")
    asked = await staff.sees("My tea is cold.")
    assert asked.topic == "Ann"

    await staff.types("A new one is on its way.", reply_to=asked)
    await chat.sees("A new one is on its way.")
    await staff.types("/close", topic="Ann")
    await chat.sees_only(["/support", "Your ticket is closed."])
    assert [message.kind for message in staff.visible()] == ["forum_topic_created", "forum_topic_closed"]
