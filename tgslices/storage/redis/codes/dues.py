"""When a session is due, as the scripts want it."""

from __future__ import annotations

from tgslices.storage.codec import encode_time
from tgslices.storage.ending_protocol import Due


def spelled_due(due: Due | None) -> tuple[bytes, bytes]:
    """Return when a session is due, and its limit; nothing for None."""
    return (b"", b"") if due is None else (b"%d" % encode_time(due.at), b"%d" % encode_time(due.limit))
