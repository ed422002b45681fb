"""What is open: the sessions of a chat or of a person, how many there are, and all of them in pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from aiogram.types import Chat, TelegramObject, User

from tgslices.config import SessionConfig
from tgslices.error_texts.advice import require_event
from tgslices.errors import ConfigurationError, quoted
from tgslices.keys.scopes import scope_of
from tgslices.model import MAX_INT, SessionKey
from tgslices.recording.tracker import Tracker
from tgslices.session import Session
from tgslices.storage.listing_protocol import ListedSession, SessionFilter, no_such_place
from tgslices.storage.pages import pages

_PAGE: Final = 500
"""Sessions that are read at once where all of a chat are asked for."""

_MAX_LIMIT: Final = 10**9
"""More than this is everything: databases count up to a number of their own."""

_BEGIN: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that was open when it was looked at.

    ``active_at`` is when something was last recorded, or its data changed; not before it was opened. ``session`` is a
    handle that opens nothing: it looks, clears, sends and closes.
    """

    key: SessionKey
    opened_at: datetime
    active_at: datetime
    entries: int
    session: Session


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Some of the open sessions, those that were opened first. ``after`` begins the next page; None at the end.

    A page may have fewer than were asked for, and none at all, although there is a next one.
    """

    sessions: tuple[OpenSession, ...]
    after: str | None


class ListsOpen:
    """The part of a manager that tells what is open, in any process that shares the storage.

    What a predicate collects, which lives in one process, is not told.
    """

    tracker: Tracker
    config: SessionConfig
    _bot_id: int

    def handle(self, key: SessionKey, *, collect: bool = True) -> Session:
        """Return the session of a key."""
        raise NotImplementedError

    async def opened(self, event_or_chat: TelegramObject | int, user: User | int | None = None) -> list[OpenSession]:
        """Return what is open where an event is, or in a chat; those that were opened first come first.

        Of an event: the sessions that its message belongs to, of everybody and of its writer, whatever their qualifier.
        Of a chat: all that are open in it. With ``user`` only those of that person in the chat. ``[]`` for an event
        without a place.

        Raises:
            ConfigurationError: what was given is no event, no chat, or no user.
        """
        await self.tracker.catch_up()
        if isinstance(event_or_chat, Chat | int):
            return await self._every(_filter(event_or_chat, user))
        require_event(event_or_chat)
        scope = scope_of(event_or_chat, self._bot_id)
        if scope is None:
            return []
        if user is not None:
            return await self._every(_filter(scope.chat_id, user))
        storage = self.tracker.storage
        listed = await storage.look_at_sessions(await storage.matching(scope))
        return self._told(sorted(listed, key=lambda it: it.opened_at))

    async def count(
        self,
        chat: Chat | int | None = None,
        user: User | int | None = None,
        *,
        qualifiers: Collection[str | None] | None = None,
        older_than: timedelta | None = None,
    ) -> int:
        """Return how many sessions are open, of those that :meth:`page` would list.

        Raises:
            ConfigurationError: a chat, a user or a duration is none.
        """
        where = _filter(chat, user, qualifiers, self._before(older_than))
        await self.tracker.catch_up()
        return await self.tracker.storage.count_sessions(self._bot_id, where)

    async def page(
        self,
        chat: Chat | int | None = None,
        user: User | int | None = None,
        *,
        qualifiers: Collection[str | None] | None = None,
        older_than: timedelta | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> OpenPage:
        """Return up to ``limit`` sessions that are open, and where the next page begins.

        Only those of a chat, of a user, with one of some qualifiers (None: without one), or that were opened at least
        so long ago. A session that stays open is in exactly one page, whatever opens and closes meanwhile. The last
        page costs as much as the first.

        Raises:
            ConfigurationError: a chat, a user, a duration or a limit is none, or ``after`` comes from no page.
        """
        if type(limit) is not int or limit < 1:
            raise ConfigurationError(f"limit is {quoted(limit)}.", "Pass a whole number from 1 on.")
        if not isinstance(after, str | None):
            raise no_such_place(after)
        where = _filter(chat, user, qualifiers, self._before(older_than))
        await self.tracker.catch_up()
        page = await self.tracker.storage.list_sessions(self._bot_id, where, after=after, limit=min(limit, _MAX_LIMIT))
        return OpenPage(tuple(self._told(page.sessions)), page.after)

    async def _every(self, where: SessionFilter) -> list[OpenSession]:
        every = pages(self.tracker.storage, self._bot_id, where, limit=_PAGE)
        return [session async for page in every for session in self._told(page.sessions)]

    def _told(self, listed: Iterable[ListedSession]) -> list[OpenSession]:
        return [
            OpenSession(it.key, it.opened_at, it.active_at, it.entries, self.handle(it.key, collect=False))
            for it in listed
        ]

    def _before(self, older_than: timedelta | None) -> datetime | None:
        if older_than is None:
            return None
        if not isinstance(older_than, timedelta):
            raise ConfigurationError(f"older_than is {quoted(older_than)}.", "Pass a timedelta as older_than.")
        try:
            return self.config.clock() - older_than
        except OverflowError:  # longer ago than the calendar begins, or later than it ends
            return _BEGIN if older_than > timedelta() else _END


def _filter(
    chat: Chat | int | None,
    user: User | int | None,
    qualifiers: Collection[str | None] | None = None,
    opened_before: datetime | None = None,
) -> SessionFilter:
    return SessionFilter(
        chat_id=None if chat is None else id_of(chat, "chat"),
        user_id=None if user is None else id_of(user, "user"),
        qualifiers=None if qualifiers is None else _qualifiers(qualifiers),
        opened_before=opened_before,
    )


def _qualifiers(given: Collection[str | None]) -> frozenset[str | None]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ConfigurationError(f"qualifiers is {quoted(given)}.", "Pass several, as in qualifiers=['order'].")
    several = list(given)
    for one in several:
        if not isinstance(one, str | None):
            raise ConfigurationError(f"{quoted(one)} is no qualifier.", "Pass strings, and None for sessions without.")
    return frozenset(several)


def id_of(given: Chat | User | int, what: str) -> int:
    """Return the id of a chat or a user.

    Raises:
        ConfigurationError: it is neither one nor its id.
    """
    found = given.id if isinstance(given, Chat | User) else given
    if type(found) is not int or abs(found) > MAX_INT:
        raise ConfigurationError(f"{quoted(given)} is no {what}.", f"Pass the {what} or its numeric id.")
    return found
