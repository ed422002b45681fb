"""What a durable storage must do when everything about a person is to be dropped."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tgslices.model import Gone, IfClosed, Scope, SessionKey
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.ending_protocol import Due, End, EndReason
from tgslices.testing.contract.samples import MINUTE, NOW, STRINGS, sent
from tgslices.testing.contract.upkeep import BOT, UpkeepContract

ANN: Final = 7
BOB: Final = 77
GROUP: Final = -1007
CHANNEL: Final = -1001234567890
"""A channel's direct messages, where each topic has the number of who writes there."""
OF_ANN: Final = (
    SessionKey(BOT, ANN, ANN),
    SessionKey(BOT, ANN),
    SessionKey(BOT, ANN, qualifier="order"),
    SessionKey(BOT, ANN, ANN, business_connection_id="c"),
    SessionKey(BOT, GROUP, ANN),
    SessionKey(BOT, GROUP, ANN, 3, qualifier="a:b"),
    SessionKey(BOT, GROUP, ANN, qualifier="x" * 100),
    SessionKey(BOT, CHANNEL, None, ANN),
    SessionKey(BOT, CHANNEL, None, ANN, qualifier="case"),
)
OF_OTHERS: Final = (
    SessionKey(43, ANN, ANN),
    SessionKey(BOT, BOB, BOB),
    SessionKey(BOT, GROUP),
    SessionKey(BOT, GROUP, BOB, ANN),
    SessionKey(BOT, GROUP, None, ANN),
    SessionKey(BOT, CHANNEL, BOB, ANN),
    SessionKey(BOT, CHANNEL, None, BOB),
    SessionKey(BOT, CHANNEL),
    SessionKey(BOT, 70, 70),
    SessionKey(BOT, GROUP, -ANN),
    SessionKey(BOT, GROUP, 700, business_connection_id=f"/{ANN}/"),
)
FORM: Final = StoredData('"a"', 1, NOW, outlives_close=True)
IN_GROUP: Final = Scope(BOT, GROUP, "supergroup", ANN)


