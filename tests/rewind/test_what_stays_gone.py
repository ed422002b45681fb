"""Data that was dropped or has expired is not brought back by a mark."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiogram import Dispatcher

from tgslices import MemorySessionStorage, Session, SessionBot, SessionData, setup_sessions
from tgslices.testing import BotApi


@dataclasses.dataclass
class Payment:
    card: str | None = None


PAYMENT = SessionData(Payment)
CODE = SessionData(Payment, name="code", expires=timedelta(minutes=10))


@pytest.fixture
def storage() -> MemorySessionStorage:
    return MemorySessionStorage()


@pytest.fixture
async def order(api: BotApi, storage: MemorySessionStorage) -> AsyncIterator[Session]:
    """Ann's order, in a bot whose clock is the emulator's."""
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    ann.private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, storage=storage, clock=api.clock.now)
        yield bot.sessions.get(ann.id, ann.id, qualifier="order")


async def test_what_was_dropped_since_the_mark_stays_gone(
    api: BotApi, order: Session, storage: MemorySessionStorage
) -> None:
    """ "Forget what is stored": nobody is to find the number of a card in a copy of it."""
    await order.data(PAYMENT).write(Payment("4000 0000"))
    await order.mark("pay")
    await order.data(PAYMENT).drop()
    assert "4000" not in repr(await storage.read_data(order.key, now=api.clock.now()))
    await order.rewind("pay")
    assert (await order.data(PAYMENT).read()).card is None


async def test_what_was_written_after_the_drop_came_after_the_mark(order: Session) -> None:
    await order.data(PAYMENT).write(Payment("4000 0000"))
    await order.mark("pay")
    await order.data(PAYMENT).drop()
    await order.data(PAYMENT).write(Payment("5000 0000"))
    await order.rewind("pay")
    assert (await order.data(PAYMENT).read()).card is None


async def test_a_drop_inside_a_block_is_one_too(order: Session) -> None:
    async with order.data(PAYMENT) as payment:
        payment.card = "4000 0000"
        await order.mark("pay")
        await order.data(PAYMENT).drop()
        await order.rewind("pay")
        assert payment.card is None
    assert (await order.data(PAYMENT).read()).card is None


async def test_a_drop_leaves_marks_and_their_other_data(order: Session) -> None:
    await order.data(PAYMENT).write(Payment("4000 0000"))
    await order.data(CODE).write(Payment("1234"))
    await order.mark("pay")
    await order.data(PAYMENT).drop()
    await order.data(CODE).write(Payment("5678"))
    await order.send_message("Thank you")
    assert await order.rewind("pay") == 1
    assert (await order.data(CODE).read()).card == "1234"


async def test_what_has_expired_since_the_mark_stays_gone(api: BotApi, order: Session) -> None:
    await order.data(CODE).write(Payment("1234"))
    await order.mark("code")
    api.clock.move(timedelta(minutes=11))
    await order.rewind("code")
    assert (await order.data(CODE).read()).card is None


async def test_what_was_written_in_time_lives_on(api: BotApi, order: Session) -> None:
    """A person who takes an hour over a form loses no answer by going back."""
    await order.data(CODE).write(Payment("1234"))
    await order.mark("code")
    for number in range(3):
        api.clock.move(timedelta(minutes=8))
        await order.data(CODE).write(Payment(str(number)))
    await order.rewind("code")
    assert (await order.data(CODE).read()).card == "1234"
