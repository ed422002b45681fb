"""How the processes that share a database tell each other what they opened and closed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol, TypeAlias

from tgslices.storage.sqlalchemy.database.steps import Steps

Hear: TypeAlias = Callable[[str], None]


class Told(NamedTuple):
    """The states before and after a transaction that told the others something."""

    before: int
    after: int


class Notices(Protocol):
    """The notices of the tables of one storage."""

    def state(self) -> int | None:
        """Tell without waiting how far is heard. None: something may have been missed.

        While it stays equal, nothing has changed but what was heard. Another number says that something was missed.
        """

    def telling(self, notice: str) -> Steps[Told]:
        """Tell the others, once the transaction is committed."""

    def done(self, told: Told) -> None:
        """Know that a transaction is committed: until then the state is as if it were not."""

    def failed(self) -> None:
        """Know that a transaction failed, or was given up; it may be committed all the same."""

    def listen(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Listen until the context ends; ``hear`` is called with each notice, one's own among them."""
