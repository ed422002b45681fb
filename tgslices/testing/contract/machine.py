"""A storage and a plain model under the same random calls: they must never differ."""

# ruff: noqa: S101 - a failed comparison is a failed test

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.testing.contract.samples import MINUTE, exactly, sent

T = TypeVar("T")

keys = st.builds(
    SessionKey,
    bot_id=st.sampled_from([42, 42, 43]),
    chat_id=st.sampled_from([1, 2]),
    user_id=st.sampled_from([None, 5, 6]),
    thread_id=st.sampled_from([None, 3]),
    business_connection_id=st.sampled_from([None, None, "c", ""]),
    qualifier=st.sampled_from([None, "", "order"]),
)
"""Keys; many of them share a chat."""


def _of_its_kind(message: TrackedMessage) -> TrackedMessage:
    """Let a message's id tell who sent it and when it was recorded, so that records of it never differ in that."""
    at = message.at + message.message_id % 2 * MINUTE
    match message.message_id:
        case 3:
            return replace(message, at=at, direction=Direction.OUTGOING)
        case 4:
            return replace(message, at=at, direction=Direction.OUTGOING, kind=MessageKind.PINNED_MESSAGE)
    return replace(message, at=at)


messages = st.builds(
    sent,
    message_id=st.integers(0, 4),
    chat_id=st.sampled_from([1, 2]),
    user_id=st.sampled_from([None, 5]),
    business_connection_id=st.sampled_from([None, None, None, "c"]),
    ephemeral_message_id=st.sampled_from([None, None, None, 4]),
    receiver_user_id=st.sampled_from([None, None, None, 9]),
).map(_of_its_kind)
"""Messages; many of them are the same."""

some_messages = st.lists(messages, min_size=1, max_size=4)


class StorageOpener(Protocol):
    """The part of a contract that a machine needs."""

    survives_reopening: ClassVar[bool]

    async def open_storage(self, place: Path) -> Any:
        """Return a storage at a place."""

    async def close_storage(self, storage: Any) -> None:
        """Close it."""


class EntriesMachine(RuleBasedStateMachine):
    """The four methods against a dictionary of lists."""

    opener: ClassVar[StorageOpener]
    places: ClassVar[Path]
    _numbers: ClassVar[Any] = count()

    def __init__(self) -> None:
        """Open an empty storage, in an event loop of its own."""
        super().__init__()
        self._runner = asyncio.Runner()
        self._place = self.places / f"run{next(self._numbers)}"
        self._place.mkdir()
        self.storage = self.run(self.opener.open_storage(self._place))
        self.entries: dict[SessionKey, list[TrackedMessage]] = {}

    def run(self, call: Awaitable[T]) -> T:
        """Await a call to the storage."""

        async def awaited() -> T:
            return await call

        return self._runner.run(awaited())

    def teardown(self) -> None:
        """Close everything."""
        self.run(self.opener.close_storage(self.storage))
        self._runner.close()

    def add_to_model(self, key: SessionKey, message: TrackedMessage) -> None:
        """Add an entry to the model, as a storage should."""
        there = self.entries.setdefault(key, [])
        if message not in there:
            there.append(message)

    def listed(self, key: SessionKey) -> list[TrackedMessage]:
        """Return what the model lists."""
        return self.entries.get(key, [])

    def take_from_model(self, key: SessionKey, gone: list[TrackedMessage]) -> list[TrackedMessage]:
        """Remove entries from the model; return the removed ones."""
        there = self.entries.pop(key, [])
        if kept := [message for message in there if message not in gone]:
            self.entries[key] = kept
        return [message for message in there if message in gone]

    @rule(key=keys, message=messages)
    def add(self, key: SessionKey, message: TrackedMessage) -> None:
        """Add an entry."""
        self.run(self.storage.add(key, message))
        self.add_to_model(key, message)

    @rule(key=keys, gone=some_messages)
    def remove(self, key: SessionKey, gone: list[TrackedMessage]) -> None:
        """Remove entries."""
        assert self.run(self.storage.remove(key, gone)) == len(self.take_from_model(key, gone))

    @rule(key=keys)
    def clear(self, key: SessionKey) -> None:
        """Remove all entries."""
        self.run(self.storage.clear(key))
        self.entries.pop(key, None)

    @rule(key=keys)
    def list_one(self, key: SessionKey) -> None:
        """Look at a key that may hold nothing."""
        assert self.run(self.storage.list(key)) == self.listed(key)

    @rule()
    def reopen(self) -> None:
        """Close the storage and open it anew, if that is to change nothing."""
        if self.opener.survives_reopening:
            self.run(self.opener.close_storage(self.storage))
            self.storage = self.run(self.opener.open_storage(self._place))

    @invariant()
    def every_entry_is_listed_exactly(self) -> None:
        """Compare all that the model holds."""
        for key in self.entries:
            listed = self.run(self.storage.list(key))
            assert [exactly(it) for it in listed] == [exactly(it) for it in self.listed(key)]


def run_machine(opener: StorageOpener, machine: type[RuleBasedStateMachine], places: Path, examples: int) -> None:
    """Run random programs of calls; what fails is shrunk to the shortest program that fails."""
    bound = type(machine.__name__, (machine,), {"opener": opener, "places": places})
    run_state_machine_as_test(
        bound,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
