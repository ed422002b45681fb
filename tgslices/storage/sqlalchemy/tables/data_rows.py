"""Fragments of session data as rows, and back, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, cast

from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.data_protocol import HOLD_KEPT, StoredData
from tgslices.storage.sqlalchemy.tables.rows import Values, escape, unescape

MAX_CACHED: Final = 256
"""Characters of a name up to which its digest is cached."""

NO_VALUE: Final = (None, None, None, None, False)
"""A fragment that is not there, in the order of ``STORED_COLUMNS``."""


def fragment_of(name: str) -> bytes:
    """Return the digest of a fragment's name, which may be of any length."""
    return _short_fragment(name) if len(name) <= MAX_CACHED else _digest(name)


def name_values(name: str) -> Values:
    """Return a name in the order of digest and text."""
    return (fragment_of(name), escape(name))


def in_order(names: Iterable[str]) -> list[str]:
    """Return names in the order in which their rows are locked."""
    return sorted(names, key=fragment_of)


def stored_values(stored: StoredData | None) -> Values:
    """Return a fragment in the order of ``STORED_COLUMNS``."""
    if stored is None:
        return NO_VALUE
    expires_at = None if stored.expires_at is None else encode_time(stored.expires_at)
    return (stored.text, stored.version, encode_time(stored.written_at), expires_at, stored.outlives_close)


def forgotten_at(until: datetime) -> int:
    """Return when a hold is forgotten that nobody lets go of."""
    return encode_time(until + HOLD_KEPT)


def name_of(row: Sequence[Any]) -> str:
    """Return the name in a row of name and ``STORED_COLUMNS``."""
    return cast(str, unescape(row[0]))


def stored_of(row: Sequence[Any]) -> StoredData:
    """Return the fragment of a row of name and ``STORED_COLUMNS`` that has a value."""
    _, value, version, written_at, expires_at, outlives_close = row
    expiry = None if expires_at is None else decode_time(expires_at)
    return StoredData(value, version, decode_time(written_at), expiry, bool(outlives_close))


def living(rows: Iterable[Sequence[Any]], now: datetime) -> dict[str, StoredData]:
    """Return the fragments in rows of name and ``STORED_COLUMNS`` that are there at a time, by name."""
    time = encode_time(now)
    return {name_of(row): stored_of(row) for row in rows if row[1] is not None and (row[4] is None or row[4] > time)}


@lru_cache(maxsize=1024)
def _short_fragment(name: str) -> bytes:
    return _digest(name)


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