class ErasingContract(UpkeepContract):
    """Tests of dropping what is stored about a person."""

    async def erase(self, storage: Any, user_id: int = ANN) -> int:
        erased = await storage.erase_sessions(BOT, user_id, at=NOW)
        assert isinstance(erased, int)
        return erased

    async def test_every_session_of_a_person_is_closed_and_no_other(self, storage: Any) -> None:
        for key in (*OF_ANN, *OF_OTHERS):
            message = sent(1, key.chat_id, user_id=key.user_id, business_connection_id=key.business_connection_id)
            await storage.add(key, message, if_closed=IfClosed.OPEN)
        assert await self.erase(storage) == len(OF_ANN)
        assert await storage.open_keys(43) == [OF_OTHERS[0]]
        assert {*await storage.open_keys(BOT)} == {*OF_OTHERS[1:]}
        for key in OF_ANN:
            assert await storage.list(key) == []
        for key in OF_OTHERS:
            assert len(await storage.list(key)) == 1
        assert await self.erase(storage) == 0

    async def test_what_is_left_of_a_closed_session_goes_too(self, storage: Any) -> None:
        keys = tuple(replace(OF_ANN[0], qualifier=text) for text in STRINGS)
        for key in keys:
            await storage.add(key, sent(1))
        await storage.discard(BOT, Gone(ANN, frozenset({1})), surely=False)
        assert await self.erase(storage) == len(keys)
        for key in keys:
            assert await storage.list(key) == []
            assert await storage.claim(key, None, now=NOW, until=NOW) == []
        assert await self.erase(storage) == 0

    async def test_all_data_of_a_person_goes_whatever_outlives_a_close(self, storage: Any) -> None:
        for key in (*OF_ANN, *OF_OTHERS):
            await storage.put_data(key, {"form": FORM, "a\0b": FORM})
        assert await self.erase(storage) == len(OF_ANN)
        for key in OF_ANN:
            assert await storage.read_data(key, now=NOW) == {}
        for key in OF_OTHERS:
            assert len(await storage.read_data(key, now=NOW)) == 2
        assert await self.erase(storage) == 0

    async def test_whoever_holds_the_data_has_lost_it(self, storage: Any) -> None:
        key = OF_ANN[0]
        await storage.put_data(key, {"form": FORM})
        hold = DataHold(key, frozenset({"form", "new"}), "one")
        await storage.hold_data(hold, now=NOW, until=NOW + MINUTE)
        await self.erase(storage)
        changed = replace(FORM, text='"b"')
        assert await storage.write_data(hold, {"form": changed}) is False
        assert await storage.write_data(hold, {"new": changed}) is False
        assert await storage.read_data(key, now=NOW) == {}

    async def test_ends_of_a_person_are_told_no_more(self, storage: Any) -> None:
        for key in (OF_ANN[0], OF_OTHERS[1]):
            await storage.open(key, at=NOW, due=Due(NOW, NOW + MINUTE))
        end = End(EndReason.IDLE, "close", tells=True)
        for session in await storage.lease_sessions(BOT, now=NOW, until=NOW + MINUTE, limit=9):
            await storage.end_session(session, end, now=NOW, until=NOW + MINUTE, limit=9)
        assert await self.erase(storage) == 1
        [ended] = await storage.lease_ends(BOT, now=NOW + MINUTE, until=NOW + 2 * MINUTE, limit=9)
        assert ended.key == OF_OTHERS[1]

    async def test_what_is_pending_stays(self, storage: Any) -> None:
        await storage.add(OF_ANN[0], sent(1))
        await storage.claim(OF_ANN[0], None, now=NOW, until=NOW)
        assert await self.erase(storage) == 0
        [pending] = await storage.pending(BOT)
        assert await storage.settle([pending]) == 1

    async def test_a_late_write_brings_no_session_back(self, storage: Any) -> None:
        key = OF_ANN[0]
        await storage.open(key, at=NOW - 2 * MINUTE)
        await self.erase(storage)
        assert await storage.open(key, at=NOW - MINUTE, begun_at=NOW - MINUTE) is False
        assert await storage.open(key, at=NOW + MINUTE) is True

    # Entries in sessions of others

    async def test_entries_of_a_person_leave_the_sessions_of_a_whole_group(self, storage: Any) -> None:
        group, case = SessionKey(BOT, GROUP), SessionKey(BOT, BOB, BOB, qualifier="case")
        for key in (group, replace(group, bot_id=43)):
            await storage.open(key, at=NOW)
        hers, his = sent(1, GROUP), sent(2, GROUP, user_id=BOB)
        for message in (hers, his, sent(3, GROUP), sent(4, GROUP, user_id=None)):
            await storage.record(IN_GROUP, message)
        await storage.record(replace(IN_GROUP, bot_id=43), hers)
        await storage.add(group, sent(0, GROUP, user_id=BOT, ephemeral_message_id=9, receiver_user_id=ANN))
        await storage.add(group, sent(0, GROUP, user_id=BOT, ephemeral_message_id=9, receiver_user_id=BOB))
        await storage.add(group, sent(6, GROUP, user_id=GROUP))
        await storage.add(case, hers)
        await storage.add(case, sent(8, ANN))
        await storage.discard(BOT, Gone(GROUP, frozenset({3})), surely=False)
        assert await storage.erase_entries(BOT, ANN) == 5
        assert [(it.message_id, it.user_id) for it in await storage.list(group)] == [
            (2, BOB),
            (4, None),
            (0, BOT),
            (6, GROUP),
        ]
        assert await storage.list(case) == []
        assert await storage.list(replace(group, bot_id=43)) == [hers]
        assert await storage.erase_entries(BOT, ANN) == 0

    async def test_entries_in_a_chat_of_the_person_leave_the_sessions_of_others(self, storage: Any) -> None:
        case, direct = SessionKey(BOT, BOB, BOB, qualifier="case"), SessionKey(BOT, CHANNEL)
        for key in (case, direct):
            await storage.add(key, sent(1, ANN, user_id=BOT))
            await storage.add(key, sent(2, ANN, user_id=BOT, business_connection_id="c"))
            await storage.add(key, sent(3, CHANNEL, user_id=BOT, thread_id=ANN))
            await storage.add(key, sent(4, CHANNEL, user_id=CHANNEL, thread_id=ANN))
            await storage.add(key, sent(5, CHANNEL, user_id=CHANNEL, thread_id=BOB))
            await storage.add(key, sent(6, GROUP, user_id=BOT, thread_id=ANN))
        assert await storage.erase_entries(BOT, ANN) == 8
        for key in (case, direct):
            assert [it.message_id for it in await storage.list(key)] == [5, 6]

    async def test_who_writes_as_a_chat_is_not_everybody_in_it(self, storage: Any) -> None:
        everybody, anonymous = SessionKey(BOT, GROUP), SessionKey(BOT, GROUP, GROUP)
        for key in (everybody, anonymous, SessionKey(BOT, GROUP, BOB)):
            await storage.add(key, sent(1, GROUP, user_id=GROUP), if_closed=IfClosed.OPEN)
            await storage.add(key, sent(2, GROUP, user_id=BOB))
            await storage.put_data(key, {"form": FORM})
        assert await self.erase(storage, GROUP) == 1
        assert {*await storage.open_keys(BOT)} == {everybody, SessionKey(BOT, GROUP, BOB)}
        assert await storage.read_data(anonymous, now=NOW) == {}
        assert len(await storage.read_data(everybody, now=NOW)) == 1
        assert await storage.erase_entries(BOT, GROUP) == 2
        assert [it.message_id for it in await storage.list(everybody)] == [2]

    async def test_a_repeated_update_does_not_bring_an_erased_entry_back(self, storage: Any) -> None:
        group = SessionKey(BOT, GROUP)
        await storage.open(group, at=NOW)
        await storage.record(IN_GROUP, sent(1, GROUP))
        assert await storage.erase_entries(BOT, ANN) == 1
        await storage.record(IN_GROUP, sent(1, GROUP))
        assert await storage.list(group) == []
        await storage.record(IN_GROUP, sent(2, GROUP))
        assert len(await storage.list(group)) == 1

    async def test_a_day_later_nothing_is_left_of_a_person(self, storage: Any) -> None:
        for key in OF_ANN:
            message = sent(1, key.chat_id, user_id=ANN, business_connection_id=key.business_connection_id)
            await storage.add(key, message, if_closed=IfClosed.OPEN)
            await storage.put_data(key, {"form": FORM})
        await storage.add(OF_ANN[0], sent(5, GROUP))
        await self.erase(storage)
        await storage.erase_entries(BOT, ANN)
        assert await self.left(storage) == 0
