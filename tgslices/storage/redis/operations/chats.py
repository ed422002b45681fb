"""Whole chats: messages that are gone from them, their move to another id, and what may be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from struct import Struct
from typing import Final, NamedTuple

from tgslices.model import REPEAT_WINDOW, Gone, SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.identities import away_tail, chat_code, home_code
from tgslices.storage.redis.codes.names import (
    BotNames,
    Names,
    full_member,
    key_of_member,
    label_length,
    parts_of_member,
    parts_of_spot,
    spot_of,
)
from tgslices.storage.redis.codes.records import HIDDEN, LISTED, PENDING, decode_entry
from tgslices.storage.redis.hearing import Hearing, changes_of
from tgslices.storage.redis.operations.key_names import BOT, MAX_STEP, in_steps
from tgslices.storage.redis.operations.keys import Keys, keys_of
from tgslices.storage.redis.scripts import DISCARD, LOOK, MIGRATE, NOTE_BUTTONS, SWEEP

SPOTS_IN_STEP: Final = 50
"""Spots that one call looks at."""

SESSIONS_IN_STEP: Final = 20
"""Sessions that one call sweeps."""

_ID: Final = Struct(">q")


class _Target(NamedTuple):
    """What is gone from a spot: codes for all its sessions, or fields as labels and codes in turn."""

    spot: bytes
    way: bytes
    parts: Sequence[bytes]

    @property
    def size(self) -> int:
        return len(self.parts) if self.way == b"ids" else len(self.parts) // 2


class Chats:
    """What concerns every session of a chat."""

    def __init__(self, calls: Calls, names: Names, hearing: Hearing, keys: Keys) -> None:
        """Make calls, and hear of what is opened and closed."""
        self._calls = calls
        self._names = names
        self._hearing = hearing
        self._keys = keys

    # Messages that are gone

    async def discard(self, bot_id: int, gone: Gone, *, surely: bool) -> int:
        """Drop or hide entries, and drop what is pending; see ``DurableSessionStorage.discard``."""
        names = self._names.of(bot_id)
        dropped = 0
        for step in _steps(await self._targets(names, gone)):
            dropped += await self._discard(names, step, surely)
        return dropped

    async def _discard(self, names: BotNames, targets: Sequence[_Target], surely: bool) -> int:
        dropped: int = await self._calls.once(
            DISCARD,
            names,
            (
                *(names.sweep, names.foreign, names.due, names.claimed),
                *chain.from_iterable((names.spot(it.spot), names.index_of(it.spot)) for it in targets),
            ),
            (
                b"1" if surely else b"0",
                *(part for it in targets for part in (it.spot, it.way, b"%d" % it.size, *it.parts)),
            ),
        )
        return dropped

    async def note_buttons(self, bot_id: int, named: Gone, *, has_buttons: bool) -> int:
        """Set whether messages have buttons, found as what is gone; see ``DurableSessionStorage.note_buttons``."""
        names, changed = self._names.of(bot_id), 0
        for step in _steps(await self._targets(names, named)):
            spots = [names.spot(it.spot) for it in step]
            parts = (part for it in step for part in (it.way, b"%d" % it.size, *it.parts))
            changed += await self._calls.run(NOTE_BUTTONS, spots, (b"1" if has_buttons else b"0", *parts))
        return changed

    async def _targets(self, names: BotNames, gone: Gone) -> list[_Target]:
        """Find the spots that may hold what is gone."""
        code = chat_code(gone.chat_id, gone.business_connection_id)
        index = names.index(gone.chat_id)
        listed: dict[bytes, bytes] = await self._calls.do(lambda client: client.hgetall(index))
        after = b"(" + code + b"\xff"
        found = await self._calls.do(lambda client: client.zrangebylex(names.foreign, b"[" + code, after))
        away = {member[len(code) :] for member in found}
        own = [spot for spot in listed if parts_of_spot(spot)[3] == gone.business_connection_id]
        targets = []
        for spot in dict.fromkeys((*own, *sorted(away))):
            if spot in away or gone.message_ids is None or gone.receiver_user_id is not None:
                targets.append(_Target(spot, b"fields", await self._fields(names, spot, gone)))
            else:
                targets.append(_Target(spot, b"ids", [home_code(it) for it in sorted(gone.message_ids)]))
        return [target for target in targets if target.parts]

    async def _fields(self, names: BotNames, spot: bytes, gone: Gone) -> list[bytes]:
        """Look through a spot for what is gone from it."""
        chat_id, _, _, connection = parts_of_spot(spot)
        fields: dict[bytes, bytes] = await self._calls.do(lambda client: client.hgetall(names.spot(spot)))
        found: list[bytes] = []
        for field, record in fields.items():
            end = label_length(field)
            if not end or not record[0] & (LISTED | HIDDEN | PENDING):
                continue
            code = field[end:]
            if gone.covers(decode_entry(code, record, chat_id, connection)):
                found += (field[:end], code)
        return found

    # Another id

    async def migrate(self, bot_id: int, old: int, new: int) -> list[SessionKey]:
        """Move every key of a chat; see ``DurableSessionStorage.migrate``."""
        names = self._names.of(bot_id)
        if old == new:
            return await self._open_in(names, bot_id, old)
        were_open: list[SessionKey] = []
        is_first = True
        while (spots := await self._spots_of(names, old)) or is_first:
            is_first = False
            for step in in_steps(spots, SPOTS_IN_STEP) if spots else [()]:
                were_open += await self._migrate(names, bot_id, step, old, new)
        return were_open

    async def _spots_of(self, names: BotNames, chat_id: int) -> list[bytes]:
        return list(await self._calls.do(lambda client: client.hkeys(names.index(chat_id))))

    async def _open_in(self, names: BotNames, bot_id: int, chat_id: int) -> list[SessionKey]:
        spots = await self._spots_of(names, chat_id)
        found = await self._calls.run(LOOK, [*map(names.spot, spots)]) if spots else []
        return [key for spot, open_ in zip(spots, found, strict=True) for key in keys_of(bot_id, spot, open_)]

    async def _migrate(
        self, names: BotNames, bot_id: int, spots: Sequence[bytes], old: int, new: int
    ) -> list[SessionKey]:
        call = self._hearing.begin(self._calls.token())
        bot_keys = (names.counter, names.open, names.sweep, names.foreign, names.due, names.claimed, names.migrated)
        moves = [_move(bot_id, spot, old, new) for spot in spots]
        members: list[bytes] = await self._calls.run(
            MIGRATE,
            (
                names.memo(call.token.hex().encode()),
                *bot_keys,
                *(names.index(old), names.index(new), names.dues, names.limits, names.active),
                *chain.from_iterable((names.spot(move[0]), names.spot(move[1])) for move in moves),
            ),
            (
                *(call.token, self._calls.channel, BOT.pack(bot_id), b"%d" % old, _ID.pack(new)),
                *chain.from_iterable(moves),
            ),
        )
        if members:
            gone = changes_of(bot_id, members, is_open=False)
            come = changes_of(bot_id, [_ID.pack(new) + member[8:] for member in members], is_open=True)
            both = [change for pair in zip(gone, come, strict=True) for change in pair]
            self._hearing.finish(call, both)
        return [key_of_member(bot_id, member) for member in members]

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        """Return which of these chats have moved."""
        name, asked = self._names.of(bot_id).migrated, list(chat_ids)
        moved: set[int] = set()
        for step in in_steps(asked):
            spelled = [b"%d" % chat_id for chat_id in step]
            found = await self._calls.do(lambda client, spelled=spelled: client.smismember(name, spelled))  # type: ignore[misc]  # it infers no default
            moved.update(chat_id for chat_id, is_there in zip(step, found, strict=True) if is_there)
        return moved

    # What is past

    async def sweep(self, bot_id: int, *, now: datetime, limit: int) -> int:
        """Forget up to ``limit`` things that are past; return how many."""
        names = self._names.of(bot_id)
        past = encode_time(now - REPEAT_WINDOW)
        swept = 0
        while swept < limit:
            members = await self._calls.do(
                lambda client: client.zrangebyscore(names.sweep, "-inf", past, start=0, num=SESSIONS_IN_STEP)
            )
            if not members:
                break
            spots = [parts_of_member(member)[0] for member in members]
            swept += await self._calls.once(
                SWEEP,
                names,
                (
                    *(names.sweep, names.foreign),
                    *chain.from_iterable((names.spot(spot), names.index_of(spot)) for spot in spots),
                ),
                (b"%d" % past, b"%d" % (limit - swept), *members),
            )
        return swept


def _steps(targets: Iterable[_Target]) -> Iterator[list[_Target]]:
    """Yield what is gone in steps of bounded size."""
    step: list[_Target] = []
    size = 0
    for target in targets:
        for parts in in_steps(target.parts, MAX_STEP):
            if step and (len(step) >= SPOTS_IN_STEP or size + len(parts) > MAX_STEP):
                yield step
                step, size = [], 0
            step.append(target._replace(parts=parts))
            size += len(parts)
    if step:
        yield step


def _move(bot_id: int, spot: bytes, old: int, new: int) -> tuple[bytes, bytes, bytes, bytes, bytes, bytes]:
    """Return what a script wants to know of a spot that moves."""
    _, user_id, thread_id, connection = parts_of_spot(spot)
    heads = (
        full_member(SessionKey(bot_id, chat_id, user_id, thread_id, connection))[:-1]  # without the qualifier
        for chat_id in (old, new)
    )
    old_head, new_head = heads
    return (
        spot,
        spot_of(new, user_id, thread_id, connection),
        away_tail(old, connection),
        away_tail(new, connection),
        old_head,
        new_head,
    )
