"""What a close consists of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from tgslices.model import SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.sqlalchemy.database.steps import Step, Steps
from tgslices.storage.sqlalchemy.tables.close_statements import CloseStatements
from tgslices.storage.sqlalchemy.tables.rows import key_values, place_of
from tgslices.storage.sqlalchemy.tables.statements import Statements


class Closing(NamedTuple):
    """How many entries were dropped, and the number of the key's row if it was open."""

    dropped: int
    row_id: int | None


class Closings:
    """Closes keys, with all that ends with a session."""

    def __init__(self, statements: Statements, close_statements: CloseStatements) -> None:
        self._lock_keys = statements.lock_keys
        self._statements = close_statements

    def closing(self, key: SessionKey, at: datetime, data: Callable[[], Steps[None]]) -> Steps[Closing]:
        """Let a key be closed as of a time, and take its entries out; ``data`` are the steps that close its data."""
        place, closed_at, statements = place_of(key), encode_time(at), self._statements
        locked = yield Step(self._lock_keys, [(0, *place)])
        if locked:
            [[_, row_id, was_open, _]] = locked
        else:
            [[row_id]] = yield Step(statements.make_closed, [(*key_values(key), False, closed_at)])
            was_open = False
        if statements.close_all is not None:
            [[dropped]] = yield Step(statements.close_all, [(row_id, closed_at, *place)])
        else:
            [[dropped]] = yield Step(statements.count, [(row_id,)])
            yield Step(statements.leave, [(row_id,)])
            yield Step(statements.drop, [(row_id,)])
            yield Step(statements.close, [(row_id, closed_at)])
            yield from data()
        return Closing(dropped, row_id if was_open else None)
