"""Whoever measures: called with each event, and kept from doing harm."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Final, Protocol, TypeAlias

from tgslices.described import described
from tgslices.errors import ConfigurationError, quoted
from tgslices.telemetry.events import SessionEvent, Work, WorkBegun, WorkDone

log = logging.getLogger("tgslices")

Tell: TypeAlias = Callable[[SessionEvent], None]
"""Tells an event to whoever observes, and raises nothing."""

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
    call = observer if inspect.isroutine(observer) or not callable(observer) else type(observer).__call__
    is_async = inspect.iscoroutinefunction(observer) or inspect.iscoroutinefunction(call)
    if not callable(observer) or is_async or isinstance(observer, type):
        raise ConfigurationError(
            f"observer is {quoted(observer)}.",
            "Pass a plain function of one event, or an object with __call__; it is not awaited.",
        )


def telling(observer: SessionObserver | None) -> Tell | None:
    """Return what tells an observer; None where nobody observes."""
    if observer is None:
        return None
    has_failed = False

    def tell(event: SessionEvent) -> None:
        nonlocal has_failed
        try:
            observer(event)
        except Exception as error:  # noqa: BLE001  # whatever the author's function raises
            if not has_failed:
                has_failed = True
                log.error(  # noqa: TRY400  # a traceback may show a token
                    "The observer raised at %s and goes on being called; its later errors are not logged: %s",
                    type(event).__name__,
                    described(error),
                )

    return tell


@dataclass(slots=True)
class Doing:
    """Work on its way, and what it has dealt with so far."""

    messages: int = 0
    requests: int = 0


@contextmanager
def doing(tell: Tell | None, bot_id: int, work: Work) -> Iterator[Doing]:
    """Tell of the begin and the end of some work, which notes what it dealt with."""
    done = Doing()
    if tell is None:
        yield done
        return
    begun, error = WorkBegun(bot_id, work, next(_numbers)), None
    tell(begun)
    try:
        yield done
    except BaseException as raised:
        error = raised
        raise
    finally:
        tell(WorkDone(begun, done.messages, done.requests, error))
