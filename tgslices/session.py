"""The handle: one slice of a conversation, to send into, look at, copy, wipe, forget and close.

Past 300 lines, because the handle is one: each method hands on to the room that does the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self, TypeVar, overload

from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import Chat, TelegramObject

from tgslices.data.declaration import SessionData, require_declared
from tgslices.data.handle import DataHandle
from tgslices.data.process_holds import Holds
from tgslices.deletion.button_wishes import Neutralise
from tgslices.deletion.plan import DeletionPlan, planning
from tgslices.ending.clearing import Clearing, require_reach
from tgslices.error_texts.advice import require_bot, require_method, why_no_message
from tgslices.errors import NotAMessage
from tgslices.event_loop.work_in_turns import in_turns, steps
from tgslices.model import Direction, IfClosed, SessionKey, TrackedMessage
from tgslices.predicates import Predicate, selecting
from tgslices.recording.blocks import Block, Inside, enter, leave
from tgslices.recording.current_update import current_for, current_update
from tgslices.recording.handles_of_key import SharedKey
from tgslices.recording.messages_from_events import is_tapped, record_of_event
from tgslices.recording.tracker import Tracker
from tgslices.replay.replayer import Replayer
from tgslices.replay.requests import target_of
from tgslices.replay.result import ReplayResult
from tgslices.results import ClearResult
from tgslices.rewind.rewinding import Marking
from tgslices.sending.send_methods import SendWrappers

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Means:
    """What all sessions of one bot work with."""

    tracker: Tracker
    clearing: Clearing
    replayer: Replayer
    holds: Holds
    marking: Marking
    watch: Callable[[], None]
    """Makes sure that what the bot sends is seen, whatever became of its client session."""


class Session(SendWrappers):
    """A handle on one slice of a conversation. Handles are cheap; any number of them may stand for one key.

    Handed out by :class:`~tgslices.manager.SessionManager`. A handle with ``collect=False`` opens nothing, and does all
    the rest. Methods that read or change the storage raise whatever it raises when it is down. Then they change
    nothing, but for a part of a session beyond a thousand entries.
    """

    def __init__(self, bot: Bot, shared: SharedKey, means: Means, *, collect: bool) -> None:
        self.bot = bot
        self._shared = shared
        self._means = means
        self._tracker = means.tracker
        self.collects = collect
        """Whether the handle opens its session when it is entered, sent through or tracked into."""
        self._entered: list[Block] = []

    def __repr__(self) -> str:
        return f"Session({self.key})"

    @property
    def key(self) -> SessionKey:  # type: ignore[override]  # the wrappers only read it
        """What identifies this session; it follows the chat when a group becomes a supergroup."""
        return self._shared.key

    @property
    def chat_id(self) -> int:
        """The session's chat."""
        return self.key.chat_id

    @property
    def user_id(self) -> int | None:
        """The session's user; None when it belongs to the whole chat."""
        return self.key.user_id

    @property
    def qualifier(self) -> str | None:
        """What separates this session from others of the same chat and user."""
        return self.key.qualifier

    # Opening

    async def open(self, *, include_current: bool = False) -> Self:
        """Let the session collect what arrives, until it is closed. Nothing happens while it is open.

        The message that is being handled stays outside, unless ``include_current`` makes it the first entry. A handle
        with ``collect=False`` opens nothing.
        """
        if self.collects:
            current = current_for(self.key) if include_current else None
            self._tracker.open_later(self.key, self._tracker.carried_by(current))
            if self._tracker.waiting_openings:
                await self._tracker.write_openings()
        return self

    async def is_open(self) -> bool:
        """Tell whether the session collects what arrives, in any process that shares the storage."""
        tracker = self._tracker
        await tracker.catch_up()
        return self.key in tracker.subscriptions or await tracker.keys.finally_at(self._shared, tracker.storage.is_open)

    # Sending

    def recording(self, *, everywhere: bool = False, while_open: bool = False) -> AbstractContextManager[None]:
        """Record into this session, rather than into any block around, what is sent inside into the session's place.

        With ``everywhere`` what is sent to other chats and topics is recorded, too. With ``while_open`` nothing is
        recorded unless the session is open.
        """
        if_closed = IfClosed.SKIP if while_open else self._if_closed
        return Inside(partial(self._block, everywhere=everywhere, if_closed=if_closed), "session.recording")

    async def __call__(self, method: TelegramMethod[T], request_timeout: int | None = None) -> T:
        """Do what ``await bot(method)`` does, and record what it made, wherever. Raises what aiogram raises.

        Raises:
            ConfigurationError: it is no method, but perhaps a call of the bot's.
        """
        require_method(method)
        with self._calling(everywhere=True):
            return await self.bot(method, request_timeout)

    def _calling(self, *, everywhere: bool = False) -> AbstractContextManager[None]:
        return Inside(partial(self._block, everywhere=everywhere, is_call=True), "session")

    async def __aenter__(self) -> Self:
        """Record what the bot sends into the session's place until the block is left, in any task that it starts.

        Opens a closed session.
        """
        await self.open()
        # It is open now; whoever closes it from now on, at whatever worker, means it.
        block = self._block(if_closed=IfClosed.SKIP if self.collects else IfClosed.KEEP, is_opened=True)
        self._entered.append(block)
        enter(block)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the block that this task entered last with this handle; nothing is caught."""
        leave(self._entered)

    @property
    def _if_closed(self) -> IfClosed:
        return IfClosed.OPEN if self.collects else IfClosed.KEEP

    def _block(
        self,
        *,
        everywhere: bool = False,
        if_closed: IfClosed | None = None,
        is_call: bool = False,
        is_opened: bool = False,
    ) -> Block:
        self._means.watch()
        return Block(
            self._shared,
            self._tracker,
            delete_late=self._means.clearing.delete_late,
            everywhere=everywhere,
            if_closed=if_closed or self._if_closed,
            # Whoever writes to a channel has a topic there, as a chat of their own.
            topic_id=None if self.user_id is None else self.direct_topic_id,
            is_call=is_call,
            is_opened=is_opened,
        )

    # Data

    def data(self, fragment: SessionData[D]) -> DataHandle[D]:
        """Return a handle on one fragment of the session's data. It opens nothing, and reads nothing yet.

        Raises:
            ConfigurationError: the fragment is not declared by ``SessionData(...)``.
        """
        forget = partial(self._means.marking.forget, self._shared, require_declared(fragment).name)
        return DataHandle(self._means.holds, self._shared, fragment, after_drop=forget)

    # Looking and adding

    @overload
    async def track(
        self, message: TelegramObject | TrackedMessage, /, *, direction: Direction | None = None
    ) -> TrackedMessage: ...
    @overload
    async def track(
        self, *messages: TelegramObject | TrackedMessage, direction: Direction | None = None
    ) -> tuple[TrackedMessage, ...]: ...
    async def track(
        self, *messages: TelegramObject | TrackedMessage, direction: Direction | None = None
    ) -> TrackedMessage | tuple[TrackedMessage, ...]:
        """Add messages, and open the session if it was closed. Return the record of one, or those of several.

        Takes Messages, Updates or any events with one, and entries: of another session, or of a result, to try again
        what was refused. ``direction`` is told from the sender unless given. Adding the same message again changes
        nothing.

        Raises:
            NotAMessage: one carries no message that this bot could delete; nothing was added.
            InvalidTrackedMessage: ``direction`` is none.
        """
        records = tuple(self._record_of(message, direction) for message in messages)
        for record in records:
            await self._tracker.add(self.key, record, if_closed=self._if_closed)
        return records[0] if len(records) == 1 else records

    def _record_of(
        self, message: TelegramObject | TrackedMessage, direction: Direction | None = None
    ) -> TrackedMessage:
        if not isinstance(message, TelegramObject | TrackedMessage):
            raise NotAMessage(message, why_no_message(message))
        if direction is None and is_tapped(message, current_update()):
            direction = Direction.OUTGOING
        return record_of_event(message, self.key.bot_id, self._tracker.clock(), direction)

    async def messages(self, predicate: Predicate | None = None) -> list[TrackedMessage]:
        """Return the entries, or those that a predicate holds for, in the order in which they were recorded.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable.
        """
        await self._tracker.catch_up()
        entries = await self._tracker.keys.finally_at(self._shared, self._tracker.storage.list)
        return await in_turns(selecting(entries, predicate))

    # Going back

    async def mark(self, name: str) -> None:
        """Remember this place in the slice, with the values of the data, under a name. An earlier one of it moves here.

        Marks survive a restart. They end with the session, and with a :meth:`clear` without a predicate.

        Raises:
            ConfigurationError: the name is no text.
            DataRefused: the running task has data that cannot be kept.
        """
        await self._means.marking.mark(self._shared, name)

    async def rewind(self, name: str, *, data: bool = True) -> ClearResult:
        """Clear what was recorded after a mark, both ways, and give the data the values that it had there.

        The mark stays; those that were set after it are dropped. Data that outlives the session stays as it is, and all
        of it does with ``data=False``. What the running handler has of the data becomes what it was.

        Raises:
            UnknownMark: the session has no such mark; nothing was changed.
            DataBusy: somebody else has the data for too long; call it again.
            TelegramUnauthorizedError: the bot's token was revoked; the entries are pending.
        """
        return await self._means.marking.rewind(self._shared, self.bot, name, data=data)

    def step(self, name: str) -> AbstractAsyncContextManager[None]:
        """Mark this place, and rewind to it when the block raises. Raises what :meth:`mark` and :meth:`rewind` do."""
        return self._means.marking.step(self._shared, self.bot, name)

    # Copying

    async def replay(
        self,
        to: Chat | int | str,
        *,
        thread_id: int | None = None,
        predicate: Predicate | None = None,
        forward: bool = False,
        exact: bool = True,
    ) -> ReplayResult:
        """Copy the entries, or those that a predicate holds for, to another chat, or to a topic of it.

        One ``copyMessage`` a message and one ``copyMessages`` an album, ascending, so that every copy has its pair.
        Without ``exact`` a hundred go at once. With ``forward`` they are forwarded, which names their origin.
        What certainly cannot be copied is not asked for. Nothing is asked for twice that may have been sent. Floods
        are waited for within the patience of ``setup_sessions``. The session stays as it is; a block around records
        the copies, like whatever is sent in it. An error, or a cancellation, carries what was done until then; see
        :meth:`ReplayResult.carried_by <tgslices.replay.result.ReplayResult.carried_by>`.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable; nothing was sent.
            ConfigurationError: ``to`` is no chat, id or ``@username``; nothing was sent.
            TelegramUnauthorizedError: the bot's token was revoked.
        Source: https://core.telegram.org/bots/api#copymessage, https://core.telegram.org/bots/api#copymessages
        """
        target = target_of(to, thread_id, forward=forward)
        await self._shared.outlast_sends()
        return await self._means.replayer.replay(await self.messages(predicate), target, exact=exact)

    # Ending

    async def plan(self, predicate: Predicate | None = None, *, bot: Bot | None = None) -> DeletionPlan:
        """Return what :meth:`clear` would ask for now; Telegram is not called and nothing is changed.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable.
            ConfigurationError: another bot was given for messages that only this one can name.
        """
        bot = self._deleting(bot)
        entries = await self.messages(predicate)
        await require_reach(bot, self.key, entries)
        migrated = await self._tracker.migrated_among(entries)
        return await in_turns(planning(entries, now=self._tracker.clock(), bot_id=bot.id, migrated=migrated))

    async def clear(
        self, predicate: Predicate | None = None, *, bot: Bot | None = None, neutralise: Neutralise = False
    ) -> ClearResult:
        """Delete the entries, or those that a predicate holds for, from Telegram and drop them from the session.

        Messages that are on their way into the session are waited for, at most five seconds. After a whole clear they
        are deleted when they arrive later. What is recorded meanwhile stays. What Telegram, the network or a
        cancellation keeps from being settled is left pending, and finished by ``SessionManager.settle_pending``.
        ``bot`` deletes in place of the session's own, where it may: in supergroups and channels. With ``neutralise``
        the buttons of the bot's own messages that were refused or have expired are disabled or taken off, one request
        each. A text as ``neutralise`` also replaces their text or caption.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable; nothing was changed.
            ConfigurationError: another bot was given for messages that only this one can name, or ``neutralise`` is no
                bool and no text; nothing was changed.
            TelegramUnauthorizedError: the bot's token was revoked; the entries are pending.
        Source: https://core.telegram.org/bots/api#deletemessages
        """
        result = await self._means.clearing.clear(self._shared, self._deleting(bot), predicate, neutralise)
        if predicate is None:
            await self._means.marking.drop(self._shared)
        return result

    def _deleting(self, bot: Bot | None) -> Bot:
        if bot is not None:
            require_bot(bot)
        return bot or self.bot

    async def forget(self, predicate: Predicate | None = None) -> int:
        """Drop the entries, or those that a predicate holds for, and leave Telegram alone; return how many.

        A repeated update does not bring them back.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable; nothing was changed.
        """
        await self._shared.outlast_sends()
        return await self._remove(await self.messages(predicate))

    async def prune(self, keep: int) -> ClearResult:
        """Clear all but the newest ``keep`` entries: those that were recorded last stay.

        Raises:
            ConfigurationError: ``keep`` is no whole number from 0 on; nothing was changed.
            TelegramUnauthorizedError: the bot's token was revoked; the entries are pending.
        """
        return await self._means.clearing.prune(self._shared, self.bot, keep)

    async def keep(self, *messages: TelegramObject | TrackedMessage) -> int:
        """Leave messages out of this session for good; return how many were in it.

        They stay in the chat whatever is cleared later. Works before a message is recorded, too.

        Raises:
            NotAMessage: one carries no message that this bot could delete; nothing was changed.
        """
        records = [self._record_of(message) for message in messages]
        await self._tracker.catch_up()
        return await self._remove(records)

    async def _remove(self, entries: Iterable[TrackedMessage]) -> int:
        leaving = list(entries)

        async def remove(key: SessionKey) -> int:
            return sum([await self._tracker.storage.remove(key, part) for part in steps(leaving)])

        return sum(await self._tracker.keys.wherever(self._shared, remove))

    async def close(self) -> int:
        """Stop tracking and drop what is left, without touching Telegram; return how many entries were dropped.

        Messages that are on their way into the session are waited for, at most five seconds, and open it no more.
        Deletions that are pending are finished all the same. Entering, tracking or sending opens the session again.
        Data that does not outlive the session is dropped; of what a handler holds only what it changes later is kept.
        """
        await self._shared.outlast_sends()
        dropped = await self._tracker.close(self._shared)
        await self._means.holds.note_closed(self.key)
        return dropped
