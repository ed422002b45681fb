"""Waiting for the world, and for what is not of it."""

from __future__ import annotations

import asyncio

import pytest

from tgslices.testing import ChatView
from tgslices.testing.state.changes import Changes


async def test_a_condition_on_something_else_is_seen_though_nothing_changes_any_more(chat: ChatView) -> None:
    orders: list[str] = []
    asyncio.get_running_loop().call_later(0.01, orders.append, "tea")
    await chat.until(lambda _: orders == ["tea"])


async def test_a_condition_is_asked_a_last_time_when_the_time_is_over(chat: ChatView) -> None:
    asked: list[bool] = []

    def second_time(_: ChatView) -> bool:
        asked.append(len(asked) == 1)
        return asked[-1]

    await chat.until(second_time, timeout=0.01)
    assert asked == [False, True]


async def test_a_condition_that_holds_needs_no_time(chat: ChatView) -> None:
    await chat.until(lambda seen: seen.texts() == [], timeout=0)


async def test_those_who_wait_no_longer_are_forgotten() -> None:
    changes = Changes()
    waiting = [asyncio.create_task(changes.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert changes.waiting == 3
    waiting[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[1]
    assert changes.waiting == 2
    changes.notify()
    await asyncio.gather(waiting[0], waiting[2])
    assert changes.waiting == 0
    assert await changes.within(0.01, lambda: False) is False
    assert changes.waiting == 0
