"""Sessions for aiogram 3: handles on one slice of a conversation, to wipe or forget it in one call.

A name is loaded when it is first asked for: who looks into a storage, as the command does, needs no aiogram, whose own
import takes two seconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tgslices.config import SessionConfig
    from tgslices.data.declaration import SessionData
    from tgslices.data.handle import DataHandle
    from tgslices.deletion.plan import DeletionPlan
    from tgslices.ending.erasing_a_person import Erased
    from tgslices.ending.on_end import Ended
    from tgslices.ending.session_lifetimes import Lifetime
    from tgslices.errors import (
        CannotSendThere,
        ChatGiven,
        ConfigurationError,
        DataBusy,
        DataConflict,
        DataRefused,
        DataTooNew,
        InvalidSessionKey,
        InvalidStorage,
        InvalidTrackedMessage,
        NotAMessage,
        OtherSchema,
        PredicateFailed,
        SessionUnavailable,
        StorageError,
        TgslicesError,
        UnknownMark,
        ValueRefused,
    )
    from tgslices.fsm_states.follow_states import Follow
    from tgslices.fsm_states.scenes import SessionScene
    from tgslices.keys.qualifier import SessionQualifier
    from tgslices.keys.strategies import SessionKeyStrategy
    from tgslices.manager import SessionManager, sessions_of
    from tgslices.middlewares.in_session import InSession
    from tgslices.middlewares.stale_buttons import StaleButton
    from tgslices.model import GENERAL_TOPIC, Direction, PendingDeletion, Scope, SessionKey, TrackedMessage
    from tgslices.open_sessions import OpenPage, OpenSession
    from tgslices.recording.blocks import unrecorded
    from tgslices.replay.result import ReplayResult
    from tgslices.results import ClearResult, Outcome
    from tgslices.session import Session
    from tgslices.session_bot import SessionBot
    from tgslices.storage.memory import MemorySessionStorage
    from tgslices.storage.protocol import DurableSessionStorage, SessionStorage
    from tgslices.telegram_facts.message_kind import MessageKind
    from tgslices.wiring import setup_sessions

__all__ = (  # noqa: RUF022  # in tiers, as a reader needs them
    # wiring
    "setup_sessions",
    "SessionBot",
    "SessionConfig",
    "Follow",
    "InSession",
    "SessionScene",
    "StaleButton",
    "sessions_of",
    # what a bot's author holds
    "Session",
    "SessionData",
    "DataHandle",
    "SessionManager",
    "SessionKeyStrategy",
    "SessionQualifier",
    "Lifetime",
    "unrecorded",
    # values
    "GENERAL_TOPIC",
    "ClearResult",
    "DeletionPlan",
    "Direction",
    "Ended",
    "Erased",
    "MessageKind",
    "OpenPage",
    "OpenSession",
    "Outcome",
    "PendingDeletion",
    "ReplayResult",
    "Scope",
    "SessionKey",
    "TrackedMessage",
    # storage
    "DurableSessionStorage",
    "MemorySessionStorage",
    "SessionStorage",
    # errors
    "TgslicesError",
    "CannotSendThere",
    "ChatGiven",
    "ConfigurationError",
    "DataBusy",
    "DataConflict",
    "DataRefused",
    "DataTooNew",
    "InvalidSessionKey",
    "InvalidStorage",
    "InvalidTrackedMessage",
    "NotAMessage",
    "OtherSchema",
    "PredicateFailed",
    "SessionUnavailable",
    "StorageError",
    "UnknownMark",
    "ValueRefused",
)

_HOMES: Final = {
    "tgslices.config": ("SessionConfig",),
    "tgslices.data.declaration": ("SessionData",),
    "tgslices.data.handle": ("DataHandle",),
    "tgslices.deletion.plan": ("DeletionPlan",),
    "tgslices.middlewares.in_session": ("InSession",),
    "tgslices.middlewares.stale_buttons": ("StaleButton",),
    "tgslices.ending.erasing_a_person": ("Erased",),
    "tgslices.errors": (
        "CannotSendThere",
        "ChatGiven",
        "ConfigurationError",
        "DataBusy",
        "DataConflict",
        "DataRefused",
        "DataTooNew",
        "InvalidSessionKey",
        "InvalidStorage",
        "InvalidTrackedMessage",
        "NotAMessage",
        "OtherSchema",
        "PredicateFailed",
        "SessionUnavailable",
        "StorageError",
        "TgslicesError",
        "UnknownMark",
        "ValueRefused",
    ),
    "tgslices.keys.qualifier": ("SessionQualifier",),
    "tgslices.keys.strategies": ("SessionKeyStrategy",),
    "tgslices.manager": (
        "SessionManager",
        "sessions_of",
    ),
    "tgslices.telegram_facts.message_kind": ("MessageKind",),
    "tgslices.model": (
        "GENERAL_TOPIC",
        "Direction",
        "PendingDeletion",
        "Scope",
        "SessionKey",
        "TrackedMessage",
    ),
    "tgslices.open_sessions": (
        "OpenPage",
        "OpenSession",
    ),
    "tgslices.recording.blocks": ("unrecorded",),
    "tgslices.replay.result": ("ReplayResult",),
    "tgslices.results": (
        "ClearResult",
        "Outcome",
    ),
    "tgslices.fsm_states.scenes": ("SessionScene",),
    "tgslices.session": ("Session",),
    "tgslices.session_bot": ("SessionBot",),
    "tgslices.fsm_states.follow_states": ("Follow",),
    "tgslices.storage.memory": ("MemorySessionStorage",),
    "tgslices.storage.protocol": (
        "DurableSessionStorage",
        "SessionStorage",
    ),
    "tgslices.ending.on_end": ("Ended",),
    "tgslices.ending.session_lifetimes": ("Lifetime",),
    "tgslices.wiring": ("setup_sessions",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
