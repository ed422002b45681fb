"""One attempt at something, shared by all who want it at the same time: its success, and its failure too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class SharedAttempt:
    """Lets the first who comes try, while whoever comes meanwhile waits for the same outcome.

    Without it callers try one after the other, and the tenth is told of a silent server after ten timeouts.
    """

    def __init__(self) -> None:
        self._outcome: asyncio.Future[None] | None = None

    async def __call__(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work, or wait until somebody else has done it. When that one is cancelled, another tries.

        Raises:
            Exception: what the work raised, whoever did it.
        """
        loop = asyncio.get_running_loop()
        # An attempt of another event loop is one that was left behind: nobody would tell how it ended.
        while (outcome := self._outcome) is not None and outcome.get_loop() is loop:
            await asyncio.wait({outcome})
            if not outcome.cancelled():
                return outcome.result()
        outcome = self._outcome = loop.create_future()
        try:
            await work()
            outcome.set_result(None)
        except Exception as error:
            outcome.set_exception(error)
            outcome.exception()  # looked at, because there may be nobody else
            raise
        finally:
            if self._outcome is outcome:
                self._outcome = None
            outcome.cancel()  # does nothing unless this caller was cancelled
