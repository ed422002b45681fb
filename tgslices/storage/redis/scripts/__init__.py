"""The scripts that run on the server, one an operation: each key that one touches is declared, and all share a slot."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True)
class Script:
    """The text of a script and the digest by which a server knows it; and whether it only reads."""

    name: str
    text: str
    digest: str
    reads: bool


_READING: Final = frozenset(
    {"look", "pending", "next_due", "held", "look_at_sessions", "find_user", "list_behind", "look_at_open"}
)


def _script(name: str, *libraries: str) -> Script:
    here = files(__name__)
    text = "\n".join(here.joinpath(f"{part}.lua").read_text("utf-8") for part in (*libraries, name))
    return Script(name, text, sha1(text.encode(), usedforsecurity=False).hexdigest(), name in _READING)


_SPOTS: Final = ("memo", "spots")

WRITE: Final = _script("write", *_SPOTS, "dues")
CLOSE: Final = _script("close", *_SPOTS, "data", "dues", "sessions")
REMOVE: Final = _script("remove", *_SPOTS)
CLAIM: Final = _script("claim", *_SPOTS, "sessions")
SETTLE: Final = _script("settle", *_SPOTS)
DISCARD: Final = _script("discard", *_SPOTS)
NOTE_BUTTONS: Final = _script("note_buttons", *_SPOTS[1:])
SWEEP: Final = _script("sweep", *_SPOTS)
MIGRATE: Final = _script("migrate", *_SPOTS, "dues")
LEASE: Final = _script("lease", "memo")
LOOK: Final = _script("look")
PENDING: Final = _script("pending")
NEXT_DUE: Final = _script("next_due")
HELD: Final = _script("held")

HOLD_DATA: Final = _script("data_hold", "data")
RENEW_DATA: Final = _script("data_renew", "data")
WRITE_DATA: Final = _script("data_write", "memo", "data")
PUT_DATA: Final = _script("data_put", "data")
CLOSE_DATA: Final = _script("data_close", "data")
MIGRATE_DATA: Final = _script("data_migrate", "data")
SWEEP_DATA: Final = _script("data_sweep", "memo", "data")

LEASE_SESSIONS: Final = _script("lease_sessions", "memo")
LOOK_AT_SESSIONS: Final = _script("look_at_sessions", "spots", "activity")
POSTPONE_SESSION: Final = _script("postpone_session", "memo", "dues")
SCHEDULE_SESSIONS: Final = _script("schedule_sessions", "dues")
END_SESSION: Final = _script("end_session", *_SPOTS, "data", "dues", "sessions", "activity")
FIND_USER: Final = _script("find_user", *_SPOTS[1:])
LIST_BEHIND: Final = _script("list_behind")
LOOK_AT_OPEN: Final = _script("look_at_open", "spots", "activity")
LEASE_ENDS: Final = _script("lease_ends", "memo")
SETTLE_END: Final = _script("settle_end", "memo")
MIGRATE_ENDS: Final = _script("migrate_ends")
