"""What a bot's author measures: events of sessions, who is told of them, and adapters for metrics and traces.

:mod:`tgslices.telemetry.otel` and :mod:`tgslices.telemetry.prometheus` are observers that are ready to use.
"""

from tgslices.telemetry.events import (
    Answered,
    DataConflicted,
    DeletionAsked,
    MessageRecorded,
    MessagesClaimed,
    MessagesSettled,
    SessionClosed,
    SessionEnded,
    SessionEvent,
    SessionOpened,
    StorageFailed,
    Work,
    WorkBegun,
    WorkDone,
    WritesWaiting,
)
from tgslices.telemetry.observer import SessionObserver

__all__ = (
    "Answered",
    "DataConflicted",
    "DeletionAsked",
    "MessageRecorded",
    "MessagesClaimed",
    "MessagesSettled",
    "SessionClosed",
    "SessionEnded",
    "SessionEvent",
    "SessionObserver",
    "SessionOpened",
    "StorageFailed",
    "Work",
    "WorkBegun",
    "WorkDone",
    "WritesWaiting",
)
