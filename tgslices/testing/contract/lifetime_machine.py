"""Sessions that end by themselves against the plain model, under random calls."""

# ruff: noqa: S101 - a failed comparison is a failed test

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tgslices.model import SessionKey, may_come_again
from tgslices.storage.ending_protocol import Due, DueSession, End, EndedSession, EndReason
from tgslices.testing.contract.due_times import DueTime, due_by, is_next
from tgslices.testing.contract.durable_machine import DurableMachine, bots, clocks, due_times, dues, minutes
from tgslices.testing.contract.durable_model import Life
from tgslices.testing.contract.samples import NOW, exactly

ends = st.builds(
    End, reason=st.sampled_from(EndReason), then=st.sampled_from(["clear", "clear", "close"]), tells=st.booleans()
)


class LifetimeMachine(DurableMachine):
    """Makes the same calls to a storage and to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.leased: list[DueSession] = []
        self.ends: dict[EndedSession, EndedSession] = {}

    def migrate_in_model(self, bot: int, old: int) -> None:
        """Let ends follow their chat; two of one key and time are left out of the test."""
        super().migrate_in_model(bot, old)
        for end in [end for end in self.ends if (end.key.bot_id, end.key.chat_id) == (bot, old)]:
            moved = replace(self.ends.pop(end), key=end.key.in_chat(3 - old))
            self.ends[moved] = moved

    def may_migrate(self, bot: int, old: int) -> bool:
        """Tell whether no two ends become one."""
        moved = [replace(end, key=end.key.in_chat(3 - old)) for end in self.ends if end.key.bot_id == bot]
        return super().may_migrate(bot, old) and not any(end in self.ends for end in moved)

    @rule(bot=bots, now=clocks, until=due_times, limit=st.integers(1, 4))
    def lease_sessions(self, bot: int, now: datetime, until: datetime, limit: int) -> None:
        """Lease what is due. Sessions that are equally urgent come in any order."""
        leased = self.run(self.storage.lease_sessions(bot, now=now, until=until, limit=limit))
        keys = [it.key for it in leased]
        assert len(set(keys)) == len(keys)
        assert self._are_most_urgent(keys, bot, now, limit)
        hurrying = [due.limit for key in keys if (due := self.lives[key].due).limit > now]
        assert hurrying == sorted(hurrying)
        for it in leased:
            life = self.lives[it.key]
            by_itself = life.due_time.leased(now, until).by_itself
            self.lives[it.key] = replace(life, due=replace(life.due, at=until), by_itself=by_itself)
            assert (it.opened_at, it.leased_until) == (life.opened_at, until)
            assert self._active_at(it.key)[0] <= it.active_at <= self._active_at(it.key)[1]
            sent = [message.date or message.at for message in self.listed(it.key)]
            assert it.oldest_at == min(sent, default=None)
        self.leased += leased
        assert is_next(self.run(self.storage.next_session_due(bot, now=now)), self._due_times(bot), now)

    def _are_most_urgent(self, taken: list[SessionKey], bot: int, now: datetime, limit: int) -> bool:
        """Tell whether these are due, and no others are more urgent, by either of the times when they are due."""
        lives = {key: life for key, life in self.lives.items() if key.bot_id == bot}
        return any(
            set(taken) <= set(due)
            and sorted(urgency(lives[key], now) for key in taken)
            == sorted(urgency(lives[key], now) for key in due)[:limit]
            for urgency in (_urgency, _urgency_by_itself)
            for due in ([key for key, life in lives.items() if is_due(life.due_time, now)] for is_due in _WAYS)
        )

    def _due_times(self, bot: int) -> list[DueTime]:
        times = [life.due_time for key, life in self.lives.items() if key.bot_id == bot]
        return times + [due_by(end.leased_until) for end in self.ends.values() if end.key.bot_id == bot]

    def _active_at(self, key: SessionKey) -> tuple[datetime, datetime]:
        """Return when a key was active last: at least, and at most, because what is pending may count or not."""
        at = [message.at for message in self.entries.get(key, [])]
        at += [recorded for (it, _), recorded in self.known.items() if it == key]
        at += [self.lives[key].active_at]
        pending = [it.message.at for it in self.pending if it.key == key and not may_come_again(it.message)]
        return max(at), max([*at, *pending])

    @rule(data=st.data(), due=st.none() | dues)
    def postpone_session(self, data: st.DataObject, due: Due | None) -> None:
        """Postpone a session, which may be leased by others, or closed."""
        if not self.leased:
            return
        session = data.draw(st.sampled_from(self.leased))
        is_leased = self._is_leased(session)
        assert self.run(self.storage.postpone_session(session, due)) is is_leased
        if is_leased:
            life = self.lives.pop(session.key)
            if due is not None:
                self.lives[session.key] = Life(life.opened_at, due, session.active_at)

    def _is_leased(self, session: DueSession) -> bool:
        life = self.lives.get(session.key)
        return life is not None and life.due.at == session.leased_until

    @rule(data=st.data(), end=ends, now=minutes, until=due_times, limit=st.integers(1, 3))
    def end_session(self, data: st.DataObject, end: End, now: datetime, until: datetime, limit: int) -> None:
        """End a session, which may have been touched."""
        if not self.leased:
            return
        session = data.draw(st.sampled_from(self.leased))
        key = session.key
        if EndedSession(key, now, end.reason, False, until) in self.ends:
            return
        least, most = self._active_at(key) if key in self.lives else (NOW, NOW)
        ended = self.run(self.storage.end_session(session, end, now=now, until=until, limit=limit))
        if not self._is_leased(session) or least > session.active_at:
            assert ended is None
            return
        if ended is None:
            assert most > session.active_at
            return
        held = list(self.entries.get(key, []))
        claimed = held[:limit] if end.then == "clear" else []
        assert [exactly(it) for it in ended] == [exactly(it) for it in claimed]
        self.claim_in_model(key, claimed, until, now=now)
        if end.then == "close":
            self.learn(key, self.take_from_model(key, held))
        self.close_in_model(key, now)
        is_partial = end.then == "clear" and len(held) > limit
        if end.tells or is_partial:
            new = EndedSession(key, now, end.reason, is_partial, until)
            self.ends[new] = new

    @rule(bot=bots, now=minutes, until=due_times, limit=st.integers(1, 4))
    def lease_ends(self, bot: int, now: datetime, until: datetime, limit: int) -> None:
        """Lease ends that are free."""
        free = sorted(
            it.leased_until
            for it in self.ends.values()
            if it.key.bot_id == bot and due_by(it.leased_until).may_be_due(now)
        )
        leased = self.run(self.storage.lease_ends(bot, now=now, until=until, limit=limit))
        assert [self.ends[it].leased_until for it in leased] == free[:limit]
        assert len(set(leased)) == len(leased)
        for it in leased:
            self.ends[it] = replace(self.ends[it], leased_until=until)
            assert _exactly(it) == _exactly(self.ends[it])

    @rule(data=st.data(), until=due_times)
    def postpone_end(self, data: st.DataObject, until: datetime) -> None:
        """Postpone an end."""
        if self.ends:
            end = data.draw(st.sampled_from(sorted(self.ends, key=repr)))
            self.run(self.storage.postpone_end(end, until=until))
            self.ends[end] = replace(self.ends[end], leased_until=until)

    @rule(data=st.data())
    def settle_end(self, data: st.DataObject) -> None:
        """Settle an end."""
        if self.ends:
            end = data.draw(st.sampled_from(sorted(self.ends, key=repr)))
            assert self.run(self.storage.settle_end(end)) is True
            assert self.run(self.storage.settle_end(end)) is False
            del self.ends[end]

    @invariant()
    def the_next_due_agrees(self) -> None:
        """Compare when the next session or end is due."""
        for bot in (42, 43):
            assert is_next(self.run(self.storage.next_session_due(bot, now=NOW)), self._due_times(bot), NOW)


_WAYS: Final = (DueTime.may_be_due, DueTime.must_be_due)


def _urgency(life: Life, now: datetime) -> tuple[bool, datetime]:
    return (False, life.due.limit) if life.due.limit > now else (True, life.due.at)


def _urgency_by_itself(life: Life, now: datetime) -> tuple[bool, datetime]:
    return (False, life.due.limit) if life.due.limit > now else (True, life.due_time.by_itself)


def _exactly(end: EndedSession) -> tuple[Any, ...]:
    return end.key, end.ended_at, end.reason, end.is_partial, end.leased_until
