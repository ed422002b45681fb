"""The support desk's first test."""

from __future__ import annotations

from tests.newcomer.desk import build
from tgslices import SessionBot, SessionStorage
from tgslices.testing import BotAccount, BotApi, ChatView, Person, Run


async def test_a_question_is_answered_and_nothing_of_it_stays(
    bot_api: BotApi,
    bot_account: BotAccount,
    bot: SessionBot,
    person: Person,
    chat: ChatView,
    run: Run,
    session_storage: SessionStorage,
) -> None:
    eve = bot_api.add_person("Eve")
    staff = eve.view(bot_api.add_supergroup("Staff", members=[eve], admins=[bot_account], is_forum=True))
    await run(build(bot, session_storage, staff.id))

    await chat.types("Where is my parcel?")
    question = await staff.sees("Where is my parcel?")
    assert question.topic == "Ann"

    await staff.types("On its way.", topic=question.topic)
    await chat.sees("On its way.")
    await chat.types("Thank you!")
    await staff.sees("Thank you!")

    await staff.types("/solved", topic=question.topic)
    await chat.sees_only(["Solved. Write again whenever you need us."])
    assert [message.kind for message in staff.visible()] == ["forum_topic_created"]
