"""A person who walks through a bot step by step, and says what did not come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tgslices.testing import BotAccount, BotApi, ChatView, Person
from tgslices.testing.people.seeing import inline_rows
from tgslices.testing.state.chats import StoredMessage

PATIENCE = 5.0
"""Seconds of real time until what should come has come."""


@dataclass(slots=True)
class Walk:
    """One person before one bot: their chat, the bot's account and the emulator. ``lost`` is what did not come."""

    api: BotApi
    account: BotAccount
    person: Person
    chat: ChatView
    lost: str = ""

    def looks(self) -> dict[int, str]:
        """Each visible message by its serial number, as it looks."""
        return {message.stored.serial: str(message) for message in self.chat.visible()}

    def newest(self, kind: str) -> StoredMessage:
        """The newest visible message of a kind."""
        return next(message for message in reversed(self.chat.stored()) if message.kind == kind)

    async def settle(self) -> None:
        """Wait until the bot has answered every tap and is through with it: people are slower than programs."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not all(tap.is_answered for tap in self.api.world.taps.values()):
            await asyncio.sleep(0.02)
        count = -1
        while count != len(self.api.requests):
            count = len(self.api.requests)
            await asyncio.sleep(0.1)

    async def expect(self, before: dict[int, str], wanted: str, patience: float) -> bool:
        """Whether this comes: in a message that is new or looks otherwise than before, or in a notice after a tap."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            changed = [look for serial, look in self.looks().items() if before.get(serial) != look]
            notices = [tap.answer or "" for tap in self.api.world.taps.values()]
            if any(wanted in said for said in [*changed, *notices]):
                return True
            await asyncio.sleep(0.02)
        return False


Deed = Callable[[Walk], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """A deed, and what must come of it; ``""`` for nothing in particular."""

    name: str
    deed: Deed
    wanted: str = ""
    patience: float = PATIENCE


def says(text: str, wanted: str = "") -> Step:
    return Step(f"says {text!r}", lambda walk: walk.chat.types(text), wanted)


def presses(text: str, wanted: str = "") -> Step:
    """A button of the reply keyboard, whose caption may be written in part."""

    async def press(walk: Walk) -> None:
        await walk.chat.until(lambda seen: any(text in key for row in seen.keyboard() for key in row))
        await walk.chat.presses(next(key for row in walk.chat.keyboard() for key in row if text in key))

    return Step(f"presses {text!r}", press, wanted)


def taps(text: str, wanted: str = "", patience: float = PATIENCE) -> Step:
    """An inline button of the newest message that has one whose caption holds this text."""

    async def tap(walk: Walk) -> None:
        for message in reversed(walk.chat.stored()):
            for button in (button for row in inline_rows(message) for button in row):
                if text in str(button["text"]) and "callback_data" in button:
                    await walk.chat.taps(callback_data=str(button["callback_data"]))
                    return
        raise LookupError(f"no button {text!r}:\n{walk.chat}")

    return Step(f"taps {text!r}", tap, wanted, patience)


def does(name: str, deed: Deed, wanted: str = "") -> Step:
    return Step(name, deed, wanted)


async def walk_through(walk: Walk, steps: tuple[Step, ...]) -> None:
    """Go step by step until something does not come; `Walk.lost` then says what."""
    before: dict[int, str] = {}
    for step in steps:
        for tap in walk.api.world.taps.values():
            tap.answer = None
        try:
            await step.deed(walk)
        except (AssertionError, LookupError, StopIteration) as error:
            walk.lost = f"{step.name}: {type(error).__name__} {error}"
            return
        if step.wanted and not await walk.expect(before, step.wanted, step.patience):
            walk.lost = f"{step.name}: no {step.wanted!r} came:\n{walk.chat}"
            return
        await walk.settle()
        before = walk.looks()


def explores(most: int) -> Step:
    """Taps every button once that comes up, by caption and place, and presses those of reply keyboards never."""

    async def explore(walk: Walk) -> None:
        tapped: set[tuple[str, str]] = set()
        while len(tapped) < most and (found := _untapped(walk.chat, tapped)) is not None:
            message, button = found
            tapped.add((message, str(button["text"])))
            tap = await walk.chat.taps(callback_data=str(button["callback_data"]))
            end = time.monotonic() + PATIENCE
            while not tap.is_answered:
                if time.monotonic() > end:
                    raise LookupError(f"the tap on {button['text']!r} was not answered:\n{walk.chat}")
                await asyncio.sleep(0.01)
            await walk.settle()

    return Step(f"taps up to {most} buttons", explore)


def _untapped(chat: ChatView, tapped: set[tuple[str, str]]) -> tuple[str, dict[str, object]] | None:
    for message in reversed(chat.stored()[-3:]):
        text = str(message.content.get("text") or message.content.get("caption"))[:30]
        for button in (button for row in inline_rows(message) for button in row if "callback_data" in button):
            if (text, str(button["text"])) not in tapped:
                return text, button
    return None
