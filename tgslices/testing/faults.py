"""Faults for tests: floods, server errors, lost connections, slow answers.

```python
api.faults.add(Flood(retry_after=1), method="deleteMessages", times=2)
api.faults.add(Failure(502))                              # once, whatever is called next
api.faults.add(Drop(after_work=True), chat=group.id)      # the work is done, the answer is lost
held = asyncio.Event()
api.faults.add(Slow(until=held), times=None)              # every call waits until held.set()
```
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import Final, TypeAlias, get_args

from tgslices.testing.errors import ApiError, described, too_many_requests
from tgslices.testing.rules.flood import flood_answer
from tgslices.testing.wire.arguments import Arguments

_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Flood:
    """An answer 429, without the work; ``retry_after`` is in whole seconds.

    Raises:
        ValueError: ``retry_after`` is no whole number from 1 on.
    Source: https://core.telegram.org/bots/api#responseparameters
    """

    retry_after: int = 1

    def __post_init__(self) -> None:
        too_many_requests(self.retry_after)


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer with this error, without the work. An empty description means Telegram's name of the code.

    A 429 that does not say how long to wait becomes a 500, as on the server.

    Raises:
        ValueError: ``code`` is no HTTP status of an error, which is from 400 to 599.
    """

    code: int = 500
    description: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.code, int) or not 400 <= self.code < 600:  # HTTP's own
            raise ValueError(f"code must be that of an error, from 400 to 599, not {self.code!r}: Failure(502)")

    def error(self) -> ApiError:
        """The error as the client gets it."""
        if self.code == _TOO_MANY:
            return flood_answer(self.description)
        return ApiError(self.code, self.description or described(self.code, ""))


@dataclass(frozen=True, slots=True)
class Pretend:
    """An answer ``true`` without the work, as deleteMessages gives when it cannot reach the messages.

    Source: tdlib/telegram-bot-api ``Client.cpp:6760-6770``
    """


@dataclass(frozen=True, slots=True)
class Drop:
    """A connection closed without an answer, before the work or after it."""

    after_work: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """A late answer: after a delay of real time, once an event is set, or both. The work comes after the wait.

    With ``after_work`` the work is done at once, and only the answer waits.

    Raises:
        TypeError: the delay is no ``timedelta``.
    """

    delay: timedelta = timedelta()
    until: asyncio.Event | None = None
    after_work: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.delay, timedelta):
            raise TypeError(f"delay must be a timedelta, not {self.delay!r}: Slow(timedelta(seconds=0.2))")

    async def wait(self) -> None:
        """Wait for the event, then for the delay."""
        if self.until is not None:
            await self.until.wait()
        if self.delay:
            await asyncio.sleep(self.delay.total_seconds())


@dataclass(frozen=True, slots=True)
class Partial:
    """A failure of one message of several, counted from 1. The others are sent, but the call fails and tells no ids.

    For sendMediaGroup, copyMessages and forwardMessages. Source: tdlib/telegram-bot-api ``Client.cpp:12588-12612``.
    """

    item: int = 1
    cause: str = "MEDIA_INVALID"


Effect: TypeAlias = Flood | Failure | Pretend | Drop | Slow | Partial

_EFFECTS: Final = get_args(Effect)


@dataclass(slots=True, eq=False)
class Fault:
    """An effect and the calls that it strikes. ``times`` is how many are left, None for all; ``hits`` were struck."""

    effect: Effect
    method: str | None = None
    chat: int | None = None
    bot: int | None = None
    times: int | None = 1
    skip: int = 0
    hits: int = field(default=0, init=False)

    def concerns(self, bot_id: int, method: str, arguments: Arguments) -> bool:
        """Whether this call matches; ``method`` is in small letters."""
        if self.method is not None and self.method.lower() != method:
            return False
        if self.bot is not None and self.bot != bot_id:
            return False
        return self.chat is None or arguments.text("chat_id") == str(self.chat)


class Faults:
    """The faults in force, in the order they were added; ``on_change`` is called when one comes, goes or strikes."""

    def __init__(self, on_change: Callable[[], None] = lambda: None, *, methods: Mapping[str, str]) -> None:
        """``methods`` are those of the Bot API: proper names by what they are in small letters."""
        self._faults: list[Fault] = []
        self._methods = methods
        self._on_change = on_change

    def __contains__(self, fault: Fault) -> bool:
        """Whether a fault is in force, neither used up nor removed."""
        return fault in self._faults

    def add(
        self,
        effect: Effect,
        *,
        method: str | None = None,
        chat: int | None = None,
        bot: int | None = None,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Strike the next ``times`` matching calls (None: all), after ``skip`` calls that go well.

        ``method``, ``chat`` and ``bot`` (identifiers) narrow the calls down. Without a method every call matches but
        getUpdates. Of several faults that match one call, every `Slow` works, and the first of the others.

        Raises:
            TypeError: the effect is none of those in this module.
            ValueError: the Bot API has no such method, or ``times`` or ``skip`` is less than it can be.
        """
        self._require_kinds(effect, method, times, skip)
        fault = Fault(effect, method, chat, bot, times, skip)
        self._faults.append(fault)
        self._on_change()
        return fault

    def _require_kinds(self, effect: object, method: str | None, times: int | None, skip: int) -> None:
        """Refuse what would never strike, so that a test passes without its fault."""
        if not isinstance(effect, _EFFECTS):
            raise TypeError(f"{effect!r} is no fault: write Failure(502), Flood(1), Drop(), Slow(...), ...")
        if method is not None and str(method).lower() not in self._methods:
            like = get_close_matches(str(method).lower().replace("_", ""), self._methods, 1)
            hint = f": did you mean {self._methods[like[0]]!r}?" if like else "; names are written as in its docs"
            raise ValueError(f"the Bot API has no method {method!r}{hint}")
        if (times is not None and times < 1) or skip < 0:
            raise ValueError(f"times={times}, skip={skip} strikes no call: times is from 1 on or None for all")

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()
        self._on_change()

    def remove(self, fault: Fault) -> None:
        """Remove one fault; nothing happens if it is used up."""
        if fault in self._faults:
            self._faults.remove(fault)
            self._on_change()

    def take(self, bot_id: int, method: str, arguments: Arguments) -> list[Effect]:
        """The effects on this call, in order; empty for none. The faults count it."""
        if not self._faults:
            return []
        effects: list[Effect] = []
        is_settled = False
        for fault in list(self._faults):
            if method == "getupdates" and fault.method is None:
                continue
            if not fault.concerns(bot_id, method, arguments):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if not isinstance(fault.effect, Slow):
                if is_settled:
                    continue
                is_settled = True
            self._use(fault)
            effects.append(fault.effect)
        return effects

    def _use(self, fault: Fault) -> None:
        fault.hits += 1
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
        self._on_change()
