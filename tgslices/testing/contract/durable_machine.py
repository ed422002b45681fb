"""The whole durable protocol against a plain model, under random calls."""

# ruff: noqa: S101 - a failed comparison is a failed test

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tgslices.model import PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.testing.contract.machine import EntriesMachine, keys, messages, some_messages
from tgslices.testing.contract.samples import MINUTE, NOW, exactly, exactly_pending

minutes = st.integers(0, 4).map(lambda number: NOW + number * MINUTE)
scopes = st.builds(
    Scope,
    bot_id=st.sampled_from([42, 42, 43]),
    chat_id=st.sampled_from([1, 2]),
    user_id=st.sampled_from([None, 5, 6]),
    thread_id=st.sampled_from([None, 3]),
    business_connection_id=st.sampled_from([None, None, "c", ""]),
)


class DurableMachine(EntriesMachine):
    """Adds a set of open keys and a dictionary of pending deletions to the model."""

    def __init__(self) -> None:
        """Start with nothing open and nothing pending."""
        super().__init__()
        self.open_keys: set[SessionKey] = set()
        self.pending: dict[PendingDeletion, PendingDeletion] = {}

    def _matching(self, scope: Scope) -> list[SessionKey]:
        return [
            key
            for key in self.open_keys
            if (key.bot_id, key.chat_id) == (scope.bot_id, scope.chat_id)
            and key.business_connection_id == scope.business_connection_id
            and key.user_id in (None, scope.user_id)
            and key.thread_id in (None, scope.thread_id)
        ]

    @rule(key=keys)
    def open(self, key: SessionKey) -> None:
        """Open a key."""
        self.run(self.storage.open(key))
        self.open_keys.add(key)

    @rule(key=keys)
    def unsubscribe(self, key: SessionKey) -> None:
        """Let a key be open no more."""
        self.run(self.storage.unsubscribe(key))
        self.open_keys.discard(key)

    @rule(key=keys)
    def close(self, key: SessionKey) -> None:
        """Close a key."""
        assert self.run(self.storage.close(key)) == len(self.entries.pop(key, []))
        self.open_keys.discard(key)

    @rule(scope=scopes, message=messages)
    def record(self, scope: Scope, message: TrackedMessage) -> None:
        """Record a message."""
        matching = self._matching(scope)
        assert sorted(self.run(self.storage.matching(scope)), key=repr) == sorted(matching, key=repr)
        assert self.run(self.storage.record(scope, message)) == len(matching)
        for key in matching:
            self.add_to_model(key, message)

    @rule(key=keys, message=messages)
    def add_opening(self, key: SessionKey, message: TrackedMessage) -> None:
        """Add and open."""
        self.run(self.storage.add_opening(key, message))
        self.open_keys.add(key)
        self.add_to_model(key, message)

    @rule(key=keys, message=messages)
    def add_if_open(self, key: SessionKey, message: TrackedMessage) -> None:
        """Add where open."""
        assert self.run(self.storage.add_if_open(key, message)) is (key in self.open_keys)
        if key in self.open_keys:
            self.add_to_model(key, message)

    @rule(bot=st.sampled_from([42, 43]), gone=some_messages)
    def discard(self, bot: int, gone: list[TrackedMessage]) -> None:
        """Drop messages that are gone."""
        connection, chat_id = gone[0].business_connection_id, gone[0].chat_id
        ids = [message.message_id for message in gone]

        def is_gone(message: TrackedMessage) -> bool:
            place = (message.business_connection_id, message.chat_id)
            return place == (connection, chat_id) and message.message_id in ids

        expected = 0
        for key in [key for key in self.entries if key.bot_id == bot]:
            expected += len(self.take_from_model(key, [it for it in self.entries[key] if is_gone(it)]))
        for pending in [it for it in self.pending if it.key.bot_id == bot and is_gone(it.message)]:
            del self.pending[pending]
            expected += 1
        assert self.run(self.storage.discard(bot, connection, chat_id, ids)) == expected

    @rule(bot=st.sampled_from([42, 43]), old=st.sampled_from([1, 2]))
    def migrate(self, bot: int, old: int) -> None:
        """Move a chat onto the other one, which has keys of its own."""
        moving = [key for key in {*self.entries, *self.open_keys} if (key.bot_id, key.chat_id) == (bot, old)]
        were_open = self.open_keys.intersection(moving)
        assert set(self.run(self.storage.migrate(bot, old, 3 - old))) == were_open
        for key in moving:
            for message in self.entries.pop(key, []):
                self.add_to_model(replace(key, chat_id=3 - old), message)
        self.open_keys -= were_open
        self.open_keys |= {replace(key, chat_id=3 - old) for key in were_open}
        for pending in [it for it in self.pending if (it.key.bot_id, it.key.chat_id) == (bot, old)]:
            moved = replace(self.pending.pop(pending), key=replace(pending.key, chat_id=3 - old))
            self.pending.setdefault(moved, moved)

    @rule(key=keys, wanted=some_messages, until=minutes)
    def claim(self, key: SessionKey, wanted: list[TrackedMessage], until: datetime) -> None:
        """Claim some entries of a key, which may not be there."""
        expected = self.take_from_model(key, wanted)
        claimed = self.run(self.storage.claim(key, wanted, now=NOW, until=until))
        assert [exactly(it) for it in claimed] == [exactly(it) for it in expected]
        for message in expected:
            new = PendingDeletion(key, message, NOW, until)
            there = self.pending.get(new)
            self.pending[new] = new if there is None else replace(there, due_at=until)

    @rule(data=st.data(), until=minutes)
    def claim_everything(self, data: st.DataObject, until: datetime) -> None:
        """Claim every entry of a key that has some."""
        if self.entries:
            key = data.draw(st.sampled_from(sorted(self.entries, key=repr)))
            self.claim(key, list(self.entries[key]), until)

    @rule(bot=st.sampled_from([42, 43]), now=minutes, until=minutes, limit=st.integers(1, 5))
    def lease(self, bot: int, now: datetime, until: datetime, limit: int) -> None:
        """Lease what is due; any of those that are due at the same time may come first."""
        due = sorted(it.due_at for it in self.pending.values() if it.key.bot_id == bot and it.due_at <= now)[:limit]
        leased = self.run(self.storage.lease(bot, now=now, until=until, limit=limit))
        assert [self.pending[it].due_at for it in leased] == due
        assert len(set(leased)) == len(leased)
        for it in leased:
            self.pending[it] = replace(self.pending[it], due_at=until)
            assert exactly_pending(it) == exactly_pending(self.pending[it])

    @rule(data=st.data(), until=minutes)
    def postpone(self, data: st.DataObject, until: datetime) -> None:
        """Postpone some, one of which may be settled already."""
        chosen = self._some_pending(data)
        self.run(self.storage.postpone(chosen, until=until))
        for it in chosen:
            if it in self.pending:
                self.pending[it] = replace(self.pending[it], due_at=until)

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """Settle some, one of which may be settled already."""
        chosen = self._some_pending(data)
        there = [it for it in chosen if self.pending.pop(it, None) is not None]
        assert self.run(self.storage.settle(chosen)) == len(there)

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
            assert self.run(self.storage.next_due(bot)) == min((it.due_at for it in held), default=None)
            if self.storage.is_idle(bot):
                assert not [key for key in self.open_keys if key.bot_id == bot]
