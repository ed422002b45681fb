"""The updates of one bot, queued for getUpdates or a webhook.

Source: tdlib/telegram-bot-api ``Client.cpp:15701-15727, 16321-16420, 16889-16990``.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, takewhile
from typing import Any, Final

from tgslices.testing.errors import ApiError, conflict
from tgslices.testing.rules.flood import UPDATE_WINDOW
from tgslices.testing.wire.json_text import read_json, write_json

MAX_LONG_POLL: Final = timedelta(seconds=50)
"""Longer timeouts are cut to this. Source: tdlib/telegram-bot-api ``Client.h:1610``."""

LIFETIME: Final = timedelta(days=1)
"""Older updates are dropped. Source: https://core.telegram.org/bots/api#getting-updates"""

FURTHEST_OFFSET: Final = 10
"""An offset that is further beyond the newest update counts as none, as that of a bot which ran elsewhere.

Source: tdlib/td ``tddb/td/db/TQueue.cpp:304`` and tdlib/telegram-bot-api ``Client.cpp:16349-16354``
"""

UPDATE_TYPES: Final = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
    "subscription",
    "stopped_message_generation",
)
"""Source: https://core.telegram.org/bots/api#update"""

ALLOWED_BY_DEFAULT: Final = frozenset(UPDATE_TYPES) - {"chat_member", "message_reaction", "message_reaction_count"}
"""The types that a bot gets without asking for any.

Source: https://core.telegram.org/bots/api#getupdates (``allowed_updates``)
"""


@dataclass(frozen=True, slots=True)
class QueuedUpdate:
    """One update as JSON: later edits of the message do not change it.

    ``date`` is the Unix time of queueing. A webhook gets the updates of one ``queue_key``, a chat or a user, one after
    another.
    """

    update_id: int
    type: str
    queue_key: object
    body: bytes
    date: int


def parse_allowed_updates(text: str) -> frozenset[str] | None:
    """The types that an ``allowed_updates`` argument asks for; an empty list asks for the default.

    None keeps the previous choice: the argument is missing or unreadable. Unknown names are ignored.
    Source: tdlib/telegram-bot-api ``Client.cpp:16889-16929``.
    """
    if not text:
        return None
    try:
        value = read_json(text)
    except ValueError:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return None
    chosen = {name.lower() for name in value}.intersection(UPDATE_TYPES)
    return frozenset(chosen) or ALLOWED_BY_DEFAULT


class UpdateQueue:
    """The unconfirmed updates of one bot by their numbers, oldest first.

    ``unasked`` counts, by their types, the updates that were not queued because the bot had not asked for them.
    ``now`` tells Unix time; ``on_change`` is called after every change, and ``on_put`` with every new update."""

    def __init__(self, *, now: Callable[[], int], on_change: Callable[[], None]) -> None:
        self.pending: dict[int, QueuedUpdate] = {}
        self.allowed = ALLOWED_BY_DEFAULT
        self.closed = False
        self.unasked: Counter[str] = Counter()
        self.on_put: Callable[[QueuedUpdate], None] | None = None
        self._next_id = 1
        self._now = now
        self._recent: deque[int] = deque()
        self.on_change = on_change
        self._poll: asyncio.Future[ApiError | None] | None = None

    def put(self, update_type: str, payload: dict[str, Any], *, queue_key: object) -> bool:
        """Queue an update, if the bot asked for its type; returns whether it did."""
        if update_type not in self.allowed:
            self.unasked[update_type] += 1
            return False
        update_id = self._next_id
        self._next_id += 1
        body = write_json({"update_id": update_id, update_type: payload})
        update = QueuedUpdate(update_id, update_type, queue_key, body, self._now())
        self.pending[update_id] = update
        self.count_recent()
        self._recent.append(update.date)
        self.wake(None)
        if self.on_put is not None:
            self.on_put(update)
        self.on_change()
        return True

    @property
    def next_id(self) -> int:
        """The number that the next update will have."""
        return self._next_id

    def count_recent(self) -> int:
        """The number of updates queued within the last minute, confirmed ones included."""
        limit = self._now() - UPDATE_WINDOW.total_seconds()
        while self._recent and self._recent[0] <= limit:
            self._recent.popleft()
        return len(self._recent)

    def expire(self) -> None:
        """Forget updates older than a day. Source: tdlib/telegram-bot-api ``Client.cpp:16983`` (``timeout``)."""
        limit = self._now() - LIFETIME.total_seconds()
        old = [number for number, update in self.pending.items() if update.date < limit]
        if old:
            self.confirm_until(old[-1] + 1)

    def confirm_until(self, offset: int) -> None:
        """Forget every update below ``offset``."""
        confirmed = list(takewhile(lambda number: number < offset, self.pending))
        for number in confirmed:
            del self.pending[number]
        if confirmed:
            self.on_change()

    def keep_last(self, count: int) -> None:
        """Forget all but the last ``count`` updates, as a negative offset asks for."""
        if len(self.pending) > count:
            self.confirm_until(list(self.pending)[-count] if count else self._next_id)

    def drop(self, update: QueuedUpdate) -> None:
        """Forget one update after its delivery or expiry."""
        if self.pending.pop(update.update_id, None) is not None:
            self.on_change()

    async def get(self, offset: int, limit: int, seconds: int) -> list[QueuedUpdate]:
        """The updates from ``offset`` on, at most ``limit`` of them; waits up to ``seconds`` for the first.

        The list is empty if none came. A negative ``offset`` counts from the end.

        Raises:
            ApiError: another getUpdates or a setWebhook came while this one was waiting.
        """
        self.expire()
        if offset < 0:
            self.keep_last(-offset)
        elif offset <= self._next_id + FURTHEST_OFFSET:
            self.confirm_until(offset)
        if seconds > 0 and not self.pending and not self.closed:
            self.wake(
                conflict(
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
                )
            )
            await self._wait(seconds)
        return list(islice(self.pending.values(), limit))

    async def _wait(self, seconds: int) -> None:
        poll: asyncio.Future[ApiError | None] = asyncio.get_running_loop().create_future()
        self._poll = poll
        try:
            error = await asyncio.wait_for(poll, seconds)
        except TimeoutError:
            return
        finally:
            if self._poll is poll:
                self._poll = None
        if error is not None:
            raise error

    def wake(self, error: ApiError | None) -> None:
        """End the waiting poll, if there is one, with the updates that are there or with this error."""
        poll, self._poll = self._poll, None
        if poll is not None and not poll.done():
            poll.set_result(error)

    def open(self) -> None:
        """Let polls wait again after `close`."""
        self.closed = False

    def close(self) -> None:
        """Answer the waiting poll and let no other wait."""
        self.closed = True
        self.wake(None)
