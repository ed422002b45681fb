"""What is open: where an event is, in a chat, of a person, and all of it in pages."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from aiogram.filters import Command
from aiogram.types import Message

from tests.promises.fed_bot import FedBot
from tgslices import ConfigurationError, OpenSession, SessionBot, SessionStorage

MINUTE = timedelta(minutes=1)


async def test_a_start_in_the_middle_of_a_flow_is_told_what_is_open(stage: FedBot) -> None:
    told: list[list[OpenSession]] = []

    @stage.dispatcher.message(Command("start"))
    async def start(message: Message, bot: SessionBot) -> None:
        told.append(await bot.sessions.opened(message))

    await stage.says("/start")
    begun = stage.api.clock.now()
    await stage.session("order").open()
    stage.api.clock.move(MINUTE)
    await stage.says("a pizza", "a large one")
    said = stage.api.clock.now()
    await stage.session("support").send_message("What is it?")
    stage.api.clock.move(MINUTE)
    await stage.says("/start")
    nothing, [order, support] = told
    assert nothing == []
    assert (order.key, order.opened_at, order.entries) == (stage.session("order").key, begun, 3)
    assert order.active_at == begun + 2 * MINUTE
    assert (support.key.qualifier, support.entries) == ("support", 2)
    assert support.opened_at >= said
    assert len(await order.session.messages()) == 3


async def test_a_handle_of_what_is_open_opens_nothing(stage: FedBot) -> None:
    await stage.session("order").send_message("What would you like?")
    [order] = await stage.bot.sessions.opened(stage.chat.id)
    await order.session.close()
    await order.session.send_message("Closed.")
    assert await stage.bot.sessions.opened(stage.chat.id) == []
    assert await stage.bot.sessions.count() == 0


async def test_an_event_of_a_group_is_told_its_writers_sessions_and_those_of_everybody(stage: FedBot) -> None:
    bob = stage.api.add_person("Bob")
    group = stage.api.add_group("Kitchen", members=[stage.ann, bob, stage.account])
    sessions = stage.bot.sessions
    for user in (None, stage.ann.id, bob.id):
        await sessions.get(group.id, user).open()
    event = stage.update("message", stage.message(1, chat=group.json()))
    assert {it.key.user_id for it in await sessions.opened(event)} == {None, stage.ann.id}
    assert {it.key.user_id for it in await sessions.opened(group.id)} == {None, stage.ann.id, bob.id}
    assert [it.key.user_id for it in await sessions.opened(group.id, bob.id)] == [bob.id]
    assert [it.key.user_id for it in await sessions.opened(event, bob.id)] == [bob.id]
    assert await sessions.opened(stage.chat.id) == []


async def test_pages_go_through_all_that_is_open_and_through_what_is_asked_for(stage: FedBot) -> None:
    sessions = stage.bot.sessions
    for number in range(7):
        await sessions.get(stage.chat.id, stage.ann.id, qualifier=str(number)).open()
        stage.api.clock.move(MINUTE)
    found, after = [], None
    while True:
        page = await sessions.page(limit=3, after=after)
        found += [it.key.qualifier for it in page.sessions]
        if (after := page.after) is None:
            break
    assert found == ["0", "1", "2", "3", "4", "5", "6"]
    old = await sessions.page(stage.chat.id, stage.ann.id, older_than=5 * MINUTE)
    assert [it.key.qualifier for it in old.sessions] == ["0", "1", "2"]
    assert await sessions.count(older_than=5 * MINUTE) == 3
    assert await sessions.count() == await sessions.count(stage.chat.id) == await sessions.count(user=stage.ann.id) == 7
    assert await sessions.count(qualifiers=["1", None]) == 1
    assert await sessions.count(user=1) == 0


async def test_what_was_opened_a_moment_ago_is_told(stage: FedBot) -> None:
    stage.session("order")  # awaited by nobody yet
    assert await stage.bot.sessions.count() == 1


async def test_an_event_without_a_place_has_nothing_open(stage: FedBot) -> None:
    poll = {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False, "type": "regular"}
    flags = dict.fromkeys(("is_anonymous", "allows_multiple_answers", "allows_revoting", "members_only"), False)
    update = stage.update("poll", poll | flags)
    await stage.session("order").open()
    assert await stage.bot.sessions.opened(update) == []


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"user": "7"}, "'7' is no user. Pass the user or its numeric id."),
        ({"chat": "@ann"}, "'@ann' is no chat. Pass the chat or its numeric id."),
        ({"chat": True}, "True is no chat. Pass the chat or its numeric id."),
        ({"qualifiers": "order"}, "qualifiers is 'order'. Pass several, as in qualifiers=['order']."),
        ({"older_than": 60}, "older_than is 60. Pass a timedelta as older_than."),
        ({"limit": 0}, "limit is 0. Pass a whole number from 1 on."),
        ({"qualifiers": 5}, "qualifiers is 5. Pass several, as in qualifiers=['order']."),
        ({"qualifiers": [5]}, "5 is no qualifier. Pass strings, and None for sessions without."),
        ({"qualifiers": [["order"]]}, "['order'] is no qualifier. Pass strings, and None for sessions without."),
        ({"user": 2**70}, f"{2**70} is no user. Pass the user or its numeric id."),
        ({"chat": -(2**70)}, f"{-(2**70)} is no chat. Pass the chat or its numeric id."),
        ({"after": "7:7"}, None),
        ({"after": 7}, "7 is no place in a list of sessions. Pass the after of a page that was listed before."),
    ],
    ids=str,
)
async def test_what_cannot_be_asked_for_is_refused(asked: dict[str, Any], text: str | None) -> None:
    bot = SessionBot("42:TEST")
    with pytest.raises(ConfigurationError) as refused:
        await bot.sessions.page(**asked)
    assert text is None or str(refused.value) == text


@pytest.mark.parametrize("after", ["1_0.1_0", " 1 . 2 ", "1.-2", "9" * 30 + ".1", "1." + "9" * 30, "1.9", "zz.zz"])
async def test_a_place_that_no_page_told_is_refused_or_behind_nothing(stage: FedBot, after: str) -> None:
    await stage.session("order").open()
    with suppress(ConfigurationError):
        page = await stage.bot.sessions.page(after=after)
        assert page.after is None


async def test_the_largest_limits_and_durations_are_taken(stage: FedBot) -> None:
    await stage.session("order").open()
    sessions = stage.bot.sessions
    assert len((await sessions.page(limit=2**80)).sessions) == 1
    assert [await sessions.count(older_than=ago) for ago in (timedelta.max, timedelta.min)] == [0, 1]


async def test_a_chat_by_its_name_is_no_event(any_storage: SessionStorage) -> None:
    bot = SessionBot("42:TEST")
    with pytest.raises(ConfigurationError):
        await bot.sessions.opened("@ann")  # type: ignore[arg-type]  # on purpose
