"""Places in an order that the server keeps, and what stands behind one."""

from __future__ import annotations

from typing import Any, NamedTuple

from tgslices.storage.listing_protocol import no_such_place
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.operations.key_names import pairs
from tgslices.storage.redis.scripts import LIST_BEHIND


class Place(NamedTuple):
    """Where a member stands in an order; those of one time are in the order of their bytes."""

    at: int
    member: bytes


async def places_behind(calls: Calls, ordered: bytes, place: Place | None, most: int) -> list[Place]:
    """Return the first places of an order behind one; from its begin on where that is None."""
    at, member = (b"", b"") if place is None else (b"%d" % place.at, place.member)
    flat: Any = await calls.run(LIST_BEHIND, (ordered,), (at, member, b"%d" % most))
    return [Place(int(float(time)), member) for member, time in pairs(flat)]


def spelt(place: Place | None) -> str | None:
    """Spell a place, for whoever goes on there."""
    return None if place is None else f"{place.at}.{place.member.hex()}"


def read_place(after: str) -> Place:
    """Read what :func:`spelt` spelt.

    Raises:
        ConfigurationError: it is no such place.
    """
    at, dot, member = after.partition(".")
    try:
        if dot:
            return Place(int(at), bytes.fromhex(member))
    except ValueError:
        pass
    raise no_such_place(after)
