"""The bots that are compared: who keeps the ids of messages, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

BARE: Final = "bare"


@dataclass(frozen=True)
class Contestant:
    """One way to run the bot. ``module`` has its handlers."""

    name: str
    module: str
    kind: str = ""
    """What it keeps ids in."""
    place: str = ""
    """Where that is, as the module reads it, known once the databases run."""
    is_usual: bool = True
    """Whether it takes part unless asked for."""
    frozen: bool = False
    """Whether the worker takes what it has started with out of the collector's sight."""

    @property
    def title(self) -> str:
        return f"{self.name}, frozen" if self.frozen else self.name

    @property
    def serves_many(self) -> bool:
        """Whether several workers agree by it."""
        return self.kind not in ("memory", "sqlite")

    @property
    def leaves(self) -> int:
        """How many messages of a conversation it leaves: a session begins after the message that opens it."""
        return int(self.module == "with_sessions")

    def with_frozen(self) -> Contestant:
        return replace(self, frozen=True)


CONTESTANTS: Final = (
    Contestant(BARE, "bare"),
    Contestant("bare-kept", "bare_kept"),
    Contestant("fsm-memory", "by_fsm", "memory"),
    Contestant("fsm-redis", "by_fsm", "redis"),
    Contestant("table-sqlite", "by_table", "file"),
    Contestant("table-postgres", "by_table", "postgres"),
    Contestant("memory", "with_sessions", "memory"),
    Contestant("sqlite", "with_sessions", "sqlite"),
    Contestant("sqlite-shared", "with_sessions", "sqlite-shared"),
    Contestant("postgres", "with_sessions", "postgres"),
    Contestant("redis", "with_sessions", "redis"),
    Contestant("idle-sqlite", "idle", "sqlite", is_usual=False),
    Contestant("idle-sqlite-shared", "idle", "sqlite-shared", is_usual=False),
    Contestant("idle-postgres", "idle", "postgres", is_usual=False),
    Contestant("idle-redis", "idle", "redis", is_usual=False),
)
