"""Above which id no key knows a message: as many numbers as there are boxes in which ids grow."""

from __future__ import annotations

import pytest

from tests.storage.samples import BOT, LATER, NOW, sent
from tgslices.model import IfClosed, Scope, SessionKey
from tgslices.storage.inprocess.ceilings import Ceilings
from tgslices.storage.inprocess.known_messages import KnownMessages
from tgslices.storage.memory import MemorySessionStorage

SUPERGROUP = -1_000_000_000_007


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ((BOT, 7, None), BOT),
        ((BOT, -7, None), BOT),
        ((43, 7, None), 43),
        ((BOT, SUPERGROUP, None), SUPERGROUP),
        ((BOT, 7, "c"), "c"),
    ],
)
def test_a_ceiling_belongs_to_the_box_in_which_ids_grow(place: tuple[int, int, str | None], box: str | int) -> None:
    ceilings = Ceilings()
    for ceiling in (5, 9, 7):
        ceilings.rise(ceiling, *place)
    assert ceilings.by_box == {box: 9}


def test_a_sweep_drops_the_ceilings_of_groups_that_know_nothing_more() -> None:
    known = KnownMessages()
    for number in range(100):
        known.learn(SessionKey(BOT, SUPERGROUP - number), [sent(number + 1, SUPERGROUP - number)])
    known.learn(SessionKey(BOT, 7), [sent(3, at=LATER)])
    known.learn(SessionKey(BOT, SUPERGROUP), [sent(5, SUPERGROUP, at=LATER)])
    assert known.sweep(BOT, now=LATER, limit=1_000) == 100
    assert known.ceilings.by_box == {BOT: 3, SUPERGROUP: 5}


async def test_what_one_key_knows_keeps_no_message_of_the_same_box_out_of_another() -> None:
    storage = MemorySessionStorage()
    known, other = SessionKey(BOT, 7, 7), SessionKey(BOT, 8, 8)
    for key in (known, other):
        await storage.open(key, at=NOW)
    await storage.add(known, sent(9), if_closed=IfClosed.SKIP)
    await storage.remove(known, [sent(9)])
    for chat_id in (7, 8):
        await storage.record(Scope(BOT, chat_id, "private", chat_id), sent(9, chat_id))
        await storage.record(Scope(BOT, chat_id, "private", chat_id), sent(4, chat_id))
    assert await storage.list(known) == [sent(4)]
    assert await storage.list(other) == [sent(9, 8), sent(4, 8)]
