"""The emulator knows every type of update that the installed aiogram asks for."""

from __future__ import annotations

from aiogram.types import Update

from tgslices.testing.state.updates import UPDATE_TYPES


def test_every_type_of_update_is_known() -> None:
    """A bot that asks for an unknown type alone would get the default set, ordinary messages among them."""
    assert set(Update.model_fields) - {"update_id"} <= set(UPDATE_TYPES)


def test_no_type_of_update_is_named_twice() -> None:
    assert len(set(UPDATE_TYPES)) == len(UPDATE_TYPES)
