"""What a durable storage must do with sessions that end by themselves.

Past 300 lines, because the contract is one class, from which a plugin's author derives.
"""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from tgslices.model import MAX_WAIT, Direction, IfClosed, SessionKey
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.ending_protocol import Due, DueSession, End, EndReason
from tgslices.testing.contract.entries import WRITERS
from tgslices.testing.contract.lease_machine import LeaseMachine
from tgslices.testing.contract.machine import run_machine
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS, STRINGS, exactly, sent
from tgslices.testing.contract.upkeep import IN_PRIVATE, UpkeepContract

BOT = KEY.bot_id
SOON: Final = NOW + MINUTE
LIMIT: Final = NOW + timedelta(hours=48)
CLEAR: Final = End(EndReason.IDLE, "clear", tells=True)
CLOSE: Final = End(EndReason.MOST, "close", tells=True)
QUIETLY: Final = End(EndReason.IDLE, "clear", tells=False)


def numbered(number: int) -> SessionKey:
    """Return one of many keys."""
    return replace(KEY, qualifier=f"number {number}")


def due_at(at: datetime, limit: datetime = LIMIT) -> Due:
    """Return when a session is due."""
    return Due(at, limit)


class LifetimeContract(UpkeepContract):
    """Tests of leasing, postponing and ending sessions, and of ends that are to be told."""

    async def lease_one(self, storage: Any, *, now: datetime = NOW, until: datetime = SOON) -> DueSession:
        [session] = await storage.lease_sessions(BOT, now=now, until=until, limit=10)
        assert isinstance(session, DueSession)
        return session

    async def end(self, storage: Any, session: DueSession, end: End = CLEAR, *, now: datetime = NOW) -> Any:
        return await storage.end_session(session, end, now=now, until=SOON, limit=100)

    # What is due

    async def test_leases_do_what_a_plain_model_does_while_clocks_step(self, tmp_path: Path) -> None:
        await asyncio.to_thread(run_machine, self, LeaseMachine, tmp_path, self.examples)

    async def test_a_session_is_due_when_it_was_opened_to_be_and_not_before(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(SOON))
        assert await storage.next_session_due(BOT, now=NOW) == SOON
        assert await storage.next_session_due(43, now=NOW) is None
        almost = SOON - timedelta(microseconds=1)
        assert await storage.lease_sessions(BOT, now=almost, until=SOON + MINUTE, limit=10) == []
        assert await storage.lease_sessions(43, now=SOON, until=SOON + MINUTE, limit=10) == []
        session = await self.lease_one(storage, now=SOON, until=SOON + MINUTE)
        assert session == DueSession(KEY, NOW, SOON + MINUTE, NOW, None)
        assert await storage.lease_sessions(BOT, now=SOON, until=SOON + MINUTE, limit=10) == []
        assert await storage.next_session_due(BOT, now=NOW) == SOON + MINUTE
        assert await self.lease_one(storage, now=SOON + MINUTE, until=SOON + 2 * MINUTE) == replace(
            session, leased_until=SOON + 2 * MINUTE
        )

    async def test_a_session_without_a_due_is_never_looked_at(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        await storage.add(OTHER_KEYS[1], sent(1), if_closed=IfClosed.OPEN)
        assert await storage.next_session_due(BOT, now=NOW) is None
        assert await storage.lease_sessions(BOT, now=NOW + MAX_WAIT, until=NOW, limit=10) == []

    async def test_an_entry_that_opens_makes_its_session_due(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN, due=due_at(NOW))
        await storage.add(OTHER_KEYS[1], sent(1), if_closed=IfClosed.KEEP, due=due_at(NOW))
        await storage.add(OTHER_KEYS[2], sent(1), if_closed=IfClosed.SKIP, due=due_at(NOW))
        await storage.add(OTHER_KEYS[3], sent(1), if_closed=IfClosed.OPEN, outside=sent(2), due=due_at(NOW))
        leased = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=10)
        assert {session.key for session in leased} == {KEY, OTHER_KEYS[3]}

    async def test_only_the_opening_sets_when_a_session_is_due(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(SOON))
        await storage.open(KEY, at=NOW + MINUTE, due=due_at(SOON + MINUTE))
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN, due=due_at(SOON + 2 * MINUTE))
        await storage.record(IN_PRIVATE, sent(2, at=SOON))
        assert await storage.next_session_due(BOT, now=NOW) == SOON
        session = await self.lease_one(storage, now=SOON, until=SOON + MINUTE)
        assert (session.opened_at, session.active_at) == (NOW, SOON)

    async def test_what_ends_a_session_ends_its_due(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await storage.close(KEY, at=NOW)
        assert await storage.next_session_due(BOT, now=NOW) is None
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await storage.unsubscribe(KEY)
        assert await storage.next_session_due(BOT, now=NOW) is None
        assert await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=10) == []
        await storage.open(KEY, at=SOON, due=due_at(SOON + MINUTE))
        assert await storage.next_session_due(BOT, now=NOW) == SOON + MINUTE

    async def test_what_is_due_comes_with_what_was_recorded_last_and_with_its_oldest_entry(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await storage.record(IN_PRIVATE, sent(1, date=NOW - MINUTE, at=NOW + MINUTE))
        await storage.record(IN_PRIVATE, sent(2, date=None, at=NOW + 3 * MINUTE))
        await storage.record(IN_PRIVATE, sent(3, date=NOW - 2 * MINUTE, at=NOW + 2 * MINUTE))
        session = await self.lease_one(storage)
        assert session == DueSession(KEY, NOW, SOON, NOW + 3 * MINUTE, NOW - 2 * MINUTE)
        await storage.remove(KEY, [sent(3)])
        await storage.claim(KEY, [sent(1)], now=NOW, until=NOW)
        session = await self.lease_one(storage, now=SOON, until=SOON + MINUTE)
        assert session == DueSession(KEY, NOW, SOON + MINUTE, NOW + 3 * MINUTE, NOW + 3 * MINUTE)

    async def test_each_session_comes_with_its_own_times(self, storage: Any) -> None:
        for number in range(4):
            key, scope = replace(KEY, chat_id=100 + number), replace(IN_PRIVATE, chat_id=100 + number)
            await storage.open(key, at=NOW, due=due_at(NOW))
            for message in range(number):
                minute = NOW + (10 * number + message) * MINUTE
                await storage.record(scope, sent(message, key.chat_id, at=minute, date=minute))
        leased = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=9)
        assert {session.key.chat_id: (session.active_at, session.oldest_at) for session in leased} == {
            100: (NOW, None),
            101: (NOW + 10 * MINUTE, NOW + 10 * MINUTE),
            102: (NOW + 21 * MINUTE, NOW + 20 * MINUTE),
            103: (NOW + 32 * MINUTE, NOW + 30 * MINUTE),
        }

    async def test_a_message_that_left_the_session_was_recorded_all_the_same(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await storage.record(IN_PRIVATE, sent(1, at=NOW + 2 * MINUTE))
        await storage.clear(KEY)
        session = await self.lease_one(storage)
        assert session == DueSession(KEY, NOW, SOON, NOW + 2 * MINUTE, None)
        await storage.unsubscribe(KEY)
        await storage.open(KEY, at=NOW + 5 * MINUTE, due=due_at(NOW))
        assert (await self.lease_one(storage)).active_at == NOW + 5 * MINUTE

    async def test_a_change_of_data_counts_as_what_was_recorded_last(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        stored = StoredData("1", 1, NOW + 2 * MINUTE)
        await storage.put_data(KEY, {"form": stored})
        await storage.put_data(OTHER_KEYS[1], {"form": StoredData("1", 1, NOW + 5 * MINUTE)})
        session = await self.lease_one(storage)
        assert session == DueSession(KEY, NOW, SOON, NOW + 2 * MINUTE, None)
        await storage.put_data(KEY, {"form": StoredData("2", 1, NOW + 3 * MINUTE)})
        assert await self.end(storage, session) is None
        again = await self.lease_one(storage, now=SOON, until=SOON + MINUTE)
        assert again.active_at == NOW + 3 * MINUTE
        assert await self.end(storage, again) == []
        assert await storage.read_data(KEY, now=NOW) == {}
        assert len(await storage.read_data(OTHER_KEYS[1], now=NOW)) == 1

    async def test_a_session_whose_data_is_held_stays_unless_it_is_too_old(self, storage: Any) -> None:
        keys = [numbered(number) for number in range(4)]
        for key in keys:
            await storage.open(key, at=NOW, due=due_at(NOW))
        kept, late, let_go, too_old = (DataHold(key, frozenset(["form"]), f"holder of {key.qualifier}") for key in keys)
        for hold in (kept, let_go, too_old):
            assert await storage.hold_data(hold, now=NOW, until=NOW + MINUTE) == {}
        assert await storage.hold_data(late, now=NOW - MINUTE, until=NOW) == {}
        assert await storage.write_data(let_go, {}) is True
        leased = {it.key: it for it in await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=9)}
        assert await self.end(storage, leased[kept.key]) is None
        assert await self.end(storage, leased[late.key]) == [], "its holder has died"
        assert await self.end(storage, leased[let_go.key]) == []
        assert await self.end(storage, replace(leased[too_old.key], active_at=NOW + MAX_WAIT)) == []
        stored = StoredData("1", 1, NOW)
        assert await storage.write_data(kept, {"form": stored}) is True
        assert await storage.read_data(kept.key, now=NOW) == {"form": stored}
        assert await self.end(storage, leased[kept.key]) == []

    async def test_sessions_that_are_open_already_become_due_once(self, storage: Any) -> None:
        keys = [numbered(number) for number in range(5)]
        for key in keys[:3]:
            await storage.open(key, at=NOW - MINUTE)
        await storage.record(IN_PRIVATE, sent(1))
        await storage.open(keys[3], at=NOW, due=due_at(SOON))
        dues = {key: due_at(NOW, LIMIT + number * MINUTE) for number, key in enumerate(keys)}
        await storage.schedule_sessions(dues)
        await storage.schedule_sessions({key: due_at(SOON) for key in keys})
        await storage.schedule_sessions({})
        leased = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=10)
        assert [session.key for session in leased] == keys[:3], "what is due stays, what is closed stays closed"
        assert {session.opened_at for session in leased} == {NOW - MINUTE}
        assert {session.active_at for session in leased} == {sent(1).at}
        assert await storage.is_open(keys[4]) is False
        assert await self.end(storage, leased[0]) == [sent(1)]

    async def test_the_most_urgent_come_first_and_not_those_that_came_first(self, storage: Any) -> None:
        hours = timedelta(hours=1)
        dues = {
            "an hour to go": due_at(NOW, NOW + hours),
            "two hours to go, due first": due_at(NOW - MINUTE, NOW + 2 * hours),
            "past its limit, due long ago": due_at(NOW - 60 * hours, NOW - 20 * hours),
            "past its limit": due_at(NOW - 50 * hours, NOW),
            "not due, though it hurries": due_at(SOON, NOW + MINUTE),
        }
        for name, due in dues.items():
            await storage.open(replace(KEY, qualifier=name), at=NOW, due=due)
        leased = [await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=limit) for limit in (1, 2, 10)]
        assert [[session.key.qualifier for session in part] for part in leased] == [
            ["an hour to go"],
            ["two hours to go, due first", "past its limit, due long ago"],
            ["past its limit"],
        ]

    async def test_what_becomes_more_urgent_comes_before_what_others_were_leased_before(self, storage: Any) -> None:
        hours = timedelta(hours=1)
        for number in range(1, 5):
            await storage.open(numbered(number), at=NOW, due=due_at(NOW, NOW + number * hours))
        [first] = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=1)
        [second] = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=1)
        await storage.open(numbered(5), at=NOW, due=due_at(NOW, NOW + hours / 2))
        await storage.postpone_session(first, due_at(NOW, NOW + hours / 3))
        leased = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=3)
        assert [session.key for session in (first, second)] == [numbered(1), numbered(2)]
        assert [session.key for session in leased] == [numbered(1), numbered(5), numbered(3)]

    async def test_a_session_whose_lease_is_over_is_as_urgent_as_before(self, storage: Any) -> None:
        for number in (1, 2, 3):
            await storage.open(numbered(number), at=NOW, due=due_at(NOW - number * MINUTE, LIMIT + number * MINUTE))
        assert [it.key for it in await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=2)] == [
            *map(numbered, (1, 2))
        ]
        assert [it.key for it in await storage.lease_sessions(BOT, now=SOON, until=LIMIT, limit=2)] == [
            *map(numbered, (1, 2))
        ]

    async def test_sessions_with_any_strings_are_leased_as_they_are(self, storage: Any) -> None:
        keys = {replace(KEY, qualifier=text, business_connection_id=text) for text in STRINGS}
        keys |= {key for key in OTHER_KEYS if key.bot_id == BOT}
        for key in keys:
            await storage.open(key, at=NOW, due=due_at(NOW))
        leased = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=1_000)
        assert len(leased) == len(keys)
        assert {session.key for session in leased} == keys

    async def test_leases_at_the_same_time_share_out_the_sessions(self, storage: Any) -> None:
        for number in range(WRITERS):
            await storage.open(numbered(number), at=NOW, due=due_at(NOW))
        leases = await asyncio.gather(
            *(storage.lease_sessions(BOT, now=NOW, until=SOON, limit=3) for _ in range(WRITERS))
        )
        leased = [session.key for part in leases for session in part]
        assert len(leased) == WRITERS
        assert set(leased) == {numbered(number) for number in range(WRITERS)}

    async def test_the_due_of_a_clock_that_was_ahead_has_come(self, storage: Any) -> None:
        ahead = NOW + MAX_WAIT + MINUTE
        await storage.open(KEY, at=ahead, due=due_at(ahead, ahead + MAX_WAIT))
        await storage.open(OTHER_KEYS[1], at=NOW, due=due_at(NOW + MAX_WAIT))
        assert await storage.next_session_due(BOT, now=NOW) == NOW
        assert (await self.lease_one(storage)).key == KEY
        assert await storage.next_session_due(BOT, now=NOW) == SOON

    async def test_times_of_sessions_are_moments_whatever_zone_they_come_in(self, storage: Any) -> None:
        zone = timezone(timedelta(hours=14))
        await storage.open(KEY, at=NOW.astimezone(zone), due=due_at(SOON.astimezone(zone), LIMIT.astimezone(zone)))
        assert await storage.next_session_due(BOT, now=NOW) == SOON
        session = await self.lease_one(storage, now=SOON.astimezone(zone), until=(SOON + MINUTE).astimezone(zone))
        assert session == DueSession(KEY, NOW, SOON + MINUTE, NOW, None)
        assert await self.end(storage, session, now=SOON.astimezone(zone)) == []
        [ended] = await storage.lease_ends(BOT, now=SOON, until=SOON, limit=9)
        assert ended.ended_at == SOON

    # Postponing

    async def test_a_postponed_session_is_due_later_and_remembers_what_it_did(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await storage.record(IN_PRIVATE, sent(1, at=NOW + MINUTE, direction=Direction.OUTGOING))
        session = await self.lease_one(storage)
        assert await storage.postpone_session(session, due_at(SOON + MINUTE)) is True
        assert await storage.next_session_due(BOT, now=NOW) == SOON + MINUTE
        await storage.clear(KEY)
        again = await self.lease_one(storage, now=SOON + MINUTE, until=SOON + 2 * MINUTE)
        assert again == DueSession(KEY, NOW, SOON + 2 * MINUTE, NOW + MINUTE, None)
        assert await storage.postpone_session(session, due_at(NOW)) is False
        assert await storage.next_session_due(BOT, now=NOW) == SOON + 2 * MINUTE

    async def test_a_session_that_is_never_due_again_stays_open(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        assert await storage.postpone_session(await self.lease_one(storage), None) is True
        assert await storage.next_session_due(BOT, now=NOW) is None
        assert await storage.is_open(KEY) is True
        await storage.close(KEY, at=NOW)
        assert await self.left(storage) == 0

    async def test_the_lease_of_a_session_that_was_opened_again_counts_no_more(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        session = await self.lease_one(storage)
        await storage.close(KEY, at=NOW)
        assert await storage.postpone_session(session, due_at(NOW)) is False
        await storage.open(KEY, at=SOON, due=due_at(SOON + MINUTE))
        assert await storage.postpone_session(session, due_at(NOW)) is False
        assert await self.end(storage, session) is None
        assert await storage.is_open(KEY) is True
        assert await storage.next_session_due(BOT, now=NOW) == SOON + MINUTE

    # Ending

    async def test_an_ended_session_is_closed_and_its_entries_are_pending(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        for number in (5, 1, 3):
            await storage.record(IN_PRIVATE, sent(number))
        ended = await self.end(storage, await self.lease_one(storage), now=SOON)
        assert [exactly(it) for it in ended] == [exactly(sent(number)) for number in (5, 1, 3)]
        assert await storage.is_open(KEY) is False
        assert await storage.list(KEY) == []
        pending = await storage.pending(BOT)
        assert {(it.key, it.message, it.claimed_at, it.due_at) for it in pending} == {
            (KEY, sent(number), SOON, SOON) for number in (1, 3, 5)
        }
        assert await storage.record(IN_PRIVATE, sent(7)) == 0
        assert await storage.open(KEY, at=NOW, begun_at=SOON - MINUTE / 2) is False
        assert await storage.open(KEY, at=NOW, begun_at=SOON) is True
        assert await storage.record(IN_PRIVATE, sent(3)) == 1
        assert await storage.list(KEY) == []

    async def test_a_session_that_is_only_closed_leaves_nothing_to_delete(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await storage.record(IN_PRIVATE, sent(1))
        assert await self.end(storage, await self.lease_one(storage), CLOSE) == []
        assert await storage.is_open(KEY) is False
        assert await storage.list(KEY) == []
        assert await storage.pending(BOT) == []

    async def test_a_session_that_was_touched_meanwhile_is_not_ended(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        session = await self.lease_one(storage)
        await storage.record(IN_PRIVATE, sent(1, at=NOW + timedelta(microseconds=1)))
        for end in (CLEAR, CLOSE):
            assert await self.end(storage, session, end) is None
        assert await storage.is_open(KEY) is True
        assert await storage.list(KEY) == [sent(1)]
        assert await storage.lease_ends(BOT, now=LIMIT, until=LIMIT, limit=9) == []
        assert await storage.next_session_due(BOT, now=NOW) == SOON
        again = await self.lease_one(storage, now=SOON, until=SOON + MINUTE)
        assert await self.end(storage, again) == [sent(1)]

    async def test_a_session_ends_once_however_many_workers_end_it(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await storage.record(IN_PRIVATE, sent(1))
        session = await self.lease_one(storage)
        ended = await asyncio.gather(*(self.end(storage, session) for _ in range(WRITERS)))
        assert [it for it in ended if it is not None] == [[sent(1)]]
        assert len(await storage.lease_ends(BOT, now=SOON, until=SOON, limit=9)) == 1

    async def test_recording_while_a_session_ends_is_before_or_after_and_never_lost(self, storage: Any) -> None:
        for number in range(WRITERS):
            key, scope = replace(KEY, chat_id=100 + number), replace(IN_PRIVATE, chat_id=100 + number)
            await storage.open(key, at=NOW, due=due_at(NOW))
            [session] = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=1)
            ended, matched = await asyncio.gather(
                self.end(storage, session), storage.record(scope, sent(1, key.chat_id, at=SOON))
            )
            is_open = await storage.is_open(key)
            assert (ended is None) is is_open
            assert matched == is_open
            assert await storage.list(key) == ([sent(1, key.chat_id)] if is_open else [])
            await storage.close(key, at=NOW)

    async def test_an_end_that_nobody_is_to_be_told_leaves_nothing(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await storage.record(IN_PRIVATE, sent(1))
        assert await self.end(storage, await self.lease_one(storage), QUIETLY) == [sent(1)]
        assert await storage.next_session_due(BOT, now=NOW) is None
        assert await storage.settle(await storage.pending(BOT)) == 1
        assert await self.left(storage) == 0

    async def test_what_a_long_session_has_left_stays_under_its_key(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        every = [sent(number) for number in range(5)]
        for message in every:
            await storage.record(IN_PRIVATE, message)
        session = await self.lease_one(storage)
        assert await storage.end_session(session, QUIETLY, now=NOW, until=SOON, limit=3) == every[:3]
        assert await storage.is_open(KEY) is False
        assert await storage.list(KEY) == every[3:]
        [ended] = await storage.lease_ends(BOT, now=SOON, until=SOON, limit=9)
        assert (ended.key, ended.is_partial) == (KEY, True)
        assert await storage.claim(KEY, None, now=NOW, until=NOW) == every[3:]
        assert await storage.settle_end(ended) is True
        assert await storage.settle(await storage.pending(BOT)) == 5
        assert await self.left(storage) == 0

    # Ends that are to be told

    async def test_an_end_is_kept_until_it_is_settled(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        await self.end(storage, await self.lease_one(storage), CLOSE)
        assert await storage.next_session_due(BOT, now=NOW) == SOON
        assert await storage.next_session_due(43, now=NOW) is None
        assert await storage.lease_ends(BOT, now=SOON - timedelta(microseconds=1), until=SOON, limit=9) == []
        assert await storage.lease_ends(43, now=SOON, until=SOON, limit=9) == []
        [ended] = await storage.lease_ends(BOT, now=SOON, until=SOON + MINUTE, limit=9)
        fields = (ended.key, ended.reason, ended.ended_at, ended.is_partial, ended.leased_until)
        assert fields == (KEY, EndReason.MOST, NOW, False, SOON + MINUTE)
        assert await storage.lease_ends(BOT, now=SOON, until=SOON + MINUTE, limit=9) == []
        await storage.postpone_end(ended, until=SOON)
        assert await storage.lease_ends(BOT, now=SOON, until=SOON + MINUTE, limit=9) == [ended]
        assert await storage.settle_end(ended) is True
        assert await storage.settle_end(ended) is False
        await storage.postpone_end(ended, until=NOW)
        assert await storage.next_session_due(BOT, now=NOW) is None
        assert await self.left(storage) == 0

    async def test_an_end_outlives_the_next_opening_of_its_key(self, storage: Any) -> None:
        for minute in (0, 1):
            now = NOW + minute * MINUTE
            await storage.open(KEY, at=now, due=due_at(now))
            [session] = await storage.lease_sessions(BOT, now=now, until=LIMIT, limit=9)
            await self.end(storage, session, now=now)
        await storage.open(KEY, at=LIMIT)
        ended = await storage.lease_ends(BOT, now=SOON, until=SOON, limit=9)
        assert [(it.key, it.ended_at) for it in ended] == [(KEY, NOW), (KEY, SOON)]
        await storage.settle_end(ended[0])
        assert await storage.lease_ends(BOT, now=SOON, until=SOON, limit=9) == ended[1:]

    async def test_ends_are_shared_out_and_no_more_are_leased_than_asked_for(self, storage: Any) -> None:
        for number in range(6):
            await storage.open(numbered(number), at=NOW, due=due_at(NOW))
        for session in await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=9):
            await self.end(storage, session)
        leases = await asyncio.gather(
            *(storage.lease_ends(BOT, now=SOON, until=SOON + MINUTE, limit=2) for _ in range(WRITERS))
        )
        assert {len(part) for part in leases} <= {0, 1, 2}
        told = [it.key for part in leases for it in part]
        assert sorted(told, key=repr) == [numbered(number) for number in range(6)]

    async def test_the_lease_of_an_end_by_a_clock_that_was_ahead_is_over(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=due_at(NOW))
        session = await self.lease_one(storage)
        await storage.end_session(session, CLEAR, now=NOW, until=NOW + MAX_WAIT + MINUTE, limit=9)
        assert await storage.next_session_due(BOT, now=NOW) == NOW
        assert len(await storage.lease_ends(BOT, now=NOW, until=SOON, limit=9)) == 1

    # Migration

    async def test_a_session_that_is_due_moves_with_its_chat(self, storage: Any) -> None:
        old, new = SessionKey(BOT, -5), SessionKey(BOT, -1005)
        await storage.open(old, at=NOW, due=due_at(NOW))
        session = await self.lease_one(storage)
        await storage.migrate(BOT, -5, -1005)
        assert await self.end(storage, session) is None
        assert await storage.is_open(new) is True
        assert await storage.next_session_due(BOT, now=NOW) == SOON
        moved = await self.lease_one(storage, now=SOON, until=SOON + MINUTE)
        assert moved == DueSession(new, NOW, SOON + MINUTE, NOW, None)
        assert await self.end(storage, moved, now=SOON) == []
        await storage.migrate(BOT, -1005, -2005)
        [ended] = await storage.lease_ends(BOT, now=SOON, until=SOON, limit=9)
        assert ended.key == SessionKey(BOT, -2005)
        assert await storage.settle_end(ended) is True

    async def test_of_two_sessions_that_become_one_the_earlier_due_stays(self, storage: Any) -> None:
        old, new = SessionKey(BOT, -5), SessionKey(BOT, -1005)
        for moving, there in ((NOW, SOON), (SOON, NOW), (NOW, None), (None, NOW)):
            await storage.open(old, at=NOW, due=None if moving is None else due_at(moving))
            await storage.open(new, at=NOW, due=None if there is None else due_at(there))
            await storage.migrate(BOT, -5, -1005)
            assert await storage.next_session_due(BOT, now=NOW) == NOW
            assert (await self.lease_one(storage)).key == new
            await storage.close(new, at=NOW)
