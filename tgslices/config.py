"""What ``setup_sessions`` was told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tgslices.clock import Clock, utc_now
from tgslices.ending.session_lifetimes import Lifetimes, finding
from tgslices.errors import ConfigurationError, quoted
from tgslices.event_loop.async_callables import is_async
from tgslices.keys.strategies import KeyStrategy, SessionKeyStrategy
from tgslices.storage.protocol import SessionStorage
from tgslices.telemetry.observer import SessionObserver, require_observer

MAX_ANSWER: Final = 200
"""How long the answer to a tap may be. Source: https://core.telegram.org/bots/api#answercallbackquery"""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What ``setup_sessions`` was told; a ``manager_factory`` gets it with the bot.

    ``storage``: None means in this process's memory. ``lease``: how long pending deletions belong to the worker that
    took them. ``patience``: how long one clear goes on about floods and a failing network. ``in_flight``: how many
    deletion requests of one bot run at once. ``backlog``: how many writes are kept while the storage is down.
    ``stale_buttons``: what answers a tap on a message that no open session holds; None leaves it to the handlers.
    ``lifetimes``: when sessions end by themselves. ``on_end``: what is told of it, an async function of one ``Ended``.
    ``observer``: what is called with each event, to measure.

    Raises:
        ConfigurationError: an argument is none of what it must be.
    """

    storage: SessionStorage | None = field(default=None, repr=False)  # a plugin may show its password
    key_strategy: KeyStrategy = SessionKeyStrategy.CHAT_USER
    clock: Clock = utc_now
    lease: timedelta = timedelta(minutes=1)
    patience: timedelta = timedelta(seconds=30)
    in_flight: int = 4
    backlog: int = 100_000
    stale_buttons: str | None = None
    lifetimes: Lifetimes | None = None
    on_end: Callable[[Any], Awaitable[object]] | None = None
    observer: SessionObserver | None = None

    def __post_init__(self) -> None:
        for name, too_little in (("lease", timedelta()), ("patience", timedelta(microseconds=-1))):
            if not isinstance(value := getattr(self, name), timedelta) or value <= too_little:
                raise ConfigurationError(f"{name} is {quoted(value)}.", f"Pass a positive timedelta as {name}.")
        for name in ("in_flight", "backlog"):
            if type(value := getattr(self, name)) is not int or value < 1:
                raise ConfigurationError(f"{name} is {quoted(value)}.", f"Pass a positive integer as {name}.")
        for name in ("key_strategy", "clock", "lifetimes"):
            if is_async(getattr(self, name)):
                raise ConfigurationError(
                    f"{name} is an asynchronous function, and is not awaited.", f"Pass a plain function as {name}."
                )
        if self.lifetimes is not None:
            finding(self.lifetimes)
        elif self.on_end is not None:
            raise ConfigurationError(
                "on_end is given without lifetimes, so that nothing ends by itself.",
                'Pass lifetimes as well, as in lifetimes={"order": Lifetime(idle=timedelta(hours=2))}.',
            )
        _require_strategy(self.key_strategy)
        _require_answer(self.stale_buttons)
        _require_clock(self.clock)
        if self.observer is not None:
            require_observer(self.observer)


def _require_strategy(strategy: object) -> None:
    if not callable(strategy) or strategy is SessionKeyStrategy:
        raise ConfigurationError(
            f"key_strategy is {quoted(strategy)}.",
            "Pass a member of SessionKeyStrategy, or a function from a Scope to a SessionKey or None.",
        )


def _require_answer(text: object) -> None:
    if text is not None and not (isinstance(text, str) and len(text) <= MAX_ANSWER):
        shown = f"{len(text)} characters long" if isinstance(text, str) else quoted(text)
        raise ConfigurationError(
            f"stale_buttons is {shown}.", f"Pass the text that answers a tap, of at most {MAX_ANSWER} characters."
        )


def _require_clock(clock: object) -> None:
    now = clock() if callable(clock) else clock
    if not isinstance(now, datetime):
        raise ConfigurationError(
            f"The clock tells {quoted(now)}.", "Pass a function that returns an aware datetime in UTC."
        )
    if now.tzinfo is None:
        raise ConfigurationError("The clock tells a naive time.", "Return an aware datetime in UTC from it.")
