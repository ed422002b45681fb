"""Putting entities right: sorted, none crossing another, styles joined where they touch and split where they must.

Source: tdlib/td ``MessageEntity.cpp:1444-1677, 1798-1828, 4315-4480``, ``fix_entities`` and ``merge_new_entities``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tgslices.testing.text.spans import end_of, entity, in_order
from tgslices.testing.wire.json_text import Json

STYLES: Final = ("bold", "italic", "underline", "strikethrough", "spoiler")
"""Entities that can be split, and lie inside of others."""

QUOTES: Final = frozenset({"blockquote", "expandable_blockquote"})
_WHOLE: Final = frozenset({"pre", "code", "date_time"})
"""What has no style inside. Source: ``MessageEntity.cpp:1514-1517``, ``get_pre_entities_mask``."""

_NEEDED: Final = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}


def without_empty(entities: Iterable[Json]) -> list[Json]:
    """Entities that mark something and say what must be said."""
    return [
        item
        for item in entities
        if item["length"] > 0 and (item["type"] not in _NEEDED or item.get(_NEEDED[item["type"]]))
    ]


def fixed(entities: Iterable[Json]) -> list[Json]:
    """The same entities in order, none crossing another."""
    ordered = in_order(entities)
    if len(ordered) < 2:
        return ordered
    styles, quotes, others = _sorted_out(ordered)
    kept = apart(others)
    if quotes:
        quotes = apart(quotes)
        kept = in_order([*_inside(kept, quotes), *quotes])
    return with_styles(kept, styles)


def merged(entities: list[Json], found: list[Json]) -> list[Json]:
    """Entities that are right, with those that were found in the text where there is room for them."""
    if not found:
        return entities
    styles, quotes, others = _sorted_out(entities)
    kept = _beside(others, _inside(found, quotes))
    return with_styles(in_order([*kept, *quotes]), styles)


def _sorted_out(entities: Iterable[Json]) -> tuple[list[Json], list[Json], list[Json]]:
    styles, quotes, others = list[Json](), list[Json](), list[Json]()
    for item in entities:
        kind = item["type"]
        (styles if kind in STYLES else quotes if kind in QUOTES else others).append(item)
    return styles, quotes, others


def apart(entities: Iterable[Json]) -> list[Json]:
    """Entities that begin behind the end of the one before that stays."""
    kept: list[Json] = []
    for item in entities:
        if not kept or item["offset"] >= end_of(kept[-1]):
            kept.append(item)
    return kept


def _inside(entities: list[Json], quotes: list[Json]) -> list[Json]:
    """Entities that cross no quote: all around them, or nowhere near; one that has a quote inside goes."""
    return [item for item in entities if not any(_crosses(item, quote) for quote in quotes)]


def _crosses(item: Json, quote: Json) -> bool:
    meet = item["offset"] < end_of(quote) and quote["offset"] < end_of(item)
    return meet and not (quote["offset"] <= item["offset"] and end_of(item) <= end_of(quote))


def _beside(entities: list[Json], found: list[Json]) -> list[Json]:
    free = (
        new for new in found if all(end_of(new) <= old["offset"] or end_of(old) <= new["offset"] for old in entities)
    )
    return in_order([*entities, *free])


@dataclass(slots=True)
class _Running:
    """Styles that are open at a place, and the pieces that were closed: a style goes on until its end is passed."""

    begins: dict[str, int] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    pieces: list[Json] = field(default_factory=list)

    def cut(self, offset: int) -> None:
        """Close the pieces that lie before this place; what goes on begins anew there."""
        for kind in STYLES:
            end = self.ends.get(kind, 0)
            if end == 0 or self.begins[kind] >= offset:
                continue
            self.pieces.append(entity(kind, self.begins[kind], min(end, offset) - self.begins[kind]))
            self.begins[kind] = offset
            if end <= offset:
                self.begins[kind] = self.ends[kind] = 0

    def take(self, style: Json) -> None:
        """Begin a style, or let one of its kind that runs up to here go on."""
        kind, end = style["type"], self.ends.get(style["type"], 0)
        if end != 0 and style["offset"] <= end:
            self.ends[kind] = max(end, end_of(style))
            return
        self.cut(style["offset"])
        self.begins[kind], self.ends[kind] = style["offset"], end_of(style)


def with_styles(others: list[Json], styles: list[Json]) -> list[Json]:
    """All together: styles are cut at the borders of the others, and left out inside of code."""
    if not styles:
        return others
    left = iter([*styles, None])
    style = next(left)
    running = _Running()

    def go_on(offset: int) -> None:
        nonlocal style
        while style is not None and style["offset"] < offset:
            running.take(style)
            style = next(left)
        running.cut(offset)

    around: list[Json] = []
    for item in [*others, entity("end", _FAR, 1)]:
        while around and item["offset"] >= end_of(around[-1]):
            inner = around.pop()
            before = len(running.pieces)
            go_on(end_of(inner))
            if inner["type"] in _WHOLE:
                del running.pieces[before:]
        go_on(item["offset"])
        around.append(item)
    return in_order([*others, *running.pieces])


_FAR: Final = 2**31
