"""The storage in Redis or Valkey: slices that any number of workers share, in one round trip a record.

Past 300 lines, because the protocol is one: each method hands on to the room that does the work.
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from redis.asyncio import Redis, RedisCluster

from tgslices.model import Gone, IfClosed, PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.delegating import DelegatesData
from tgslices.storage.ending_protocol import Due, DueSession, End, EndedSession
from tgslices.storage.inprocess.shared_keys import OpenRowId
from tgslices.storage.listing_protocol import EVERY_SESSION, ListedPage, ListedSession, SessionFilter, SessionOrder
from tgslices.storage.pending_protocol import PendingPage
from tgslices.storage.protocol import Added, Closed
from tgslices.storage.redis.arguments import Arguments
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.clients import Client, Clients, listener
from tgslices.storage.redis.codes.names import Names
from tgslices.storage.redis.connected_server import ConnectedServer
from tgslices.storage.redis.errors import ErrorTexts
from tgslices.storage.redis.hearing import Hearing
from tgslices.storage.redis.notices import Notices
from tgslices.storage.redis.operations.chats import Chats
from tgslices.storage.redis.operations.data import Data
from tgslices.storage.redis.operations.ending import Ending
from tgslices.storage.redis.operations.entries import Entries
from tgslices.storage.redis.operations.erasing import Erasing
from tgslices.storage.redis.operations.keys import Keys
from tgslices.storage.redis.operations.listing import Listing
from tgslices.storage.redis.operations.pending_deletions import PendingDeletions
from tgslices.storage.redis.operations.pending_pages import PendingPages
from tgslices.storage.redis.server import warnings
from tgslices.storage.redis.writing import ADDED, OPENED, Writing, adding, recording

TIMEOUT: Final = timedelta(seconds=5)


class RedisSessionStorage(DelegatesData):
    """A :class:`~tgslices.storage.protocol.DurableSessionStorage` on Redis 6.2 or Valkey 7.2, or newer; always shared.

    From a URL (``redis://``, ``rediss://``, ``unix://``, ``redis+cluster://``) it makes and closes its own client; a
    client of ``redis.asyncio`` stays the user's. All keys begin with ``{prefix:bot}``, so that a cluster keeps those of
    a bot together, and none that holds messages ever expires. No call of the server takes longer than ``timeout``.

    With ``reads_only`` it looks and changes nothing; what would write is refused.

    When a call has returned, what it wrote survives as far as the server's persistence promises.
    Source: https://valkey.io/topics/persistence/

    Raises:
        StorageError: the URL, the client or another argument cannot be used. Every method raises it when the server
            fails.
    """

    def __init__(
        self,
        url_or_client: str | Redis | RedisCluster,
        *,
        prefix: str = "tgslices",
        timeout: timedelta = TIMEOUT,
        reads_only: bool = False,
    ) -> None:
        """Describe the storage; nothing is connected before the first use."""
        arguments = Arguments(prefix=prefix, timeout=timeout)
        seconds = arguments.timeout.total_seconds()
        self._clients = Clients(url_or_client, timeout=seconds)
        self._seconds = seconds
        self._names = Names(arguments.prefix)
        self._calls = Calls(self._names, ErrorTexts(self._clients.where, seconds), timeout=seconds)
        self._calls.reads_only = reads_only
        self._life = ConnectedServer(self._clients, self._calls, self._names, timeout=seconds)
        self._notices: Notices | None = None
        self._hearing = Hearing(self._notices_state, self._open_rows, self._calls.me)
        self._keys = Keys(self._calls, self._names)
        self._entries = Entries(self._calls, self._names, self._hearing)
        self._pendings = PendingDeletions(self._calls, self._names, self._entries)
        self._chats = Chats(self._calls, self._names, self._hearing, self._keys)
        self._erasing = Erasing(self._calls, self._names, self._entries)
        self._listing = Listing(self._calls, self._names)
        self._pending_pages = PendingPages(self._calls, self._names)
        self._ending = Ending(self._calls, self._names, self._hearing)
        self._writing = Writing(self._calls, self._names, self._hearing, timeout=seconds)
        self._data = Data(self._calls, self._names, self._ready)

    def __repr__(self) -> str:
        """Show the URL without its password."""
        return f"RedisSessionStorage({self._clients.where!r})"

    # Lifetime

    async def start(self) -> None:
        await self._life.start(self._listen)

    async def aclose(self) -> None:
        await self._life.aclose(self._finish)

    async def _ready(self) -> None:
        if not self._life.is_here():
            await self._life.ready(self._listen)

    def _listen(self, client: Client) -> None:
        """Listen to what others tell until the storage is closed; in a cluster the server is asked each time."""
        self._writing.abandon()
        self._notices = None
        connect = listener(client)
        if connect is None or self._calls.reads_only:
            return
        own = self._calls.channel + b":" + self._calls.me

        async def check(client: Client, text: bytes) -> None:
            # With a deletion of nothing, which a server refuses that was a primary before another took over: it may be
            # cut off from that one, and hear nothing of what is opened there, but it would hand out this text.
            together: Any = client.pipeline(transaction=True)
            await together.delete(self._names.nothing).publish(own, text).execute()

        self._notices = Notices(
            connect,
            lambda text: self._calls.do(lambda client: check(client, text)),
            self._hearing.take_in,
            channel=self._calls.channel,
            own_channel=own,
            timeout=self._seconds,
        )
        self._notices.start()

    async def _finish(self) -> None:
        await self._writing.aclose()
        if self._notices is not None:
            await self._notices.aclose()
        await self._hearing.aclose()
        await self._pendings.aclose()
        await self._calls.aclose()

    def _notices_state(self) -> int | None:
        return None if self._notices is None or not self._life.is_here() else self._notices.state()

    async def _open_rows(self, bot_id: int) -> Sequence[OpenRowId] | None:
        return await self._keys.rows(bot_id)

    # Opening and adding

    def is_idle(self, bot_id: int) -> bool:
        return self._hearing.is_idle(bot_id)

    def knows_open(self, key: SessionKey) -> bool:
        return self._hearing.knows_open(key)

    async def is_open(self, key: SessionKey) -> bool:
        await self._ready()
        return await self._keys.is_open(key)

    async def open(
        self,
        key: SessionKey,
        *,
        at: datetime,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        due: Due | None = None,
    ) -> bool:
        await self._ready()
        if self._hearing.knows_open(key):
            return False
        self._ending.expect(key.bot_id, due)
        names = self._names.of(key.bot_id)
        write = adding(names, key, None, opened_at=at, outside=outside, begun_at=begun_at, due=due)
        return await self._writing.submit(key.bot_id, write) & OPENED > 0

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        if not self._life.is_here():
            await self._ready()
        if not self._hearing.may_match(scope):
            return 0
        return await self._writing.submit(scope.bot_id, recording(self._names.of(scope.bot_id), scope, message))

    async def add(
        self,
        key: SessionKey,
        message: TrackedMessage,
        *,
        if_closed: IfClosed = IfClosed.KEEP,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        unless_known: bool = False,
        due: Due | None = None,
    ) -> Added:
        if not self._life.is_here():
            await self._ready()
        self._ending.expect(key.bot_id, due)
        write = adding(
            self._names.of(key.bot_id),
            key,
            message,
            opened_at=message.at,
            if_closed=if_closed,
            outside=outside,
            begun_at=begun_at,
            unless_known=unless_known,
            due=due,
        )
        done = await self._writing.submit(key.bot_id, write)
        return Added.OPENED if done & OPENED else Added(done & ADDED)

    # Closing and removing

    async def unsubscribe(self, key: SessionKey) -> bool:
        await self._ready()
        return await self._entries.unsubscribe(key)

    async def close(self, key: SessionKey, *, at: datetime) -> Closed:
        await self._ready()
        return await self._entries.close(key, at)

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        await self._ready()
        return await self._entries.remove(key, messages)

    async def clear(self, key: SessionKey) -> None:
        await self._ready()
        await self._entries.clear(key)

    async def discard(self, bot_id: int, gone: Gone, *, surely: bool = True) -> int:
        await self._ready()
        return await self._chats.discard(bot_id, gone, surely=surely)

    async def note_buttons(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        has_buttons: bool,
        business_connection_id: str | None = None,
    ) -> int:
        await self._ready()
        named = Gone(chat_id, frozenset({message_id}), business_connection_id)
        return await self._chats.note_buttons(bot_id, named, has_buttons=has_buttons)

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        await self._ready()
        were_open = await self._chats.migrate(bot_id, old_chat_id, new_chat_id)
        await self._data.migrate_data(bot_id, old_chat_id, new_chat_id)
        if old_chat_id != new_chat_id:
            await self._ending.migrate_ends(bot_id, old_chat_id, new_chat_id)
        return were_open

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        await self._ready()
        return await self._chats.migrated(bot_id, chat_ids)

    # Pending deletions

    async def claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None = None,
    ) -> list[TrackedMessage]:
        await self._ready()
        return await self._pendings.claim(key, messages, now=now, until=until, limit=limit)

    async def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        await self._ready()
        return await self._pendings.lease(bot_id, now=now, until=until, limit=limit)

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        await self._ready()
        await self._pendings.postpone(pending, until=until)

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        await self._ready()
        return await self._pendings.settle(pending)

    async def pending(self, bot_id: int) -> list[PendingDeletion]:
        await self._ready()
        return await self._pendings.of_bot(bot_id)

    async def next_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        await self._ready()
        return await self._pendings.next_due(bot_id, now=now)

    async def sweep(self, bot_id: int, *, now: datetime, limit: int) -> int:
        await self._ready()
        swept = await self._chats.sweep(bot_id, now=now, limit=limit)
        return swept + await self._data.sweep_data(bot_id, now=now, limit=limit - swept)

    # Lifetimes

    async def lease_sessions(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[DueSession]:
        await self._ready()
        return await self._ending.lease_sessions(bot_id, now=now, until=until, limit=limit)

    async def postpone_session(self, session: DueSession, due: Due | None) -> bool:
        await self._ready()
        return await self._ending.postpone_session(session, due)

    async def schedule_sessions(self, dues: Mapping[SessionKey, Due]) -> None:
        await self._ready()
        await self._ending.schedule_sessions(dues)

    async def end_session(
        self, session: DueSession, end: End, *, now: datetime, until: datetime, limit: int
    ) -> list[TrackedMessage] | None:
        await self._ready()
        return await self._ending.end_session(session, end, now=now, until=until, limit=limit)

    async def lease_ends(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[EndedSession]:
        await self._ready()
        return await self._ending.lease_ends(bot_id, now=now, until=until, limit=limit)

    async def postpone_end(self, end: EndedSession, *, until: datetime) -> None:
        await self._ready()
        await self._ending.postpone_end(end, until=until)

    async def settle_end(self, end: EndedSession) -> bool:
        await self._ready()
        return await self._ending.settle_end(end)

    async def next_session_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        await self._ready()
        return await self._ending.next_session_due(bot_id, now=now)

    # What is open

    async def list_sessions(
        self,
        bot_id: int,
        where: SessionFilter = EVERY_SESSION,
        *,
        order: SessionOrder = SessionOrder.OPENED,
        after: str | None = None,
        limit: int,
    ) -> ListedPage:
        await self._ready()
        return await self._listing.list_sessions(bot_id, where, order=order, after=after, limit=limit)

    async def look_at_sessions(self, keys: Sequence[SessionKey]) -> list[ListedSession]:
        await self._ready()
        return await self._listing.look_at_sessions(keys)

    async def count_sessions(self, bot_id: int, where: SessionFilter = EVERY_SESSION) -> int:
        await self._ready()
        return await self._listing.count_sessions(bot_id, where)

    async def list_pending(self, bot_id: int, *, after: str | None = None, limit: int) -> PendingPage:
        await self._ready()
        return await self._pending_pages.list_pending(bot_id, after=after, limit=limit)

    async def count_pending(
        self, bot_id: int, *, key: SessionKey | None = None, claimed_by: Sequence[datetime] = ()
    ) -> list[int]:
        await self._ready()
        return await self._pending_pages.count_pending(bot_id, key=key, claimed_by=claimed_by)

    async def server_time(self) -> datetime | None:
        await self._ready()
        return await self._listing.server_time()

    async def warnings(self) -> list[str]:
        await self._ready()
        return await self._calls.do(warnings)

    # A person

    async def erase_sessions(self, bot_id: int, user_id: int, *, at: datetime) -> int:
        await self._ready()
        return await self._erasing.erase_sessions(bot_id, user_id, at)

    async def erase_entries(self, bot_id: int, user_id: int) -> int:
        await self._ready()
        return await self._erasing.erase_entries(bot_id, user_id)

    # What there is

    async def matching(self, scope: Scope) -> list[SessionKey]:
        await self._ready()
        return await self._keys.matching(scope) if self._hearing.may_match(scope) else []

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        await self._ready()
        return await self._keys.open_keys(bot_id)

    async def is_held(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        business_connection_id: str | None = None,
        user_id: int | None = None,
    ) -> bool:
        await self._ready()
        if not self._hearing.may_be_open(bot_id):
            return False
        return await self._keys.is_held(bot_id, chat_id, message_id, business_connection_id, user_id)

    # Stands last, because below it `list` in an annotation would mean this method.
    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        await self._ready()
        return await self._entries.entries(key)
