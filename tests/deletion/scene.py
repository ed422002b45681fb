"""A bot, the emulator with its clock stopped, and an executor whose waiting moves that clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiogram import Bot

from tgslices.deletion.executor import DeletionExecutor
from tgslices.model import Direction, PendingDeletion, SessionKey, TrackedMessage
from tgslices.results import ClearResult
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.testing import BotAccount, BotApi, Chat, Person, StoredMessage

LEASE = timedelta(minutes=1)


@dataclass(slots=True)
class Scene:
    """What a deletion needs. ``naps`` are the waits that were asked for, in seconds."""

    api: BotApi
    account: BotAccount
    bot: Bot
    ann: Person
    storage: DurableSessionStorage
    naps: list[float] = field(default_factory=list)

    @property
    def key(self) -> SessionKey:
        """Ann's session."""
        return SessionKey(self.account.id, self.ann.id, self.ann.id)

    @property
    def now(self) -> datetime:
        """The emulator's time."""
        return self.api.clock.now()

    def private_chat(self, person: Person | None = None) -> Chat:
        """The private chat of the bot and a person, Ann unless told otherwise."""
        return self.api.world.private_chat(person or self.ann, self.account)

    def executor(self, **options: Any) -> DeletionExecutor:
        """Return a new executor, as a new process would have."""
        return DeletionExecutor(
            self.storage, clock=self.api.clock.now, monotonic=self.monotonic, sleep=self.sleep, **options
        )

    def monotonic(self) -> float:
        """The seconds of a clock that goes with the emulator's."""
        return (self.now - datetime(2020, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)

    async def sleep(self, seconds: float) -> None:
        """Wait without waiting: the clock jumps to the end, once for all who wait at the same time."""
        self.naps.append(seconds)
        end = self.now + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        self.api.clock.move(max(end - self.now, timedelta()))

    def plant(
        self, chat: Chat, count: int = 1, *, own: bool = True, kind: str = "text", age: timedelta = timedelta(0)
    ) -> list[StoredMessage]:
        """Let messages be there, sent ``age`` ago by the bot or by Ann."""
        sender = self.account if own else self.ann
        date = int((self.now - age).timestamp())
        return [self.api.world.store(chat, sender, kind, {"text": "hi"}, date=date) for _ in range(count)]

    def record(self, message: StoredMessage, **more: Any) -> TrackedMessage:
        """Return what would have been tracked of a message; ``more`` replaces any field."""
        own = message.is_from(self.account.id)
        fields: dict[str, Any] = {
            "message_id": message.id_for(self.account.id) if message.ephemeral_id is None else 0,
            "chat_id": message.chat.id,
            "user_id": self.account.id if own else message.sender_id,
            "kind": MessageKind(message.kind),
            "direction": Direction.OUTGOING if own else Direction.INCOMING,
            "date": datetime.fromtimestamp(message.date, UTC),
            "at": datetime.fromtimestamp(message.date, UTC),
            "ephemeral_message_id": message.ephemeral_id,
            "receiver_user_id": message.receiver_id,
        }
        return TrackedMessage(**(fields | more))

    def records(self, messages: Iterable[StoredMessage], **more: Any) -> list[TrackedMessage]:
        """Return what would have been tracked of several messages."""
        return [self.record(message, **more) for message in messages]

    async def claim(self, messages: Sequence[TrackedMessage], key: SessionKey | None = None) -> list[PendingDeletion]:
        """Record messages in a session and claim them, as ``Session.clear`` does."""
        key, now = key or self.key, self.now
        for message in messages:
            await self.storage.add(key, message)
        claimed = await self.storage.claim(key, messages, now=now, until=now + LEASE)
        return [PendingDeletion(key, message, now, now + LEASE) for message in claimed]

    async def clear(self, messages: Sequence[TrackedMessage], **options: Any) -> ClearResult:
        """Claim messages and carry out their deletion with a new executor."""
        return await self.executor(**options).run(self.bot, await self.claim(messages))

    async def settle_due(self, executor: DeletionExecutor | None = None) -> ClearResult:
        """Lease what is due and carry it out, as ``SessionManager.settle_pending`` does."""
        now = self.now
        due = await self.storage.lease(self.account.id, now=now, until=now + LEASE, limit=100_000)
        return await (executor or self.executor()).run(self.bot, due)

    async def settle_all(self, *, rounds: int = 60) -> None:
        """Go on settling, each time when the next deletion is due, until nothing is pending."""
        executor = self.executor()
        for _ in range(rounds):
            due = await self.storage.next_due(self.account.id, now=self.now)
            if due is None:
                return
            self.api.clock.move(max(due - self.now, timedelta()))
            await self.settle_due(executor)
        raise AssertionError(f"still pending: {await self.pending()}")

    async def pending(self) -> list[PendingDeletion]:
        """Return what is pending."""
        return await self.storage.pending(self.account.id)

    def asked(self, method: str = "deleteMessages") -> list[list[int]]:
        """Return the ids of every call of a method, in the order of the calls."""
        return [r.arguments["message_ids"] for r in self.api.requests if r.method == method]


def all_gone(messages: Iterable[StoredMessage]) -> bool:
    """Tell whether every message was deleted."""
    return all(message.is_deleted for message in messages)


def none_gone(messages: Iterable[StoredMessage]) -> bool:
    """Tell whether no message was deleted."""
    return not any(message.is_deleted for message in messages)
