"""The gatekeeper's first tests."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.newcomer.gatekeeper import FRUIT, build
from tgslices import SessionBot, SessionStorage
from tgslices.testing import BotAccount, BotApi, ChatView, NotAllowed, Person, Run


@pytest.fixture
def members(bot_api: BotApi, bot_account: BotAccount) -> ChatView:
    """The club, as somebody sees it who is in it already."""
    bea = bot_api.add_person("Bea")
    return bea.view(bot_api.add_supergroup("Club", members=[bea], admins=[bot_account]))


async def test_who_taps_the_fruit_may_write_and_nothing_of_the_question_stays(
    bot_api: BotApi, bot: SessionBot, person: Person, members: ChatView, run: Run, session_storage: SessionStorage
) -> None:
    await run(build(bot, session_storage, bot_api.clock.now))
    bot_api.join(members, person)
    newcomer = person.view(members.chat)
    await newcomer.sees("Welcome, Ann! Tap the fruit.")
    with pytest.raises(NotAllowed, match="restricted here"):
        await newcomer.types("Hello")
    assert (await members.taps(FRUIT)).answer == "You were not asked."
    assert (await newcomer.taps("🚗")).answer == "Look again."
    await newcomer.taps(FRUIT)
    await newcomer.types("Hello")
    await members.sees_only(["Hello"])


async def test_who_does_not_tap_is_banned_after_two_minutes(
    bot_api: BotApi, bot: SessionBot, person: Person, members: ChatView, run: Run, session_storage: SessionStorage
) -> None:
    await run(build(bot, session_storage, bot_api.clock.now))
    bot_api.join(members, person)
    await members.sees("Welcome, Ann! Tap the fruit.")
    await bot_api.idle()
    bot_api.clock.move(timedelta(minutes=2, seconds=1))
    await bot.sessions.sweep()
    await members.sees_only([])
    with pytest.raises(NotAllowed, match="banned"):
        await person.view(members.chat).types("Hello")
