"""Which sessions are to be looked at and when, and which ends are to be told, kept in process memory."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from tgslices.model import MAX_WAIT, SessionKey
from tgslices.storage.ending_protocol import FIRST_LOOKED_AT, Due, EndedSession
from tgslices.storage.erasing_protocol import is_of
from tgslices.storage.inprocess.time_queue import TimeQueue


class Life(NamedTuple):
    """When a session was opened, and since when it is known to be idle, as far as the last look at it told."""

    opened_at: datetime
    active_at: datetime


class DueSessions:
    """Sessions by when they are due and by how urgent that is. A bot without any leaves nothing here."""

    __slots__ = ("_bots",)

    def __init__(self) -> None:
        self._bots: dict[int, _Sessions] = {}

    def open(self, key: SessionKey, opened_at: datetime, due: Due | None) -> None:
        """Let a session be due; never, if it is told None."""
        if due is None:
            self.close(key)
            return
        sessions = self._bots.setdefault(key.bot_id, _Sessions())
        sessions.lives[key] = Life(opened_at, opened_at)
        sessions.put(key, due)

    def postpone(self, key: SessionKey, active_at: datetime, due: Due | None) -> None:
        """Set when a session is due next."""
        life = self.life(key)
        if due is None or life is None:
            self.close(key)
            return
        sessions = self._bots[key.bot_id]
        sessions.lives[key] = life._replace(active_at=active_at)
        sessions.put(key, due)

    def close(self, key: SessionKey) -> None:
        """Let a session be due no more."""
        sessions = self._bots.get(key.bot_id)
        if sessions is not None and sessions.lives.pop(key, None) is not None:
            sessions.drop(key)
            if not sessions.lives:
                del self._bots[key.bot_id]

    def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[SessionKey]:
        """Take and hold what is due; see ``LifetimeStorage.lease_sessions``."""
        sessions = self._bots.get(bot_id)
        if sessions is None:
            return []
        urgent = sessions.take_urgent(now, limit)
        taken = [key for _, key in urgent]
        if len(taken) < limit:
            taken += sessions.others(now, limit - len(taken), {*taken})
        for key in taken:
            sessions.by_time.put(key, until)
        for due_limit, key in urgent:
            sessions.hold(key, due_limit, until)
        return taken

    def is_leased(self, key: SessionKey, until: datetime) -> bool:
        """Tell whether a session is leased until exactly then."""
        sessions = self._bots.get(key.bot_id)
        return sessions is not None and sessions.by_time.get(key) == until

    def life(self, key: SessionKey) -> Life | None:
        """Return what is known of a session that is due at some time."""
        sessions = self._bots.get(key.bot_id)
        return None if sessions is None else sessions.lives.get(key)

    def due_at(self, key: SessionKey) -> datetime | None:
        """Return when a session is due; None for never."""
        sessions = self._bots.get(key.bot_id)
        return None if sessions is None else sessions.by_time.get(key)

    def in_order(self, bot_id: int) -> Generator[tuple[datetime, int, SessionKey]]:
        """Yield the bot's sessions by when they are due, each with a number that tells those of one time apart.

        Nothing may be changed before the generator is closed.
        """
        sessions = self._bots.get(bot_id)
        if sessions is not None:
            yield from sessions.by_time.numbered()

    def next_due(self, bot_id: int, now: datetime) -> datetime | None:
        """Return when the bot's earliest is due, or None."""
        sessions = self._bots.get(bot_id)
        return None if sessions is None else _first_of(sessions.by_time, now)

    def migrate(self, old: SessionKey, new: SessionKey) -> None:
        """Let a key be due when another one is, or when it is itself, whichever is earlier."""
        sessions = self._bots.get(old.bot_id)
        if sessions is None or (at := sessions.by_time.get(old)) is None:
            return
        limit, life = sessions.limit_of(old) or at, sessions.lives[old]
        there = self.life(new) or life
        due = Due(min(at, sessions.by_time.get(new) or at), min(limit, sessions.limit_of(new) or limit))
        self.close(old)
        self.open(new, there.opened_at, due)
        self.postpone(new, max(life.active_at, there.active_at), due)


