"""Others read the list, delete, and then drop the list: what was recorded meanwhile is dropped undeleted, and two
clears at once count everything twice."""

from __future__ import annotations

import asyncio

from tests.promises.fed_bot import FedBot, texts_of
from tgslices.testing import Slow


async def test_a_message_that_is_recorded_during_a_clear_stays_and_goes_with_the_next(stage: FedBot) -> None:
    """ "So a message recorded meanwhile stays" """
    session, answer = stage.session(), asyncio.Event()
    await stage.says("one", "two")
    stage.api.faults.add(Slow(until=answer, after_work=True), method="deleteMessages")
    clearing = asyncio.create_task(session.clear())
    await stage.chat.until(lambda view: view.texts() == [])
    await stage.chat.types("three")
    await stage.handled()
    async with session:
        await stage.bot.send_message(stage.chat.id, "four")
    answer.set()
    assert await clearing == 2
    assert await texts_of(session, stage.chat) == ["three", "four"]
    assert await session.clear() == 2
    assert stage.chat.texts() == []


async def test_two_clears_at_once_never_count_an_entry_twice(stage: FedBot) -> None:
    """ "two concurrent clears never count an entry twice" """
    session = stage.session()
    await stage.says(*(str(number) for number in range(5)))
    results = await asyncio.gather(*(stage.session().clear() for _ in range(5)))
    assert sorted(map(int, results)) == [0, 0, 0, 0, 5]
    assert await session.messages() == []


async def test_a_clear_and_a_forget_at_once_share_the_entries(stage: FedBot) -> None:
    session = stage.session()
    await stage.says(*(str(number) for number in range(5)))
    cleared, forgotten = await asyncio.gather(session.clear(), session.forget())
    assert cleared + forgotten == 5
    assert len(stage.chat.texts()) == forgotten


async def test_a_message_that_is_recorded_during_a_forget_stays(stage: FedBot) -> None:
    session = stage.session()
    await stage.says("one")
    _, forgotten = await asyncio.gather(session.send_message("two"), session.forget())
    left = await texts_of(session, stage.chat)
    assert forgotten + len(left) == 2


async def test_what_is_closed_during_a_clear_is_still_deleted(stage: FedBot) -> None:
    session, answer = stage.session(), asyncio.Event()
    await stage.says("one")
    asked = stage.api.faults.add(Slow(until=answer), method="deleteMessages")
    clearing = asyncio.create_task(session.clear())
    await stage.chat.until(lambda _: asked.hits == 1)
    assert await session.close() == 0
    answer.set()
    assert await clearing == 1
    assert stage.chat.texts() == []
    assert stage.bot.sessions.is_idle()
    assert await stage.bot.sessions.storage.list(session.key) == []


async def test_what_is_closed_before_a_clear_is_left_alone(stage: FedBot) -> None:
    session = stage.session()
    await stage.says("one")
    assert await session.close() == 1
    assert await session.clear() == 0
    assert stage.chat.texts() == ["one"]
    assert stage.bot.sessions.is_idle()


async def test_a_clear_and_a_close_at_once_share_the_entries(stage: FedBot) -> None:
    session = stage.session()
    await stage.says(*(str(number) for number in range(5)))
    cleared, dropped = await asyncio.gather(session.clear(), session.close())
    assert cleared + dropped == 5
    assert len(stage.chat.texts()) == dropped
    assert stage.bot.sessions.is_idle()
    assert await stage.bot.sessions.storage.list(session.key) == []
