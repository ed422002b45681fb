"""What ``on_end`` is told of a session that has ended by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from aiogram import Bot

from tgslices.errors import ConfigurationError, quoted
from tgslices.event_loop.async_callables import is_async
from tgslices.model import SessionKey
from tgslices.results import ClearResult
from tgslices.session import Session
from tgslices.storage.ending_protocol import EndReason


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that has ended by itself, as ``on_end`` is told.

    ``result`` tells what became of its messages: of all, unless another worker had begun to end it and died. Deletions
    may be pending still; they are finished all the same. ``session`` is its handle, which opens nothing: what is sent
    through it is kept for the next time that the session is open.
    """

    key: SessionKey
    reason: EndReason
    result: ClearResult
    at: datetime
    session: Session
    bot: Bot


OnEnd: TypeAlias = Callable[[Ended], Awaitable[object]]


def require_on_end(on_end: object) -> None:
    """Refuse what could not be awaited.

    Raises:
        ConfigurationError: it is no async function of one argument.
    """
    if not is_async(on_end):
        raise ConfigurationError(
            f"on_end is {quoted(on_end)}.", "Pass an async function: async def on_end(ended: Ended) -> None."
        )
