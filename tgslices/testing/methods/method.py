"""What a method is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments

Method: TypeAlias = Callable[[World, BotAccount, Arguments], object]
"""Does the work and returns what goes into ``result``: a JSON-ready value, `Encoded`, `Done`, or an awaitable of one.

Raises:
    ApiError: the call is refused; nothing has been changed then.
"""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A result that is JSON already."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """``True``, with the ``description`` that the server gives to some successes."""

    description: str
