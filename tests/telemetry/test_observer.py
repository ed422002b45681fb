"""What an observer may be, and that it can do no harm."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Generator
from dataclasses import FrozenInstanceError
from functools import partial
from typing import Any, get_args

import pytest
from aiogram import Bot, Dispatcher

from tests.telemetry.conftest import Told, Watched
from tgslices import ConfigurationError, MemorySessionStorage, SessionKey, SessionStorage, setup_sessions
from tgslices.storage.protocol import DURABLE_METHODS
from tgslices.telemetry import MessageRecorded, SessionEvent, SessionOpened
from tgslices.telemetry.observed_storage import ObservedStorage

TOKEN = "42:" + "A" * 35


@pytest.fixture
def storage() -> SessionStorage:
    """One kind will do."""
    return MemorySessionStorage()


async def test_an_observer_that_raises_is_logged_once_and_goes_on_being_called(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[SessionEvent] = []

    def observe(event: SessionEvent) -> None:
        called.append(event)
        raise ValueError("a token: 42:" + "A" * 35)

    async with watched.worker(observer=observe) as bot:
        order = await watched.order(bot).open()
        await order.send_message("one")
        assert await order.clear() == 1
    assert len(called) > 3
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert line == (
        "The observer raised at SessionOpened and goes on being called; its later errors are not logged: ValueError"
    )


async def test_functions_methods_partials_and_objects_may_observe(watched: Watched) -> None:
    kept = Told()
    for observer in (kept, kept.__call__, kept.events.append, partial(list.append, kept.events), lambda _: None):
        async with watched.worker(observer=observer):
            pass


@pytest.mark.parametrize(
    ("observer", "named"),
    [
        ("events", "'events'"),
        (Told, "the class Told"),
    ],
)
def test_what_cannot_be_called_is_refused(observer: object, named: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        setup_sessions(Dispatcher(), observer=observer)  # type: ignore[arg-type]
    assert str(refused.value) == (
        f"observer is {named}. Pass a plain function of one event, or an object with __call__; it is not awaited."
    )


async def _late(event: SessionEvent) -> None: ...


class _Late:
    async def __call__(self, event: SessionEvent) -> None: ...


@pytest.mark.parametrize("observer", [_late, _Late(), partial(_late)])
def test_what_would_have_to_be_awaited_is_refused(observer: object) -> None:
    with pytest.raises(ConfigurationError, match="it is not awaited"):
        setup_sessions(Dispatcher(), observer=observer)  # type: ignore[arg-type]


def _by_parts(event: SessionEvent) -> Generator[SessionEvent]:
    yield event


def _forgets_to_wait(event: SessionEvent) -> Awaitable[None]:
    return _late(event)


@pytest.mark.parametrize("observer", [_forgets_to_wait, _by_parts])
async def test_an_observer_that_observes_nothing_is_told_of(
    watched: Watched, observer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with watched.worker(observer=observer) as bot:
        order = await watched.order(bot).open()
        await order.send_message("one")
        assert await order.clear() == 1
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert line.endswith("its later errors are not logged: AnswersLater")


def test_events_are_frozen_and_have_no_room_for_more() -> None:
    event = SessionOpened(SessionKey(42, 1))
    with pytest.raises(FrozenInstanceError):
        event.key = SessionKey(42, 2)  # type: ignore[misc]
    assert [kind.__name__ for kind in get_args(SessionEvent) if "__slots__" not in vars(kind)] == []


async def test_the_fast_way_to_an_event_makes_the_same_event(watched: Watched) -> None:
    async with watched.worker(polls=True) as bot:
        order = await watched.order(bot).open()
        await watched.says("one")
        [message] = await order.messages()
    [event] = watched.told.of(MessageRecorded)
    expected = MessageRecorded(bot.id, message, 1)
    assert (event, hash(event), repr(event)) == (expected, hash(expected), repr(expected))
    with pytest.raises(FrozenInstanceError):
        event.sessions = 2  # type: ignore[misc]


async def test_where_nobody_observes_nothing_stands_between() -> None:
    storage = MemorySessionStorage()
    bot = Bot(TOKEN)
    setup_sessions(Dispatcher(), bot, storage=storage)
    tracker = bot.sessions.tracker  # type: ignore[attr-defined]
    assert tracker.storage is storage
    assert tracker.tell is None


async def test_an_observed_storage_has_every_method_of_the_protocol(watched: Watched) -> None:
    async with watched.worker() as bot:
        storage = bot.sessions.tracker.storage
        assert isinstance(storage, ObservedStorage)
        assert [name for name in DURABLE_METHODS if not callable(getattr(storage, name, None))] == []
        assert bot.sessions.storage is watched.storage
        with pytest.raises(AttributeError):
            storage.no_such_method  # noqa: B018
