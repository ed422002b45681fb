"""The gatekeeper's first test."""

from __future__ import annotations

import pytest

from tests.newcomer.gatekeeper import build
from tgslices import SessionBot, SessionStorage
from tgslices.testing import BotAccount, BotApi, NotAllowed, Person, Run


async def test_a_newcomer_taps_and_talks_and_is_banned_with_all_that_they_said(
    bot_api: BotApi, bot_account: BotAccount, bot: SessionBot, person: Person, run: Run, session_storage: SessionStorage
) -> None:
    spammer = bot_api.add_person("Spam")
    group = bot_api.add_supergroup("Regulars", members=[person], admins=[bot_account])
    regulars, newcomer = person.view(group), spammer.view(group)
    await run(build(bot, session_storage))

    bot_api.join(group, spammer)
    await newcomer.sees("Spam, are you human?")
    with pytest.raises(NotAllowed, match="restricted here"):
        await newcomer.types("Buy!")
    tap = await regulars.taps("I am human")
    assert tap.answer == "You were not asked."
    await newcomer.taps("I am human")

    await newcomer.types("Buy!")
    await newcomer.types("Buy now!")
    await regulars.types("/ban", reply_to=await regulars.sees("Buy!"))
    assert [message.kind for message in regulars.visible()] == ["left_chat_member"]
