"""Where the leases of a round begin."""

from __future__ import annotations

from tgslices.storage.floors import NO_FLOOR, Floors


def test_a_round_goes_on_behind_its_last_row_and_ends_when_less_is_found_than_asked_for() -> None:
    floors = Floors()
    assert floors.get(1, 100) == NO_FLOOR
    floors.note(1, (10, 7), 100, 160)
    assert (floors.get(1, 100), floors.get(2, 100)) == ((10, 7), NO_FLOOR)
    floors.note(1, None, 101, 161)
    assert floors.get(1, 101) == NO_FLOOR


def test_a_round_ends_when_the_first_of_its_leases_is_over() -> None:
    floors = Floors()
    floors.note(1, (10, 7), 100, 160)
    floors.note(1, (11, 7), 130, 190)
    assert (floors.get(1, 159), floors.get(1, 160)) == ((11, 7), NO_FLOOR)
    floors.note(1, (3, 7), 160, 220)
    assert (floors.get(1, 219), floors.get(1, 220)) == ((3, 7), NO_FLOOR)
    floors.note(1, (4, 7), 170, 200)
    assert (floors.get(1, 199), floors.get(1, 200)) == ((4, 7), NO_FLOOR)


def test_a_round_ends_when_the_clock_steps_back() -> None:
    floors = Floors()
    floors.note(1, (10, 7), 100, 160)
    assert (floors.get(1, 100), floors.get(1, 99)) == ((10, 7), NO_FLOOR)


def test_what_comes_before_the_floor_begins_a_round() -> None:
    floors = Floors()
    floors.note(1, (10, 7), 100, 160)
    floors.lower(1, 11)
    assert floors.get(1, 100) == (10, 7)
    floors.lower(1, 10)
    assert floors.get(1, 100) == NO_FLOOR


def test_floors_that_are_not_used_stay_at_the_first_row() -> None:
    floors = Floors(is_used=False)
    floors.note(1, (10, 7), 100, 160)
    assert floors.get(1, 100) == NO_FLOOR
