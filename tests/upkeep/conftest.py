"""A bot whose sessions are wired, fed by hand."""

from __future__ import annotations

from tests.middlewares.conftest import api, stage

__all__ = ("api", "stage")
