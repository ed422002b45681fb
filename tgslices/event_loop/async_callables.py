"""Whether what an author hands in has to be awaited."""

from __future__ import annotations

import inspect


def is_async(given: object) -> bool:
    """Return whether a call of ``given`` is awaited: an async function, or an object whose ``__call__`` is one."""
    call = given if inspect.isroutine(given) or not callable(given) else type(given).__call__
    return inspect.iscoroutinefunction(given) or inspect.iscoroutinefunction(call)
