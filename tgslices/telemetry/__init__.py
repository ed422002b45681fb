"""What a bot's author measures: events of sessions, who is told of them, and adapters for metrics and traces.

:mod:`tgslices.telemetry.otel` and :mod:`tgslices.telemetry.prometheus` are observers that are ready to use.
"""

from tgslices.storage.pending_protocol import PENDING_AGES
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
    StockTaken,
    StorageFailed,
    Work,
    WorkBegun,
    WorkDone,
    WritesWaiting,
)
from tgslices.telemetry.observer import SessionObserver

__all__ = (
    "PENDING_AGES",
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
    "StockTaken",
    "StorageFailed",
    "Work",
    "WorkBegun",
    "WorkDone",
    "WritesWaiting",
)
