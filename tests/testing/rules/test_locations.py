"""How live locations may be shared."""

import pytest

from tgslices.testing.rules.locations import FOREVER, live_location_refusal


@pytest.mark.parametrize(
    ("period", "heading", "radius", "refused"),
    [
        (60, 0, 0, None),
        (86_400, 360, 100_000, None),
        (FOREVER, 1, 1, None),
        (59, 0, 0, "period"),
        (86_401, 0, 0, "period"),
        (-1, 0, 0, "period"),
        (60, 361, 0, "heading"),
        (60, -1, 0, "heading"),
        (60, 0, 100_001, "proximity alert radius"),
    ],
)
def test_periods_directions_and_distances_have_bounds(
    period: int, heading: int, radius: int, refused: str | None
) -> None:
    """`Location.cpp:190-213`."""
    refusal = live_location_refusal(period, heading, radius)
    expected = None if refused is None else f"Bad Request: wrong live location {refused} specified"
    assert (None if refusal is None else refusal.description) == expected


def test_an_edit_needs_no_period() -> None:
    assert live_location_refusal(0, 0, 0, is_edit=True) is None