class _Sessions:
    """The sessions of one bot. One that is leased goes by its limit again when the lease is over."""

    __slots__ = ("_held", "_leases", "_past", "_past_until", "by_time", "limits", "lives")

    def __init__(self) -> None:
        self.lives: dict[SessionKey, Life] = {}
        self.by_time: TimeQueue[SessionKey] = TimeQueue()
        self.limits: TimeQueue[SessionKey] = TimeQueue()
        self._leases: TimeQueue[SessionKey] = TimeQueue()
        self._held: dict[SessionKey, datetime] = {}
        self._past: dict[SessionKey, datetime] = {}
        self._past_until: datetime | None = None

    def put(self, key: SessionKey, due: Due) -> None:
        self._release(key)
        self._past.pop(key, None)
        self.by_time.put(key, due.at)
        self.limits.put(key, due.limit)

    def drop(self, key: SessionKey) -> None:
        self._release(key)
        self._past.pop(key, None)
        self.by_time.drop(key)
        self.limits.drop(key)

    def hold(self, key: SessionKey, limit: datetime, until: datetime) -> None:
        """Note the limit of a session that was taken out of their order."""
        self._leases.put(key, until)
        self._held[key] = limit

    def limit_of(self, key: SessionKey) -> datetime | None:
        return self._held.get(key) or self._past.get(key) or self.limits.get(key)

    def take_urgent(self, now: datetime, limit: int) -> list[tuple[datetime, SessionKey]]:
        """Remove from the order of limits those that are due and whose limit is to come; return limits and keys."""
        for key in self._over(now):
            self.limits.put(key, self._held[key])
            self._release(key)
        self._leave_out_past(now)
        return self.limits.take_first(lambda key: self._is_due(key, now), limit=limit, of=FIRST_LOOKED_AT)

    def _leave_out_past(self, now: datetime) -> None:
        """Let what is past its limit hurry no more, until the clock steps back."""
        if self._past_until is not None and now < self._past_until:
            for key in [key for key, limit in self._past.items() if limit > now]:
                self.limits.put(key, self._past.pop(key))
        self._past_until = now
        self._past.update((key, limit) for limit, key in self.limits.take_until(now))

    def _over(self, now: datetime) -> list[SessionKey]:
        """Return those whose lease is over, or was made by a clock that was ahead."""
        first = self._leases.first()
        if first is None:
            return []
        ahead = self._leases.later_than(now + MAX_WAIT) if _was_ahead(self._leases, now) else []
        if first > now:
            return ahead
        with closing(self._leases.walking()) as walk:
            return [*(key for _, key in takewhile(lambda it: it[0] <= now, walk)), *ahead]

    def _release(self, key: SessionKey) -> None:
        if self._held.pop(key, None) is not None:
            self._leases.drop(key)

    def others(self, now: datetime, limit: int, taken: set[SessionKey]) -> list[SessionKey]:
        """Return more that are due, the earliest first; last what a clock wrote that was ahead."""
        with closing(self.by_time.walking()) as walk:
            found: list[SessionKey] = []
            for time, key in walk:
                if time > now or len(found) >= limit:
                    break
                if key not in taken:
                    found.append(key)
        if len(found) < limit and _was_ahead(self.by_time, now):
            found += [key for key in self.by_time.later_than(now + MAX_WAIT) if key not in taken]
        return found[:limit]

    def _is_due(self, key: SessionKey, now: datetime) -> bool:
        time = self.by_time.get(key)
        return time is not None and (time <= now or time > now + MAX_WAIT)


class Ends:
    """Ends that are to be told, of any number of bots."""

    __slots__ = ("_bots", "_ends")

    def __init__(self) -> None:
        self._bots: dict[int, TimeQueue[EndedSession]] = {}
        self._ends: dict[EndedSession, EndedSession] = {}

    def put(self, end: EndedSession) -> None:
        """Keep an end, leased until its ``leased_until``."""
        self._ends[end] = end
        self._bots.setdefault(end.key.bot_id, TimeQueue()).put(end, end.leased_until)

    def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[EndedSession]:
        """Take and hold ends that are free; see ``LifetimeStorage.lease_ends``."""
        queue = self._bots.get(bot_id)
        if queue is None:
            return []
        with closing(queue.walking()) as walk:
            free = [end for time, end in walk if time <= now][:limit]
        free += queue.later_than(now + MAX_WAIT)[: limit - len(free)]
        return [held for end in free if (held := self.postpone(end, until))]

    def postpone(self, end: EndedSession, until: datetime) -> EndedSession | None:
        """Lease an end until another time; return it as it is then, or None for one that was settled."""
        there = self._ends.pop(end, None)
        if there is None:
            return None
        held = replace(there, leased_until=until)
        self.put(held)
        return held

    def settle(self, end: EndedSession) -> bool:
        """Drop an end; return whether it was there."""
        if self._ends.pop(end, None) is None:
            return False
        queue = self._bots[end.key.bot_id]
        queue.drop(end)
        if not queue:
            del self._bots[end.key.bot_id]
        return True

    def next_due(self, bot_id: int, now: datetime) -> datetime | None:
        """Return when the bot's earliest end is free, or None."""
        queue = self._bots.get(bot_id)
        return None if queue is None else _first_of(queue, now)

    def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        """Let the ends of a chat be those of its new id."""
        for end in [end for end in self._ends if (end.key.bot_id, end.key.chat_id) == (bot_id, old_chat_id)]:
            there = self._ends[end]
            self.settle(end)
            self.put(replace(there, key=end.key.in_chat(new_chat_id)))

    def drop_of(self, bot_id: int, user_id: int) -> set[SessionKey]:
        """Drop the ends of a person's sessions; return their keys."""
        ends = [end for end in self._ends if end.key.bot_id == bot_id and is_of(end.key, user_id)]
        return {end.key for end in ends if self.settle(end)}


def _was_ahead(queue: TimeQueue[SessionKey] | TimeQueue[EndedSession], now: datetime) -> bool:
    """Tell whether a clock that was ahead has put something off."""
    if queue.latest is None or queue.latest - now <= MAX_WAIT:
        return False
    latest = queue.find_latest()
    return latest is not None and latest - now > MAX_WAIT


def _first_of(queue: TimeQueue[SessionKey] | TimeQueue[EndedSession], now: datetime) -> datetime | None:
    first = queue.first()
    return min(now, first) if first is not None and _was_ahead(queue, now) else first
