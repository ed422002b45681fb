"""The whole durable protocol against a plain model, under random calls."""

# ruff: noqa: S101 - a failed comparison is a failed test

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tgslices.model import (
    MAX_WAIT,
    REPEAT_WINDOW,
    Gone,
    IfClosed,
    PendingDeletion,
    Scope,
    SessionKey,
    TrackedMessage,
)
from tgslices.storage.ending_protocol import Due
from tgslices.storage.protocol import Added, Closed
from tgslices.testing.contract.due_times import are_first, is_next
from tgslices.testing.contract.durable_model import DurableModel, is_gone
from tgslices.testing.contract.machine import keys, messages, some_messages
from tgslices.testing.contract.samples import MINUTE, NOW, exactly, exactly_pending

minutes = st.integers(0, 4).map(lambda number: NOW + number * MINUTE)
clocks = minutes | st.just(NOW + MAX_WAIT + 5 * MINUTE)
"""What a clock shows, which may step back or be ahead."""
due_times = minutes | st.just(NOW + MAX_WAIT + 9 * MINUTE)
"""When something is due; the last one was written by a clock that was ahead."""
dues = st.builds(
    Due, at=due_times, limit=st.sampled_from([NOW - timedelta(hours=1), NOW + timedelta(hours=1), NOW + timedelta(2)])
)
"""When a session is due, and by when that is urgent."""
bots = st.sampled_from([42, 42, 43])
scopes = st.builds(
    Scope,
    bot_id=bots,
    chat_id=st.sampled_from([1, 2]),
    user_id=st.sampled_from([None, 5, 6]),
    thread_id=st.sampled_from([None, 3]),
    business_connection_id=st.sampled_from([None, None, "c", ""]),
)
some_gone = st.builds(
    Gone,
    chat_id=st.sampled_from([1, 2]),
    message_ids=st.frozensets(st.integers(0, 5), max_size=3),
    business_connection_id=st.sampled_from([None, None, "c"]),
    receiver_user_id=st.sampled_from([None, None, 9]),
) | st.builds(Gone, chat_id=st.sampled_from([1, 2]), message_ids=st.none(), thread_id=st.sampled_from([3, 4]))


