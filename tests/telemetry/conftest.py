"""Workers of one bot that polls or not, what their observers were told, and a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.promises.workers import worker_of
from tests.storage.conftest import (
    any_storage,
    emptied_postgres_url,
    postgres,
    postgres_url,
    redis_server,
    redis_url,
    url,
)
from tests.storage.redis.servers import RedisServer, prefix_of
from tgslices import MemorySessionStorage, Session, SessionBot, SessionStorage
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.telemetry import SessionEvent, StockTaken
from tgslices.testing import BotAccount, BotApi, ChatView, Person

__all__ = ("any_storage", "emptied_postgres_url", "postgres", "postgres_url", "redis_server", "redis_url", "url")

E = TypeVar("E", bound=SessionEvent)


class Told:
    """An observer that keeps what it was told."""

    def __init__(self) -> None:
        self.events: list[SessionEvent] = []

    def __call__(self, event: SessionEvent) -> None:
        """Keep an event."""
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def names(self) -> list[str]:
        """Return the kinds of all events in order, but for those that a minute brings."""
        return [type(event).__name__ for event in self.events if not isinstance(event, StockTaken)]


class Watched:
    """A bot whose workers are observed, and Ann who writes to it."""

    def __init__(self, api: BotApi, storage: SessionStorage) -> None:
        self.api = api
        self.storage = storage
        self.account: BotAccount = api.add_bot("order_bot")
        self.ann: Person = api.add_person("Ann")
        self.chat: ChatView = self.ann.private_chat(self.account)
        self.told = Told()
        api.clock.freeze()

    @asynccontextmanager
    async def worker(
        self, *, observer: Any = None, storage: SessionStorage | None = None, polls: bool = False, **options: Any
    ) -> AsyncIterator[SessionBot]:
        """Run a process of the bot's; one that does not poll does nothing by itself."""
        options |= {"storage": storage or self.storage, "observer": observer or self.told}
        async with worker_of(self.api, self.account, polls=polls, **options) as bot:
            yield bot
            if not polls:
                await bot.sessions.aclose()

    async def says(self, *texts: str) -> None:
        """Let Ann write, and wait until it is handled."""
        for text in texts:
            await self.chat.types(text)
        await self.api.idle()

    def order(self, bot: SessionBot) -> Session:
        """Return Ann's session, not opened."""
        return bot.sessions.handle(bot.sessions.get(self.chat.id, self.ann.id, qualifier="order", collect=False).key)

    def later(self, time: timedelta) -> None:
        """Let time pass."""
        self.api.clock.move(time)


@pytest.fixture(params=["memory", "sqlite", "postgresql", "redis"])
def shared_storage(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStorage:
    """A storage of each kind that workers share."""
    match request.param:
        case "memory":
            return MemorySessionStorage()
        case "sqlite":
            return SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'kept.db'}", shared=True)
        case "redis":
            server: RedisServer = request.getfixturevalue("redis_server")
            return RedisSessionStorage(server.url, prefix=prefix_of(tmp_path))
        case _:
            return SQLAlchemySessionStorage(request.getfixturevalue("postgres_url"))


@pytest.fixture
def storage(any_storage: SessionStorage) -> SessionStorage:
    """Where the sessions of the bot are kept."""
    return any_storage


@pytest.fixture
async def watched(storage: SessionStorage) -> AsyncIterator[Watched]:
    """A bot, Ann, and a clock that stands still."""
    async with BotApi() as api:
        yield Watched(api, storage)
