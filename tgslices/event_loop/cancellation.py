"""Whose cancellation a ``CancelledError`` is: that of the running task, or of something that it waited for."""

from __future__ import annotations

import asyncio


def require_not_cancelled(error: BaseException) -> None:
    """Raise a ``CancelledError`` again that is meant for the running task; let it be a failure like any other if not.

    A function of a bot's author, or a plugin's driver, raises one when it waits for a task of its own that was
    cancelled. Taken for a cancellation of the library's task, it would end that without a word.

    Raises:
        CancelledError: the running task was asked to end.
    """
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
        raise error
