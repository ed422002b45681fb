"""The page's switches: what goes wrong, and what time it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from tgslices.testing.faults import Drop, Effect, Failure, Fault, Faults, Flood
from tgslices.testing.state.clock import Clock
from tgslices.testing.wire.json_text import Json

EFFECTS: Final[Mapping[str, Effect]] = {
    "flood": Flood(retry_after=1),
    "failure": Failure(500),
    "offline": Drop(),
}
"""429, 500, and connections that are cut; none of them does what was asked."""


class Mode(StrEnum):
    """How long a fault lasts."""

    OFF = "off"
    ONCE = "once"
    ALWAYS = "always"


class Switches:
    """The faults that were switched on at the page; those that a test scripts are left alone."""

    def __init__(self, faults: Faults, cut: Callable[[], None]) -> None:
        """Everything works. ``cut`` ends the connections of bots that wait for updates."""
        self._faults = faults
        self._cut = cut
        self._on: dict[str, tuple[Mode, str | None, list[Fault]]] = {}

    def turn(self, name: str, mode: Mode, method: str | None = None) -> None:
        """Switch a fault, for one method or for all but getUpdates; no bot reaches a server that is offline at all.

        Raises:
            KeyError: there is no such fault.
        """
        effect = EFFECTS[name]
        for fault in self._on.pop(name, (Mode.OFF, None, []))[2]:
            self._faults.remove(fault)
        if mode is Mode.OFF:
            return
        times = 1 if mode is Mode.ONCE else None
        faults = [self._faults.add(effect, method=method, times=times)]
        if name == "offline" and mode is Mode.ALWAYS and method is None:
            faults.append(self._faults.add(effect, method="getUpdates", times=None))
            self._cut()
        self._on[name] = (mode, method, faults)

    def snapshot(self) -> dict[str, Json]:
        """The state of every switch, as ``fault:<name>``; one is off that is used up, or that a test has taken back."""
        found: dict[str, Json] = {}
        for name in EFFECTS:
            mode, method, faults = self._on.get(name, (Mode.OFF, None, []))
            is_spent = not any(fault in self._faults for fault in faults)
            hits = sum(fault.hits for fault in faults)
            mode = Mode.OFF if is_spent else mode
            found[f"fault:{name}"] = {"name": name, "mode": mode, "method": method, "hits": hits}
        return found


def clock_snapshot(clock: Clock, real: float) -> Json:
    """How far the emulator's clock is ahead of a real time, in whole seconds."""
    return {"ahead": round(clock.timestamp() - real)}
