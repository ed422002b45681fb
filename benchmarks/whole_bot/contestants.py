"""The bots that are compared: who keeps the ids of messages, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

BARE = "bare"


@dataclass(frozen=True)
class Contestant:
    """One way to run the bot. ``module`` has its handlers, ``place`` is where it keeps ids, as the module reads it."""

    name: str
    module: str
    place: str = ""
    serves_many: bool = True
    """Whether several workers agree by it."""
    is_usual: bool = True
    """Whether it takes part unless asked for."""
    frozen: bool = False
    """Whether the worker takes what it has started with out of the collector's sight."""

    @property
    def title(self) -> str:
        return f"{self.name}, frozen" if self.frozen else self.name

    @property
    def leaves(self) -> int:
        """How many messages of a conversation it leaves: a session begins after the message that opens it."""
        return int(self.module == "with_sessions")

    def with_frozen(self) -> Contestant:
        return replace(self, frozen=True)


def contestants(folder: Path, postgresql: str, valkey: str) -> list[Contestant]:
    """Return all of them, on these servers."""
    sqlite, shared = f"sqlite:///{folder}/alone.db", f"sqlite-shared:///{folder}/shared.db"
    return [
        Contestant(BARE, "bare"),
        Contestant("fsm-memory", "by_fsm", "memory://", serves_many=False),
        Contestant("fsm-redis", "by_fsm", valkey),
        Contestant("table-sqlite", "by_table", f"{folder}/by_hand.db"),
        Contestant("table-postgres", "by_table", postgresql),
        Contestant("memory", "with_sessions", "memory://", serves_many=False),
        Contestant("sqlite", "with_sessions", sqlite, serves_many=False),
        Contestant("sqlite-shared", "with_sessions", shared),
        Contestant("postgres", "with_sessions", postgresql),
        Contestant("redis", "with_sessions", valkey),
        Contestant("idle-sqlite", "idle", f"sqlite:///{folder}/idle.db", serves_many=False, is_usual=False),
        Contestant("idle-sqlite-shared", "idle", f"sqlite-shared:///{folder}/idle.db", is_usual=False),
        Contestant("idle-postgres", "idle", postgresql, is_usual=False),
        Contestant("idle-redis", "idle", valkey, is_usual=False),
    ]
