"""Lengths and places as Telegram counts them in a text: in UTF-16 units.

A character outside the basic plane, as most emoji are, has two.
Source: https://core.telegram.org/bots/api#messageentity
"""

from __future__ import annotations

from collections.abc import Iterator


def units_in(text: str) -> int:
    """The length of a text; half of a surrogate pair counts, too."""
    return len(text) if text.isascii() else len(_encoded(text)) // 2


def places_of(part: str, text: str) -> Iterator[int]:
    """The offsets at which a part stands in a text, overlapping ones included; none for an empty part."""
    whole, wanted = _encoded(text), _encoded(part)
    place = whole.find(wanted) if wanted else -1
    while place >= 0:
        if place % 2 == 0:
            yield place // 2
        place = whole.find(wanted, place + 1)


def _encoded(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")
