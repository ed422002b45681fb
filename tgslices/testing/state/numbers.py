"""Numbers for new accounts, chats and messages of a world."""

from __future__ import annotations

from itertools import count
from typing import Final

from tgslices.testing.state.tokens import random_bot_id

SUPERGROUP_ID_BASE: Final = -1_000_000_000_000
"""Supergroups and channels are numbered down from here. Source: tdlib/td ``DialogId.h``."""

_FIRST_ALBUM: Final = 13_000_000_000_000_000
_FIRST_TAP: Final = 4_000_000_000


class Numbers:
    """The counters of a world. Those of accounts give candidates, because a token may have taken a number."""

    __slots__ = ("_groups", "_serials", "_supergroups", "bots", "people")

    def __init__(self) -> None:
        self.people = count(1001)
        self.bots = count(random_bot_id())
        self._groups = count(4001)
        self._supergroups = count(1)
        self._serials = count(1)

    def serial(self) -> int:
        """The next number that nothing else has; later ones are larger."""
        return next(self._serials)

    def album(self) -> str:
        """A ``media_group_id``, as long as the server's."""
        return str(_FIRST_ALBUM + next(self._serials))

    def tap(self) -> str:
        """The identifier of a callback query."""
        return str(_FIRST_TAP + next(self._serials))

    def chat(self, kind: str) -> int:
        """The negative number of a group, supergroup or channel."""
        return -next(self._groups) if kind == "group" else SUPERGROUP_ID_BASE - next(self._supergroups)
