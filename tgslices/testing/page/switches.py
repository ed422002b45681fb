"""The page's switches: what goes wrong, and what time it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tgslices.testing.faults import Drop, Effect, Failure, Fault, Faults, Flood
from tgslices.testing.state.clock import Clock
from tgslices.testing.wire.json_text import Json


@dataclass(frozen=True, slots=True)
class Switch:
    """One fault of the page: how it is called, what it says of itself, and what it does to a call."""

    title: str
    text: str
    effect: Effect


OFFLINE: Final = "offline"

SWITCHES: Final[Mapping[str, Switch]] = {
    "flood": Switch("429 Too Many Requests", "Telegram asks to wait for a second.", Flood(retry_after=1)),
    "failure": Switch("500 Internal Server Error", "Telegram fails, and nothing is done.", Failure(500)),
    OFFLINE: Switch("Offline", "Connections are cut, before anything is done.", Drop()),
}
"""By name, in the order that they stand on the page; none of them does what was asked."""


class Mode(StrEnum):
    """How long a fault lasts."""

    OFF = "off"
    ONCE = "once"
    ALWAYS = "always"


class Switches:
    """The faults that were switched on at the page; those that a test scripts are left alone."""

    def __init__(self, faults: Faults, cut: Callable[[], None]) -> None:
        """Switch these faults. ``cut`` ends the connections of bots that wait for updates."""
        self._faults = faults
        self._cut = cut
        self._on: dict[str, tuple[Mode, str | None, list[Fault]]] = {}

    def turn(self, name: str, mode: Mode, method: str | None = None) -> None:
        """Switch a fault, for one method or for all but getUpdates; no bot reaches a server that is offline at all.

        Raises:
            KeyError: there is no such fault.
        """
        effect = SWITCHES[name].effect
        for fault in self._on.pop(name, (Mode.OFF, None, []))[2]:
            self._faults.remove(fault)
        if mode is Mode.OFF:
            return
        times = 1 if mode is Mode.ONCE else None
        faults = [self._faults.add(effect, method=method, times=times)]
        if name == OFFLINE and mode is Mode.ALWAYS and method is None:
            faults.append(self._faults.add(effect, method="getUpdates", times=None))
            self._cut()
        self._on[name] = (mode, method, faults)

    def snapshot(self) -> dict[str, Json]:
        """The state of every switch, as ``fault:<name>``; one is off that is used up, or that a test has taken back."""
        return {f"fault:{name}": self._state(name, switch) for name, switch in SWITCHES.items()}

    def _state(self, name: str, switch: Switch) -> Json:
        mode, method, faults = self._on.get(name, (Mode.OFF, None, []))
        is_over = not any(fault in self._faults for fault in faults)
        return {
            "name": name,
            "title": switch.title,
            "text": switch.text,
            "mode": Mode.OFF if is_over else mode,
            "method": method,
            "hits": sum(fault.hits for fault in faults),
        }


def clock_snapshot(clock: Clock, real: float) -> Json:
    """How far the emulator's clock is ahead of a real time, in whole seconds."""
    return {"ahead": round(clock.timestamp() - real)}
