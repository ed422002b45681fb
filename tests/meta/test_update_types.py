"""Every type of update that the installed aiogram knows has a place: in the emulator, and among the scopes."""

from __future__ import annotations

from aiogram.types import Update

from tests.updates import EVENTS, SCOPES
from tgslices.testing.state.updates import UPDATE_TYPES

KNOWN = set(Update.model_fields) - {"update_id"}


def test_every_type_of_update_is_known() -> None:
    """A bot that asks for an unknown type alone would get the default set, ordinary messages among them."""
    assert set(UPDATE_TYPES) >= KNOWN


def test_no_type_of_update_is_named_twice() -> None:
    assert len(set(UPDATE_TYPES)) == len(UPDATE_TYPES)


def test_it_was_decided_where_every_type_of_update_comes_from() -> None:
    """``tests/keys/test_strategies.py`` holds :func:`~tgslices.keys.scope_of` to it, by a sample of each."""
    assert sorted(KNOWN - set(SCOPES)) == []
    assert set(SCOPES) == set(EVENTS)