class DurableMachine(DurableModel):
    """Makes the same calls to a storage and to the model."""

    # Opening and closing

    @rule(key=keys, outside=st.none() | messages, begun_at=st.none() | minutes, due=st.none() | dues)
    def open(self, key: SessionKey, outside: TrackedMessage | None, begun_at: datetime | None, due: Due | None) -> None:
        """Open a key."""
        opens = key not in self.open_keys and not self.is_outdated(key, begun_at)
        assert self.run(self.storage.open(key, at=NOW, outside=outside, begun_at=begun_at, due=due)) is opens
        if opens:
            self.open_in_model(key, outside, NOW, due)
        assert self.run(self.storage.is_open(key)) is (key in self.open_keys)

    @rule(key=keys)
    def unsubscribe(self, key: SessionKey) -> None:
        """Let a key be open no more."""
        assert self.run(self.storage.unsubscribe(key)) is (key in self.open_keys)
        self.unsubscribe_in_model(key)

    @rule(key=keys, at=minutes)
    def close(self, key: SessionKey, at: datetime) -> None:
        """Close a key."""
        closed = Closed(len(self.listed(key)), key in self.open_keys)
        assert self.run(self.storage.close(key, at=at)) == closed
        self.learn(key, self.take_from_model(key, self.entries.get(key, [])))
        self.close_in_model(key, at)

    # Entries

    @rule(scope=scopes, message=messages)
    def record(self, scope: Scope, message: TrackedMessage) -> None:
        """Record a message."""
        matching = self.matching(scope)
        assert sorted(self.run(self.storage.matching(scope)), key=repr) == sorted(matching, key=repr)
        assert self.run(self.storage.record(scope, message)) == len(matching)
        for key in matching:
            if not self.leaves_out(key, message):
                self.add_to_model(key, message)

    @rule(data=st.data(), message=messages)
    def record_for_an_open_key(self, data: st.DataObject, message: TrackedMessage) -> None:
        """Record a message where something is open."""
        if self.open_keys:
            key = data.draw(st.sampled_from(sorted(self.open_keys, key=repr)))
            scope = Scope(key.bot_id, key.chat_id, None, key.user_id, key.thread_id, key.business_connection_id)
            self.record(scope, message)

    @rule(
        key=keys,
        message=messages,
        if_closed=st.sampled_from(IfClosed),
        outside=st.none() | messages,
        begun_at=st.none() | minutes,
        unless_known=st.booleans(),
        due=st.none() | dues,
    )
    def add_in_every_way(
        self,
        key: SessionKey,
        message: TrackedMessage,
        if_closed: IfClosed,
        outside: TrackedMessage | None,
        begun_at: datetime | None,
        unless_known: bool,
        due: Due | None,
    ) -> None:
        """Add with all options."""
        is_open = key in self.open_keys
        adds = (is_open or if_closed is not IfClosed.SKIP) and not self.is_outdated(key, begun_at)
        adds = adds and not (if_closed is IfClosed.SKIP and self.was_opened_since(key, begun_at))
        adds = adds and not (unless_known and self.leaves_out(key, message))
        options = {"if_closed": if_closed, "outside": outside, "begun_at": begun_at, "unless_known": unless_known}
        opens = adds and if_closed is IfClosed.OPEN and not is_open
        expected = Added.OPENED if opens else Added(adds)
        assert self.run(self.storage.add(key, message, **options, due=due)) is expected
        if adds:
            self.add_to_model(key, message)
        if opens:
            self.open_in_model(key, outside, message.at, due)

    @rule(bot=bots, message=messages, user_id=st.none() | st.integers(1, 3))
    def is_held(self, bot: int, message: TrackedMessage, user_id: int | None) -> None:
        """Ask whether an open key holds a message of an ordinary name."""
        chat_id, connection = message.chat_id, message.business_connection_id
        named = replace(message, ephemeral_message_id=None, receiver_user_id=None)
        held = any(named in self.entries.get(key, []) for key in self.open_keys if key.bot_id == bot)
        asked = self.storage.is_held(
            bot, chat_id, message.message_id, business_connection_id=connection, user_id=user_id
        )
        assert self.run(asked) is held

    @rule(key=keys, gone=some_messages)
    def remove(self, key: SessionKey, gone: list[TrackedMessage]) -> None:
        """Remove entries."""
        super().remove(key, gone)
        self.learn(key, gone)

    @rule(key=keys)
    def clear(self, key: SessionKey) -> None:
        """Remove all entries."""
        self.learn(key, self.take_from_model(key, self.entries.get(key, [])))
        super().clear(key)

    @rule(bot=bots, gone=some_gone, surely=st.booleans())
    def discard(self, bot: int, gone: Gone, surely: bool) -> None:
        """Drop messages that are gone, or hide their entries."""
        expected = 0
        for key in [key for key in self.entries if key.bot_id == bot]:
            dropped = [it for it in (self.entries if surely else {key: self.listed(key)})[key] if is_gone(it, gone)]
            expected += len(dropped)
            if surely:
                self.learn(key, self.take_from_model(key, dropped))
            else:
                self.hidden.update((key, message) for message in dropped)
        for it in [it for it in self.pending if it.key.bot_id == bot and is_gone(it.message, gone) and surely]:
            del self.pending[it]
            self.learn(it.key, [it.message])
            expected += 1
        assert self.run(self.storage.discard(bot, gone, surely=surely)) == expected

    @rule(bot=bots, old=st.sampled_from([1, 2]))
    def migrate(self, bot: int, old: int) -> None:
        """Move a chat onto the other one, which has keys of its own."""
        if self.may_migrate(bot, old):
            were_open = {key for key in self.open_keys if (key.bot_id, key.chat_id) == (bot, old)}
            assert set(self.run(self.storage.migrate(bot, old, 3 - old))) == were_open
            self.migrate_in_model(bot, old)

    # Pending deletions

    @rule(key=keys, wanted=some_messages, until=due_times)
    def claim(self, key: SessionKey, wanted: list[TrackedMessage], until: datetime) -> None:
        """Claim some entries of a key, which may not be there."""
        expected = [message for message in self.listed(key) if message in wanted]
        claimed = self.run(self.storage.claim(key, wanted, now=NOW, until=until))
        assert [exactly(it) for it in claimed] == [exactly(it) for it in expected]
        self.claim_in_model(key, expected, until)

    @rule(data=st.data(), until=due_times, limit=st.none() | st.integers(1, 3))
    def claim_everything(self, data: st.DataObject, until: datetime, limit: int | None) -> None:
        """Claim every entry of a key that has some, or the oldest of them."""
        if self.entries:
            key = data.draw(st.sampled_from(sorted(self.entries, key=repr)))
            expected = self.entries[key][:limit]
            claimed = self.run(self.storage.claim(key, None, now=NOW, until=until, limit=limit))
            assert [exactly(it) for it in claimed] == [exactly(it) for it in expected]
            self.claim_in_model(key, expected, until)

    @rule(bot=bots, now=clocks, until=due_times, limit=st.integers(1, 5))
    def lease(self, bot: int, now: datetime, until: datetime, limit: int) -> None:
        """Lease what is due. Deletions that are due at the same time come in any order."""
        leased = self.run(self.storage.lease(bot, now=now, until=until, limit=limit))
        assert are_first([self.due_time(it) for it in leased], self.due_times(bot), now, limit)
        assert len(set(leased)) == len(leased)
        for it in leased:
            self.by_itself[it] = self.due_time(it).leased(now, until).by_itself
            self.pending[it] = replace(self.pending[it], due_at=until)
            assert exactly_pending(it) == exactly_pending(self.pending[it])
        assert is_next(self.run(self.storage.next_due(bot, now=now)), self.due_times(bot), now)

    @rule(data=st.data(), until=due_times)
    def postpone(self, data: st.DataObject, until: datetime) -> None:
        """Postpone some pending deletions; one may be settled already."""
        chosen = self._some_pending(data)
        self.run(self.storage.postpone(chosen, until=until))
        for it in chosen:
            if it in self.pending:
                self.pending[it] = replace(self.pending[it], due_at=until)
                self.by_itself[it] = until

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """Settle some pending deletions; one may be settled already."""
        chosen = self._some_pending(data)
        there = [it for it in chosen if self.pending.pop(it, None) is not None]
        assert self.run(self.storage.settle(chosen)) == len(there)
        for it in there:
            self.learn(it.key, [it.message])

    @rule(bot=bots, minute=st.integers(-1, 2))
    def sweep(self, bot: int, minute: int) -> None:
        """Forget what is past."""
        now = NOW + REPEAT_WINDOW + minute * MINUTE
        assert 0 <= self.run(self.storage.sweep(bot, now=now, limit=10_000)) < 10_000
        past = now - REPEAT_WINDOW
        self.known = {(key, it): at for (key, it), at in self.known.items() if key.bot_id != bot or at > past}
        self.closed_at = {key: at for key, at in self.closed_at.items() if key.bot_id != bot or at > past}

    def _some_pending(self, data: st.DataObject) -> list[PendingDeletion]:
        held = sorted(self.pending, key=repr)
        strangers = st.builds(PendingDeletion, keys, messages, st.just(NOW), st.just(NOW))
        chosen = st.lists(st.sampled_from(held) | strangers if held else strangers, max_size=4, unique=True)
        return data.draw(chosen)

    @invariant()
    def everything_else_agrees_too(self) -> None:
        """Compare open keys and pending deletions."""
        for bot in (42, 43):
            assert set(self.run(self.storage.open_keys(bot))) == {key for key in self.open_keys if key.bot_id == bot}
            held = [it for it in self.pending.values() if it.key.bot_id == bot]
            listed = self.run(self.storage.pending(bot))
            assert {exactly_pending(it) for it in listed} == {exactly_pending(it) for it in held}
            assert [it.due_at for it in listed] == sorted(it.due_at for it in held)
            assert is_next(self.run(self.storage.next_due(bot, now=NOW)), self.due_times(bot), NOW)
            if self.storage.is_idle(bot):
                assert not [key for key in self.open_keys if key.bot_id == bot]
        assert all(self.storage.knows_open(key) <= (key in self.open_keys) for key in self.entries)
