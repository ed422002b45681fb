"""Observers: called with each event, and kept from doing harm."""

from __future__ import annotations

import inspect
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, Final, Protocol, TypeAlias

from tgslices.error_texts.without_secrets import described
from tgslices.errors import ConfigurationError, quoted
from tgslices.event_loop.async_callables import is_async
from tgslices.model import TrackedMessage
from tgslices.telemetry.events import (
    MessageRecorded,
    MessageRecordedTwin,
    SessionEvent,
    Work,
    WorkBegun,
    WorkDone,
)

log = logging.getLogger("tgslices")

_numbers: Final = count(1)


class SessionObserver(Protocol):
    """Anything that can be called with an event: a function, or an object."""

    def __call__(self, event: SessionEvent, /) -> object:
        """Take note of an event, at once: it is called and not awaited, in the task of what it is told of.

        One that raises is logged once, and goes on being called. Events of one bot come one after the other; those
        of tasks and bots that work side by side come in any order.
        """


def require_observer(observer: object) -> None:
    """Refuse what could not be called, or would have to be awaited.

    Raises:
        ConfigurationError: it is no plain function, and no object that can be called like one.
    """
    if not callable(observer) or is_async(observer) or isinstance(observer, type):
        raise ConfigurationError(
            f"observer is {quoted(observer)}.",
            "Pass a plain function of one event, or an object with __call__; it is not awaited.",
        )


Recorder: TypeAlias = Callable[[TrackedMessage, int], object]
"""Takes note of a message that was recorded, and of how many sessions it went to."""


class CountsRecorded(ABC):
    """An observer that takes note of recorded messages without an event for each.

    On the path of every update an event, and telling its kind and bot, cost more than counting it.
    """

    @abstractmethod
    def recorder(self, bot_id: int) -> Recorder:
        """Return what does for a bot's messages what a ``MessageRecorded`` would do."""


class Telling:
    """Tells an observer events, and raises nothing: what the observer raises is logged once."""

    __slots__ = ("_call", "_has_failed", "_observer")

    def __init__(self, observer: SessionObserver) -> None:
        self._observer = observer
        # A bound method is called in half of the time that it takes to call its object.
        self._call: SessionObserver = observer if inspect.isroutine(observer) else observer.__call__
        self._has_failed = False

    def recorder(self, bot_id: int) -> Recorder:
        """Return what tells of a bot's recorded messages; unlike :meth:`__call__` it raises what the observer does."""
        if isinstance(self._observer, CountsRecorded):
            return self._observer.recorder(bot_id)
        call = self._call

        def tell(message: TrackedMessage, sessions: int) -> None:
            event: Any = MessageRecordedTwin()
            event.bot_id = bot_id
            event.message = message
            event.sessions = sessions
            event.__class__ = MessageRecorded
            if (answer := call(event)) is not None:
                _require_done(answer)

        return tell

    def __call__(self, event: SessionEvent) -> None:
        """Tell an event."""
        try:
            if (answer := self._call(event)) is not None:
                _require_done(answer)
        except Exception as error:  # noqa: BLE001  # whatever the author's function raises
            self.complain(type(event), error)

    def complain(self, kind: type[SessionEvent], error: Exception) -> None:
        """Log that the observer has raised, the first time."""
        if not self._has_failed:
            self._has_failed = True
            log.error(
                "The observer raised at %s and goes on being called; its later errors are not logged: %s",
                kind.__name__,
                described(error),
            )


class AnswersLater(TypeError):
    """An observer has returned what would have to be awaited or iterated: nothing was observed."""


def _require_done(answer: object) -> None:
    if isinstance(answer, Awaitable | Generator | AsyncGenerator):
        if inspect.iscoroutine(answer):
            answer.close()
        raise AnswersLater


def telling(observer: SessionObserver | None) -> Telling | None:
    """Return what tells an observer; None where nobody observes."""
    return None if observer is None else Telling(observer)


@dataclass(slots=True)
class Doing:
    """Work on its way, and what it has dealt with so far."""

    messages: int = 0
    requests: int = 0


@contextmanager
def doing(tell: Telling | None, bot_id: int, work: Work) -> Iterator[Doing]:
    """Tell of the begin and the end of some work, which notes what it dealt with."""
    done = Doing()
    if tell is None:
        yield done
        return
    begun, error, at = WorkBegun(bot_id, work, next(_numbers)), None, time.monotonic()
    tell(begun)
    try:
        yield done
    except BaseException as raised:
        error = raised
        raise
    finally:
        took = timedelta(seconds=time.monotonic() - at)
        tell(WorkDone(begun, took, done.messages, done.requests, error))
