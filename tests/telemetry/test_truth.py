"""Random traffic of a bot over the emulator: each figure is what the server and the storage have really seen."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

import pytest

from tests.promises.storages import Line
from tests.telemetry.conftest import Told, Watched
from tests.telemetry.measuring import ByEvents, ByOpenTelemetry, ByPrometheus, Measured, Measuring
from tgslices import (
    DataConflict,
    Direction,
    Session,
    SessionBot,
    SessionData,
    SessionKey,
    SessionStorage,
    TrackedMessage,
)
from tgslices.data.renewal import LEASE
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.telegram_facts.age_limit import AGE_LIMIT
from tgslices.telemetry import PENDING_AGES
from tgslices.testing import ChatView, Failure, Flood

ACTIONS: Final = 80
HOUR = timedelta(hours=1)
ASKING: Final = ("deleteMessages", "deleteMessage", "getChatMember")
MARGIN: Final = timedelta(minutes=5)
"""What is so near the limit is a suspect; time goes on in larger steps."""

REFUSED: Final = "Bad Request: message can't be deleted"
FAULTS: Final = (Flood(7_200), Failure(502), Failure(500))


@dataclass
class Cart:
    pizzas: int = 0


CART = SessionData(Cart)


@pytest.fixture
def storage(shared_storage: SessionStorage) -> SessionStorage:
    """A storage of each kind that workers share."""
    return shared_storage


@pytest.fixture(params=[ByEvents, ByPrometheus, ByOpenTelemetry])
def measuring(request: pytest.FixtureRequest) -> Measuring:
    """Each way of measuring."""
    made: Measuring = request.param()
    return made


class Traffic:
    """People and a bot that do what chance says, one after the other, and what is seen of it from outside."""

    def __init__(self, watched: Watched, bot: SessionBot, other: SessionBot, line: Line, chance: random.Random) -> None:
        self._watched = watched
        self._bot = bot
        self._other = other
        self._line = line
        self._chance = chance
        self._inner = cast(DurableSessionStorage, watched.storage)
        group = watched.api.add_supergroup("Desk", members=[watched.ann, watched.account])
        self._chats: list[ChatView] = [watched.chat, watched.ann.view(group)]
        at = ((watched.chat.id, "order"), (group.id, "desk"))
        self._sessions = [bot.sessions.handle(SessionKey(bot.id, chat, qualifier=name)) for chat, name in at]
        self.seen: set[TrackedMessage] = set()
        """Every message that ever stood in a session."""
        self.counts: Counter[str] = Counter()
        self.claimed: list[TrackedMessage] = []
        self.too_old: set[TrackedMessage] = set()
        """What people wrote in the group, and was too old to be deleted when it was to be."""

    @property
    def keys(self) -> list[SessionKey]:
        """The keys of the sessions."""
        return [session.key for session in self._sessions]

    async def act(self) -> None:
        """Do something at random, and look at the storage before and after."""
        actions = (
            *(self._person_writes, self._person_writes, self._bot_writes, self._bot_writes, self._clear, self._clear),
            *(self._close, self._open, self._person_deletes, self._wait, self._settle, self._lose_storage),
            self._conflict,
        )
        before = {*await self._inner.open_keys(self._bot.id)}
        await self._chance.choice(actions)()
        await self._watched.api.idle()
        after = {*await self._inner.open_keys(self._bot.id)}
        self.counts["opened"] += len(after - before)
        self.counts["closed"] += len(before - after)
        for key in self.keys:
            self.seen.update(await self._inner.list(key))

    async def _person_writes(self) -> None:
        await self._chance.choice(self._chats).types("/hello")

    async def _bot_writes(self) -> None:
        await self._chance.choice(self._sessions).send_message("hello")

    async def _person_deletes(self) -> None:
        """Let a person delete something before the bot does: Telegram accepts that it is to be deleted."""
        now = self._watched.api.clock.now()
        mine = [it for it in await self._sessions[0].messages() if it.user_id == self._watched.ann.id]
        if mine and mine[-1].date is not None and now - mine[-1].date < 40 * HOUR:
            shown = next(it for it in self._chats[0].visible() if it.message_id == mine[-1].message_id)
            await self._chats[0].deletes(shown)
            await self.settle_all()
            await self.clear(self._sessions[0])

    async def _clear(self) -> None:
        session = self._chance.choice(self._sessions)
        if session is self._sessions[1]:
            await self.settle_all()  # a flood lets everything wait, and what is to be refused would be too old by then
        elif await session.messages() and self._chance.random() < 2 / 3:
            self._watched.api.faults.add(self._chance.choice(FAULTS), method="deleteMessages")
        await self.clear(session)

    async def clear(self, session: Session) -> None:
        """Clear a session, and note what left it."""
        entries, now = await self._inner.list(session.key), self._watched.api.clock.now()
        self.claimed += entries
        self.too_old.update(it for it in entries if it.date is not None and now - it.date > AGE_LIMIT - MARGIN)
        await session.clear()

    async def _close(self) -> None:
        await self._chance.choice(self._sessions).close()

    async def _open(self) -> None:
        await self._chance.choice(self._sessions).open()

    async def _wait(self) -> None:
        self._watched.later(self._chance.choice((HOUR / 30, HOUR, 20 * HOUR, 60 * HOUR)))

    async def _settle(self) -> None:
        await self._bot.sessions.settle_pending()

    async def settle_all(self) -> None:
        """Finish everything that is pending."""
        while await self._inner.pending(self._bot.id):
            self._watched.later(HOUR)
            await self._settle()

    async def _lose_storage(self) -> None:
        """Let writes wait for a storage that does not answer, and compare how many there are."""
        await self.settle_all()  # what is deleted now, and cannot be noted, would later be found too old
        is_open = [await session.is_open() for session in self._sessions]
        if not any(is_open):
            return
        session = self._chance.choice([it for it, so in zip(self._sessions, is_open, strict=True) if so])
        there = len(await session.messages())
        calls, self._line.is_down = len(self._line.calls), True
        for _ in range(number := self._chance.randrange(1, 4)):
            await session.send_message("is anybody there?")
        await self.on_waiting(number)
        self.counts["failures"] += len(self._line.calls) - calls
        self._line.is_down = False
        assert len(await session.messages()) == there + number
        await self.on_waiting(0)

    async def on_waiting(self, number: int) -> None:
        """Compare how many writes wait; replaced by the test."""
        raise NotImplementedError

    async def _conflict(self) -> None:
        """Let another worker take data that this one holds."""
        mine = self._bot.sessions.handle(self.keys[0])
        theirs = self._other.sessions.handle(self.keys[0])
        if not await mine.is_open():
            return
        with pytest.raises(DataConflict):
            async with mine.data(CART) as cart:
                cart.pizzas += 1
                self._watched.later(2 * LEASE)
                async with theirs.data(CART) as taken:
                    taken.pizzas += 2
        self.counts["conflicts"] += 1

    def is_there(self, message: TrackedMessage) -> bool:
        """Tell whether a message is on the server."""
        return any(
            it.message_id == message.message_id
            for chat in self._chats
            if chat.id == message.chat_id
            for it in chat.visible()
        )


async def compare_stock(watched: Watched, bot: SessionBot, measuring: Measuring) -> int:
    """Let stock be taken, and compare it with what is found by looking at everything; return what is pending."""
    inner, stock = cast(DurableSessionStorage, watched.storage), bot.sessions._sweeping._stock
    assert stock is not None
    watched.later(2 * HOUR)
    await stock.take_if_due()
    now, measured = watched.api.clock.now(), measuring.measured()
    pending = await inner.pending(bot.id)
    for age in PENDING_AGES:
        older = [it for it in pending if now - it.claimed_at >= age]
        assert measured["deletions.pending", str(int(age.total_seconds()))] == len(older)
    open_keys = await inner.open_keys(bot.id)
    assert measured["sessions.open",] == len(open_keys)
    sent = [it.date or it.at for key in open_keys for it in await inner.list(key)]
    assert measured["oldest.message.timestamp",] == min(sent, default=now).timestamp()
    return len(pending)


def _sum(measured: Measured, name: str, *labels: str) -> float:
    return sum(value for found, value in measured.items() if found[: 1 + len(labels)] == (name, *labels))


@pytest.mark.parametrize("seed", [14, 22])  # all that can happen does in these
async def test_each_figure_is_what_the_server_and_the_storage_have_seen(
    watched: Watched, measuring: Measuring, seed: int
) -> None:
    chance, line = random.Random(seed), Line(watched.storage)
    async with (
        watched.worker(observer=measuring.observer, storage=cast(SessionStorage, line), polls=True) as bot,
        watched.worker(observer=Told()) as other,
    ):
        await bot.sessions.upkeep.stop()  # what is due is done when the test says so
        traffic = Traffic(watched, bot, other, line, chance)

        async def on_waiting(number: int) -> None:
            await asyncio.sleep(0)
            assert measuring.measured()["writes.waiting",] == number

        traffic.on_waiting = on_waiting  # type: ignore[method-assign]
        were_pending = 0
        for number in range(ACTIONS):
            await traffic.act()
            if not number % 4:
                were_pending += await compare_stock(watched, bot, measuring)
        assert were_pending
        for session in traffic._sessions:
            await traffic.clear(session)
        await traffic.settle_all()
        await compare_stock(watched, bot, measuring)
    compare(watched, traffic, measuring.measured())


def compare(watched: Watched, traffic: Traffic, measured: Measured) -> None:
    """Compare every figure that only grows."""
    by_direction = Counter(it.direction.name.lower() for it in traffic.seen)
    for direction in ("incoming", "outgoing"):
        assert _sum(measured, "messages.recorded", direction) == by_direction[direction] > 0
    assert _sum(measured, "sessions.opened") == traffic.counts["opened"] > 0
    assert _sum(measured, "sessions.closed") == traffic.counts["closed"]
    assert _sum(measured, "messages.claimed") == _sum(measured, "message.age") == len(traffic.claimed) > 0
    left = [it for it in traffic.claimed if traffic.is_there(it)]
    of_others = [it for it in left if it.chat_id < 0 and it.direction is Direction.INCOMING]
    refused = [it for it in of_others if it not in traffic.too_old]
    assert _sum(measured, "messages.settled", "accepted") == len(traffic.claimed) - len(left) > 0
    assert _sum(measured, "messages.settled", "refused") == len(refused) > 0
    assert _sum(measured, "messages.settled", "expired") == len(left) - len(refused) > 0
    assert _sum(measured, "messages.settled") == len(traffic.claimed)
    reasons = {name[2] for name in measured if name[:2] == ("messages.settled", "refused")}
    assert reasons <= {REFUSED}
    asked = sum(watched.api.count(method) for method in ASKING)
    assert _sum(measured, "deletion.requests") == _sum(measured, "deletion.request.duration") == asked
    assert _sum(measured, "data.conflicts") == traffic.counts["conflicts"] > 0
    assert _sum(measured, "storage.failures") == traffic.counts["failures"] > 0
    assert (_sum(measured, "writes.waiting"), _sum(measured, "writes.lost")) == (0, 0)
