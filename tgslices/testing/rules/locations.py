"""Live locations, and how exact a place may be.

Source: tdlib/td ``Location.cpp:17-25, 178-216``, ``process_live_location``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import ApiError, bad_request

FOREVER: Final = 0x7FFFFFFF
"""The ``live_period`` of a location that can always be edited. Source: DOC, sendLocation"""

MAX_ACCURACY: Final = 1500.0
"""Meters; a larger ``horizontal_accuracy`` counts as this."""

_PERIODS: Final = range(60, 86_401)
_HEADINGS: Final = range(361)
_RADII: Final = range(100_001)


def live_location_refusal(period: int, heading: int, radius: int, *, is_edit: bool = False) -> ApiError | None:
    """Why a location cannot be shared so, or None: in seconds, degrees and meters; 0 for no direction or distance."""
    if not is_edit and period != FOREVER and period not in _PERIODS:
        return bad_request("Wrong live location period specified")
    if heading not in _HEADINGS:
        return bad_request("Wrong live location heading specified")
    return None if radius in _RADII else bad_request("Wrong live location proximity alert radius specified")
