"""What a transaction consists of, apart from who sends its statements, and how many trips that takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")

StatementOf: TypeAlias = Callable[[int], str]
"""The text of a statement for a number of rows, or for ``ANY_NUMBER``."""

ANY_NUMBER: Final = 0
"""Stands for rows that are passed as one array for each column."""


class Step(NamedTuple):
    """A statement and its rows, of which there is one at least.

    What is *last* has no parameters, and is answered with nothing: it may be sent together with the commit.
    """

    statement: StatementOf
    rows: Sequence[Sequence[Any]]
    is_last: bool = False


Steps: TypeAlias = Generator[Step, Sequence[Any], T]
"""The statements of a transaction, one after the other: each is answered with the rows that it returns.

They may be taken in another thread, and begun anew, so they change nothing but the database.
"""


def taken(steps: Steps[T], execute: Callable[[Step], Sequence[Any]]) -> T:
    """Take all steps; return what they return."""
    try:
        step = next(steps)
        while True:
            step = steps.send(execute(step))
    except StopIteration as end:
        result: T = end.value
        return result


async def taken_one_by_one(steps: Steps[T], execute: Callable[[Step], Awaitable[Sequence[Any]]]) -> T:
    """Take all steps, each a trip to the database; return what they return."""
    try:
        step = next(steps)
        while True:
            step = steps.send(await execute(step))
    except StopIteration as end:
        result: T = end.value
        return result
