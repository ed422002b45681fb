"""What sessions did last, as parts of a statement over their rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, select

from tgslices.storage.sqlalchemy.tables.columns import PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.schema import ENTRY, Tables


def times(tables: Tables) -> tuple[ScalarSelect[Any], ScalarSelect[Any], ScalarSelect[Any]]:
    """Select when something was last recorded under a key, when data was, and when its oldest entry was sent."""
    data, messages, keys = tables.data.c, tables.messages.c, tables.keys.c
    sent_at = func.coalesce(messages.sent_at, messages.recorded_at)
    is_entry = and_(messages.key_id == keys.id, messages.state == ENTRY)
    selects = (
        select(func.max(messages.recorded_at)).where(messages.key_id == keys.id),
        select(func.max(data.written_at)).where(_is_its(tables)),
        select(func.min(sent_at)).where(is_entry),
    )
    one, two, three = (it.correlate(tables.keys).scalar_subquery() for it in selects)
    return one, two, three


def held_until(tables: Tables) -> ScalarSelect[Any]:
    """Select until when data of a key is held, as far as holders are rows."""
    held = select(func.max(tables.data.c.held_until)).where(_is_its(tables))
    return held.correlate(tables.keys).scalar_subquery()


def _is_its(tables: Tables) -> ColumnElement[bool]:
    return and_(*(tables.data.c[name] == tables.keys.c[name] for name in PLACE_COLUMNS))


def entry_count(tables: Tables) -> ScalarSelect[Any]:
    """Select how many entries a key has."""
    messages = tables.messages.c
    counted = select(func.count()).where(messages.key_id == tables.keys.c.id, messages.state == ENTRY)
    return counted.correlate(tables.keys).scalar_subquery()
