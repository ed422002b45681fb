"""A bot whose handlers use session data, wired and fed by hand."""

from __future__ import annotations

from tests.doors.conftest import api, stage

__all__ = ("api", "stage")
