"""Which sessions are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Any, Final

from tgslices.model import Scope, SessionKey
from tgslices.storage.inprocess.shared_keys import MAX_KEYS, OpenRowId
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.identities import away_code_of, chat_code, home_code
from tgslices.storage.redis.codes.names import (
    Names,
    key_of_member,
    parts_of_spot,
    qualifier_of,
    spot_of,
    spots_of_scope,
)
from tgslices.storage.redis.hearing import row_of
from tgslices.storage.redis.operations.key_names import KeyNames, in_steps
from tgslices.storage.redis.scripts import HELD, LOOK

PAGE: Final = 1_000
"""Open keys that are read in one call, about."""

_OPEN: Final = Struct(">dI")


class Keys:
    """The open sessions of any number of bots."""

    def __init__(self, calls: Calls, names: Names) -> None:
        self._calls = calls
        self._names = names

    async def is_open(self, key: SessionKey) -> bool:
        """Tell whether a key is open."""
        session = KeyNames(self._names, key)
        [found] = await self._calls.run(LOOK, (session.spot_key,))
        return any(label == session.label for label, _ in labels_of(found))

    async def matching(self, scope: Scope) -> list[SessionKey]:
        """Return the open keys of a scope."""
        names, spots = self._names.of(scope.bot_id), spots_of_scope(scope)
        found = await self._calls.run(LOOK, [*map(names.spot, spots)])
        return [key for spot, open_ in zip(spots, found, strict=True) for key in keys_of(scope.bot_id, spot, open_)]

    async def is_held(
        self, bot_id: int, chat_id: int, message_id: int, connection: str | None, user_id: int | None
    ) -> bool:
        """Tell whether an open key holds a message: mostly in one round trip, which looks at the likeliest keys first.

        It tells which others there are, too; where there are none, or one of the first holds it, that is all.
        """
        names = self._names.of(bot_id)
        chat = chat_code(chat_id, connection)
        home, away = home_code(message_id), away_code_of(message_id, chat)
        first = dict.fromkeys(spot_of(chat_id, user, None, connection) for user in (None, user_id))
        keys = (names.index(chat_id), names.foreign)
        reply = await self._calls.run(HELD, (*keys, *map(names.spot, first)), (chat, *[home] * len(first)))
        if reply[0]:
            return True
        own = [(it, home) for it in reply[1] if it not in first and parts_of_spot(it)[3] == connection]
        others = [*own, *((member[len(chat) :], away) for member in reply[2])]
        for step in in_steps(others):
            spots, codes = zip(*step, strict=True)
            if (await self._calls.run(HELD, (*keys, *map(names.spot, spots)), (b"", *codes)))[0]:
                return True
        return False

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        """Return every open key of a bot: all that are open throughout, in pages, so that no call takes long."""
        return [key_of_member(bot_id, member) for member in await self._members(bot_id)]

    async def rows(self, bot_id: int) -> Sequence[OpenRowId]:
        """Return the chats and numbers of all open keys; if they are too many, more than may be kept."""
        name = self._names.of(bot_id).open
        count: int = await self._calls.do(lambda client: client.zcard(name))
        if count > MAX_KEYS:
            return [(0, number) for number in range(MAX_KEYS + 1)]
        return [row_of(bot_id, member) for member in await self._members(bot_id)]

    async def _members(self, bot_id: int) -> set[bytes]:
        name = self._names.of(bot_id).open
        members: set[bytes] = set()
        cursor = 0
        while True:
            page: Any = await self._calls.do(lambda client, at=cursor: client.zscan(name, at, count=PAGE))  # type: ignore[misc]  # it infers no default
            cursor, found = page
            members.update(member for member, _ in found)
            if not cursor:
                return members


def labels_of(open_: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the labels of a spot's open sessions, and the qualifiers' texts where a label does not tell them."""
    at = 0
    while at < len(open_):
        end = at + 1 + open_[at]
        label = open_[at + 1 : end]
        _, length = _OPEN.unpack_from(open_, end)
        at = end + _OPEN.size + length
        yield label, open_[at - length : at]


def keys_of(bot_id: int, spot: bytes, open_: bytes) -> list[SessionKey]:
    """Return the keys of a spot's open sessions."""
    return [SessionKey(bot_id, *parts_of_spot(spot), qualifier_of(label, full)) for label, full in labels_of(open_)]
