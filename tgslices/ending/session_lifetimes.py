"""When a session ends by itself. Pure: what is due is decided here, from what a storage tells and the present."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from tgslices.error_texts.without_secrets import described
from tgslices.errors import ConfigurationError
from tgslices.model import REPEAT_WINDOW, SessionKey
from tgslices.storage.ending_protocol import Due, DueSession, EndReason, Then
from tgslices.telegram_facts.age_limit import AGE_LIMIT

log = logging.getLogger("tgslices")

LOOK_AT_LEAST_EVERY: Final = REPEAT_WINDOW / 2
"""How often a session is looked at whatever its lifetime: what left it is known for no longer than a day."""

MAX_DURATION: Final = timedelta(days=36_500)
"""No lifetime is longer, so that no time of a session is past the end of the calendar."""

NOT_AT_ONCE: Final = timedelta(seconds=1)
"""No session is looked at sooner again than after this time."""

_ORDER: Final = "Lifetime(idle=timedelta(hours=2))"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a session ends by itself, and how.

    ``idle``: after so long without a message or a change of its data. ``most``: at the latest so long after it was
    opened. ``then``: ``"clear"`` deletes its messages and closes it, ``"close"`` closes it and leaves Telegram alone.
    ``before_limit``: how long before Telegram's 48 hours are over a message is deleted, while the session goes on.

    Raises:
        ConfigurationError: a part is none of what it must be, or nothing would ever happen.
    Source: https://core.telegram.org/bots/api#deletemessage (48 hours)
    """

    idle: timedelta | None = None
    most: timedelta | None = None
    then: Then = "clear"
    before_limit: timedelta | None = None

    def __post_init__(self) -> None:
        for name in ("idle", "most", "before_limit"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, timedelta) or not timedelta() < value <= MAX_DURATION):
                raise ConfigurationError(
                    f"{name} of a Lifetime is {value!r}.",
                    f"Pass a positive timedelta of at most {MAX_DURATION.days} days, as in {_ORDER}.",
                )
        if self.then not in ("clear", "close"):
            raise ConfigurationError(
                f"then of a Lifetime is {self.then!r}.", "Pass 'clear', or 'close' to leave Telegram alone."
            )
        if self.before_limit is not None and self.before_limit >= AGE_LIMIT:
            raise ConfigurationError(
                f"before_limit of a Lifetime is {self.before_limit}, and messages can be deleted for {AGE_LIMIT}.",
                "Pass how long before that they are to go, as in before_limit=timedelta(hours=1).",
            )
        if self.idle is None and self.most is None and self.before_limit is None:
            raise ConfigurationError("A Lifetime without idle, most and before_limit ends nothing.", f"Write {_ORDER}.")


Lifetimes: TypeAlias = Mapping[str, Lifetime] | Mapping[str | None, Lifetime] | Callable[[SessionKey], Lifetime | None]
"""Lifetimes by qualifier, or a function from a key to one, or to None for a session that never ends by itself."""

LifetimeOf: TypeAlias = Callable[[SessionKey], Lifetime | None]


def finding(lifetimes: Lifetimes) -> LifetimeOf:
    """Return what finds the lifetime of a key.

    Raises:
        ConfigurationError: it is no mapping of lifetimes, and no function.
    """
    if isinstance(lifetimes, Mapping):
        for qualifier, lifetime in lifetimes.items():
            if not (qualifier is None or isinstance(qualifier, str)) or not isinstance(lifetime, Lifetime):
                raise ConfigurationError(
                    f"lifetimes has {lifetime!r} for {qualifier!r}.",
                    f'Pass lifetimes by qualifier, as in {{"order": {_ORDER}}}; None is the session without one.',
                )
        return _Qualifiers(lifetimes)
    if isinstance(lifetimes, Lifetime) or not callable(lifetimes):
        raise ConfigurationError(
            f"lifetimes is {lifetimes!r}.",
            f'Pass lifetimes by qualifier, as in {{"order": {_ORDER}}}, or a function from a key to one or None.',
        )
    return _Guarded(lifetimes)


def qualifiers_of(lifetime_of: LifetimeOf) -> frozenset[str | None] | None:
    """Return the qualifiers of all that may have a lifetime; None if a function decides."""
    return lifetime_of.qualifiers if isinstance(lifetime_of, _Qualifiers) else None


class _Qualifiers:
    def __init__(self, lifetimes: Mapping[Any, Lifetime]) -> None:
        self._lifetimes = dict(lifetimes)
        self.qualifiers: frozenset[str | None] = frozenset(self._lifetimes)

    def __call__(self, key: SessionKey) -> Lifetime | None:
        return self._lifetimes.get(key.qualifier)


class _Guarded:
    """A function of the bot's author. A session whose lifetime cannot be told has none: its messages stay."""

    def __init__(self, function: Callable[[SessionKey], object]) -> None:
        self._function = function

    def __call__(self, key: SessionKey) -> Lifetime | None:
        try:
            lifetime = self._function(key)
        except Exception as error:  # noqa: BLE001  # whatever the author's function raises
            log.error("The lifetime of %s cannot be told: %s", key, described(error))  # noqa: TRY400  # as everywhere
            return None
        if lifetime is None or isinstance(lifetime, Lifetime):
            return lifetime
        log.error("The lifetime of %s is a %s; return a Lifetime or None", key, type(lifetime).__name__)
        return None


def first_due(lifetime: Lifetime, opened_at: datetime) -> Due:
    """Return when a session is looked at first that is opened now."""
    return next_due(lifetime, DueSession(_NOBODY, opened_at, opened_at, opened_at, None), opened_at)


def next_due(lifetime: Lifetime, session: DueSession, now: datetime, limit: datetime | None = None) -> Due:
    """Return when a session that goes on is looked at next: when it may end, or its oldest message must go.

    ``limit`` is when that one gets too old; without it, it is taken to be one that does so after 48 hours.
    """
    limit = limit or (session.oldest_at or now) + AGE_LIMIT
    times = [at for at, _ in _ends(lifetime, session)]
    if lifetime.before_limit is not None:
        times.append(limit - lifetime.before_limit)
    return Due(max(min(*times, now + LOOK_AT_LEAST_EVERY), now + NOT_AT_ONCE), limit)


def must_clear(lifetime: Lifetime, session: DueSession, now: datetime) -> bool:
    """Tell whether the oldest message of a session may have to go now."""
    if lifetime.before_limit is None or session.oldest_at is None:
        return False
    return session.oldest_at + AGE_LIMIT - lifetime.before_limit <= now


def end_of(lifetime: Lifetime, session: DueSession, now: datetime) -> EndReason | None:
    """Return why a session ends now; None if it goes on."""
    ends = _ends(lifetime, session)
    at, reason = min(ends, default=(None, EndReason.IDLE))
    return reason if at is not None and at <= now else None


def is_at_most(lifetime: Lifetime, session: DueSession, now: datetime) -> bool:
    """Tell whether a session has lasted for as long as it may, so that no use of it puts the end off."""
    return lifetime.most is not None and session.opened_at + lifetime.most <= now


def _ends(lifetime: Lifetime, session: DueSession) -> list[tuple[datetime, EndReason]]:
    ends: list[tuple[datetime, EndReason]] = []
    if lifetime.idle is not None:
        ends.append((session.active_at + lifetime.idle, EndReason.IDLE))
    if lifetime.most is not None:
        ends.append((session.opened_at + lifetime.most, EndReason.MOST))
    return ends


_NOBODY: Final = SessionKey(0, 0)
