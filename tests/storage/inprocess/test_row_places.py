"""The places of messages that are not where their key is."""

from __future__ import annotations

import pytest

from tgslices.errors import InvalidTrackedMessage
from tgslices.storage.inprocess.packed_rows import HOME, Place
from tgslices.storage.inprocess.row_places import Places

ABROAD: Place = (8, None, None, None)
WHISPER: Place = (7, None, 3, 5)


def test_a_place_keeps_its_number_as_long_as_a_row_is_there() -> None:
    places = Places()
    first, second = places.take(ABROAD), places.take(WHISPER)
    assert HOME not in {first, second}
    assert places.take(ABROAD) == first != second
    places.leave(first)
    assert places.find(ABROAD) == first
    assert places[first] == ABROAD
    places.leave(first)
    assert places.find(ABROAD) is None
    assert places.find(WHISPER) == second
    assert len(places) == 1


def test_numbers_begin_anew_when_no_place_is_left() -> None:
    places = Places()
    first = places.take(ABROAD)
    places.leave(first)
    assert places.take(WHISPER) == first


def test_home_is_nobodys_place() -> None:
    places = Places()
    places.leave(HOME)
    assert len(places) == 0


@pytest.mark.parametrize("place", [(2**63, None, None, None), (1, None, -(2**63), None), (1, None, None, 2**63)])
def test_a_place_that_another_storage_could_not_keep_is_refused(place: Place) -> None:
    places = Places()
    with pytest.raises(InvalidTrackedMessage):
        places.take(place)
    assert len(places) == 0
    assert places.find(place) is None
