"""What a durable storage must do when the buttons under a message have changed."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, ClassVar

import pytest

from tgslices.model import Gone, IfClosed
from tgslices.testing.contract.holding import IN_GROUP, PRIVATE
from tgslices.testing.contract.samples import KEY, NOW, STRINGS, sent
from tgslices.testing.contract.upkeep import UpkeepContract


class ButtonsContract(UpkeepContract):
    """Tests of what entries say of buttons."""

    changes_entries: ClassVar[bool] = True
    """Whether what was added can be changed. A plugin of four methods cannot."""

    def changed(self, count: int) -> int:
        return count if self.changes_entries else 0

    async def test_they_are_noted_under_every_key_that_holds_the_message(self, storage: Any) -> None:
        case = replace(KEY, chat_id=8, qualifier="case")
        for key in (KEY, replace(KEY, qualifier="order"), case):
            await storage.add(key, sent(2, -100, has_buttons=True))
            await storage.add(key, sent(1), if_closed=IfClosed.KEEP if key is case else IfClosed.OPEN)
        assert await storage.note_buttons(*PRIVATE, 1, has_buttons=True) == self.changed(3)
        assert await storage.note_buttons(*PRIVATE, 1, has_buttons=True) == 0
        assert await storage.note_buttons(*IN_GROUP, 2, has_buttons=False) == self.changed(3)
        for key in (KEY, replace(KEY, qualifier="order"), case):
            buttons = [(2, not self.changes_entries), (1, self.changes_entries)]
            assert [(it.message_id, it.has_buttons) for it in await storage.list(key)] == buttons

    async def test_noting_them_changes_nothing_else(self, storage: Any) -> None:
        entries = [
            sent(1, media_group_id="album", thread_id=3),
            sent(2, user_id=None, kind=None, date=None),
            sent(2, business_connection_id="c"),
            sent(2, ephemeral_message_id=2, receiver_user_id=7),
            sent(3, has_buttons=True),
        ]
        for entry in entries:
            await storage.add(KEY, entry)
        await storage.discard(KEY.bot_id, Gone(7, frozenset({3})), surely=False)
        for number, has_buttons in ((1, True), (2, True), (3, False), (4, True)):
            await storage.note_buttons(*PRIVATE, number, has_buttons=has_buttons)
        noted = self.changes_entries
        expected = [*(replace(entry, has_buttons=noted) for entry in entries[:2]), *entries[2:4]]
        assert [asdict(it) for it in await storage.list(KEY)] == [asdict(it) for it in expected]
        claimed = await storage.claim(KEY, None, now=NOW, until=NOW)
        assert [it.has_buttons for it in claimed] == [noted, noted, False, False, not noted]

    @pytest.mark.parametrize("connection", STRINGS)
    async def test_those_of_a_business_message_are_noted_there(self, storage: Any, connection: str) -> None:
        key = replace(KEY, business_connection_id=connection)
        for holder in (key, KEY):
            await storage.add(holder, sent(1, business_connection_id=connection))
        assert await storage.note_buttons(*PRIVATE, 1, has_buttons=True) == 0
        noted = await storage.note_buttons(*PRIVATE, 1, has_buttons=True, business_connection_id=connection)
        assert noted == self.changed(2)

    async def test_what_left_the_key_has_none_to_note(self, storage: Any) -> None:
        for number in (1, 2):
            await storage.add(KEY, sent(number))
        await storage.remove(KEY, [sent(1)])
        await storage.claim(KEY, [sent(2)], now=NOW, until=NOW)
        for number in (1, 2, 3):
            assert await storage.note_buttons(*PRIVATE, number, has_buttons=True) == 0
        assert await storage.note_buttons(43, 7, 1, has_buttons=True) == 0

    async def test_noting_them_leaves_nothing(self, storage: Any) -> None:
        assert await storage.note_buttons(*PRIVATE, 1, has_buttons=True) == 0
        assert await self.left(storage) == 0
