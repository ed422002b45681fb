"""Python's garbage collector, and what it need not look at."""

from __future__ import annotations

import gc


async def freeze() -> None:
    """Take what the process has built so far out of the collector's sight, after a last look at it.

    A bot has some hundred megabytes of classes and validators by then, which live as long as the process does. Every
    full collection walks over all of them, and no update is handled meanwhile.
    Source: https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
