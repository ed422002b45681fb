"""Where a quote stands in the message that is replied to.

Source: https://core.telegram.org/bots/api#replyparameters. ``QUOTE_TEXT_INVALID`` comes from the servers
behind, as users report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tgslices.testing.errors import ApiError, bad_request
from tgslices.testing.text.units import places_of, units_in

MAX_QUOTE: Final = 1024
"""UTF-16 units of a quote. Source: DOC, ``ReplyParameters.quote``"""

QUOTED_ENTITIES: Final = frozenset(
    {"bold", "custom_emoji", "date_time", "italic", "spoiler", "strikethrough", "underline"}
)
"""Entities that a quote keeps, and has in common with the message. Source: DOC, ``TextQuote.entities``"""

Entity = Mapping[str, Any]


def kept_entities(entities: Iterable[Entity]) -> list[Entity]:
    """The entities that a quote keeps, in their order."""
    return [entity for entity in entities if entity["type"] in QUOTED_ENTITIES]


def quote_position(
    text: str, entities: Sequence[Entity], quote: str, quote_entities: Sequence[Entity], near: int
) -> int | None:
    """Where the quote stands in the text, in UTF-16 units: of several places the nearest; None if it does not.

    The entities of both must agree there, as far as a quote keeps them.
    """
    length = units_in(quote)
    if not 0 < length <= MAX_QUOTE:
        return None
    wanted = _marks(quote_entities, 0, length)
    found = [place for place in places_of(quote, text) if _marks(entities, place, length) == wanted]
    return min(found, key=lambda place: abs(place - near), default=None)


def quote_refusal(position: int | None) -> ApiError | None:
    """Why a quote is refused that stands there, or nowhere."""
    return bad_request("QUOTE_TEXT_INVALID") if position is None else None


def _marks(entities: Iterable[Entity], start: int, length: int) -> set[tuple[Any, ...]]:
    """The kept entities as they look from a part of the text."""
    marks = set()
    for entity in kept_entities(entities):
        first = max(entity["offset"] - start, 0)
        last = min(entity["offset"] + entity["length"] - start, length)
        if first < last:
            marks.add((entity["type"], first, last, entity.get("custom_emoji_id"), entity.get("unix_time")))
    return marks
