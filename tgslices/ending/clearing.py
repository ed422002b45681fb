"""Takes entries out of a session to have Telegram delete them: what ``clear`` and ``prune`` do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from aiogram import Bot

from tgslices.deletion.button_wishes import Neutralise, Wishes
from tgslices.deletion.executor import DeletionExecutor
from tgslices.deletion.neutralising_plan import require_neutralise
from tgslices.deletion.neutralising_run import Neutraliser
from tgslices.deletion.pacing import Patience
from tgslices.error_texts.advice import near_miss
from tgslices.error_texts.without_secrets import described
from tgslices.errors import ConfigurationError, quoted
from tgslices.event_loop.kept_tasks import KeptTasks
from tgslices.event_loop.work_in_turns import ENTRIES_PER_STEP, PORTION, in_turns, steps
from tgslices.model import IfClosed, PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.predicates import Predicate, selecting
from tgslices.recording.handles_of_key import SharedKey, tick
from tgslices.recording.tracker import Tracker
from tgslices.results import ClearResult
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind
from tgslices.telemetry.events import Work
from tgslices.telemetry.observer import doing

log = logging.getLogger("tgslices")


@dataclass(slots=True)
class _Claim:
    """Entries on their way out of a session: the chosen ones, or all. ``began``: the tick of the clear's begin."""

    shared: SharedKey
    chosen: Collection[TrackedMessage] | None
    began: int
    is_abandoned: bool = False


class Clearing:
    """Clears the sessions of one bot."""

    def __init__(
        self, tracker: Tracker, executor: DeletionExecutor, *, lease: timedelta, on_pending: Callable[[], None]
    ) -> None:
        """``on_pending`` is called when deletions were left pending."""
        self._tracker = tracker
        self._executor = executor
        self._lease = lease
        self._on_pending = on_pending
        self._wishes = Wishes()
        self._tasks = KeptTasks()

    async def clear(
        self, shared: SharedKey, bot: Bot, predicate: Predicate | None, neutralise: Neutralise
    ) -> ClearResult:
        """Do what :meth:`Session.clear <tgslices.session.Session.clear>` promises; a shutdown waits for it."""
        require_neutralise(neutralise)
        with self._tracker.progress.working():
            result = await self._clear(shared, bot, predicate, neutralise=neutralise)
            if not result and predicate is None and shared.key.qualifier is not None:
                await self._note_near_miss(shared.key)
            return result

    async def prune(self, shared: SharedKey, bot: Bot, keep: int) -> ClearResult:
        """Do what :meth:`Session.prune <tgslices.session.Session.prune>` promises; a shutdown waits for it."""
        if type(keep) is not int or keep < 0:
            raise ConfigurationError(
                f"A session cannot be pruned to {quoted(keep)} entries.", "Pass a whole number from 0 on."
            )
        with self._tracker.progress.working():
            return await self._clear(shared, bot, None, but_newest=keep)

    async def _clear(
        self,
        shared: SharedKey,
        bot: Bot,
        predicate: Predicate | None,
        *,
        but_newest: int = 0,
        neutralise: Neutralise = False,
    ) -> ClearResult:
        """Clear what a predicate holds for, but for so many of the entries that were recorded last."""
        with doing(self._tracker.tell, shared.key.bot_id, Work.CLEAR) as work:
            result = await self._clear_untold(shared, bot, predicate, but_newest, neutralise)
            work.messages, work.requests = int(result), result.requests
            return result

    async def _clear_untold(
        self, shared: SharedKey, bot: Bot, predicate: Predicate | None, but_newest: int, neutralise: Neutralise
    ) -> ClearResult:
        began = tick()
        await shared.outlast_sends()
        await self._tracker.catch_up()
        chosen = None
        if predicate is not None or but_newest or bot.id != shared.key.bot_id:
            entries = await self._tracker.keys.finally_at(shared, self._tracker.storage.list)
            chosen = await in_turns(selecting(entries, predicate))
            chosen = chosen[: len(chosen) - but_newest] if len(chosen) > but_newest else []
            await require_reach(bot, shared.key, chosen)
            if not chosen:
                return ClearResult()
        patience = self._executor.patience()
        pending = await self._claim(shared, chosen, began)
        self._wishes.note((entry.message for entry in pending), neutralise)
        return await self.neutralise(bot, await self.delete(bot, pending, patience=patience), patience)

    async def delete(self, bot: Bot, pending: Sequence[PendingDeletion], *, patience: Patience) -> ClearResult:
        """Have Telegram delete what was claimed. Raises what :meth:`DeletionExecutor.run` raises."""
        if not pending:
            return ClearResult()
        result = None
        try:
            migrated = await self._tracker.migrated_among(entry.message for entry in pending)
            result = await self._executor.run(bot, pending, patience=patience, migrated=migrated)
        finally:
            if result is None or result.pending or result.deferred:
                self._on_pending()
        return result

    async def neutralise(self, bot: Bot, result: ClearResult, patience: Patience) -> ClearResult:
        """Take the buttons of what stays in its chat, as far as a clear of this process wished for it."""
        if not self._wishes:
            return result
        keyboard_of, pacing = self._tracker.keyboards.under, self._executor.pacing
        neutraliser = Neutraliser(bot, self._wishes.of, keyboard_of=keyboard_of, pacing=pacing, patience=patience)
        try:
            return await neutraliser.neutralise(result)
        finally:
            self._wishes.forget(result)

    async def _claim(
        self, shared: SharedKey, chosen: Collection[TrackedMessage] | None, began: int
    ) -> list[PendingDeletion]:
        """Take entries out of a session, leased to this process.

        What is taken for a caller that is cancelled meanwhile is due at once.
        """
        claim = _Claim(shared, chosen, began)
        claiming = self._tasks.start(self._take(claim), name="tgslices-claim")
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            claim.is_abandoned = True
            await asyncio.shield(self._tasks.start(self._give_back(claiming), name="tgslices-give-back"))
            raise
        except Exception:
            self._on_pending()  # what was taken although the storage failed is due when its lease ends
            raise

    async def _give_back(self, claiming: asyncio.Task[list[PendingDeletion]]) -> None:
        """Let what was claimed for a caller that is gone be due at once."""
        with self._tracker.progress.working():
            try:
                for part in steps(await claiming):
                    await self._tracker.storage.postpone(part, until=self._tracker.clock())
                    await asyncio.sleep(0)
                self._on_pending()
            except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
                log.error("What a cancelled clear had claimed is due when its lease ends: %s", described(error))  # noqa: TRY400  # a traceback may show a token

    async def _take(self, claim: _Claim) -> list[PendingDeletion]:
        taken = await self._tracker.keys.wherever(claim.shared, partial(self._take_under, claim, claim.shared.key))
        if claim.chosen is None and not claim.is_abandoned:
            claim.shared.wipe(claim.began)
        return [entry for pending in taken for entry in pending]

    async def _take_under(self, claim: _Claim, first: SessionKey, key: SessionKey) -> list[PendingDeletion]:
        if claim.chosen is not None:
            return await self._take_all(claim, list(claim.chosen))
        if key != first:  # the chat migrated meanwhile, and what was recorded in the new one came later
            moved = await self._tracker.storage.list(key)
            return await self._take_all(claim, [entry for entry in moved if entry.chat_id != key.chat_id])
        pending = await self._take_step(claim, None)
        if len(pending) >= ENTRIES_PER_STEP:
            rest = await self._tracker.storage.list(claim.shared.key)  # what is recorded from now on stays
            pending += await self._take_all(claim, rest)
        return pending

    async def _take_all(self, claim: _Claim, entries: list[TrackedMessage]) -> list[PendingDeletion]:
        pending: list[PendingDeletion] = []
        for part in steps(entries):
            pending += await self._take_step(claim, part)
            await asyncio.sleep(0)
        return pending

    async def _take_step(self, claim: _Claim, messages: Collection[TrackedMessage] | None) -> list[PendingDeletion]:
        if claim.is_abandoned:
            return []
        key, now = claim.shared.key, self._tracker.clock()  # a migration or a slow storage may come in between
        until = now + self._lease
        claimed = await self._tracker.storage.claim(key, messages, now=now, until=until, limit=ENTRIES_PER_STEP)
        return [PendingDeletion(key, message, now, until) for message in claimed]

    async def _note_near_miss(self, key: SessionKey) -> None:
        """Say in the log that another session was probably meant, which is open here under a similar name."""
        scope = Scope(key.bot_id, key.chat_id, None, key.user_id, key.thread_id, key.business_connection_id)
        with suppress(Exception):  # the clear is done, and the storage has told what it has to tell
            meant = near_miss(key, await self._tracker.storage.matching(scope))
            if meant is not None:
                log.warning(
                    "%r was cleared and is empty; was the session %r meant, which is open here?", key.qualifier, meant
                )

    async def delete_late(self, key: SessionKey, message: TrackedMessage) -> None:
        """Have a message deleted that was sent into a session before a wipe and arrived after it."""
        storage, now = self._tracker.storage, self._tracker.clock()
        await storage.add(key, message, if_closed=IfClosed.KEEP)
        await storage.claim(key, [message], now=now, until=now)
        self._on_pending()


async def require_reach(bot: Bot, key: SessionKey, entries: list[TrackedMessage]) -> None:
    """Refuse a bot that would delete its own messages of the same numbers.

    In private chats and basic groups an id counts in the account-wide box of one bot; in supergroups and channels it
    belongs to the chat. Source: TDLib ``MessageQueryManager.cpp``, ``messages.deleteMessages`` has no peer

    Raises:
        ConfigurationError: another bot was given for messages that only the session's own can name.
    """
    if bot.id != key.bot_id and await in_turns(_finding_own_number(entries)):
        raise ConfigurationError(
            f"Bot {bot.id} cannot clear messages that bot {key.bot_id} recorded outside of supergroups and channels, "
            "because message ids there belong to one bot.",
            "Leave out the bot argument, or choose supergroup messages with a predicate.",
        )


def _finding_own_number(entries: list[TrackedMessage]) -> Generator[None, None, bool]:
    for number, entry in enumerate(entries):
        if not number % PORTION:
            yield
        if _has_number_of_its_own(entry):
            return True
    return False


def _has_number_of_its_own(entry: TrackedMessage) -> bool:
    is_of_chat = chat_kind(entry.chat_id) is ChatKind.CHANNEL
    return not is_of_chat or bool(entry.business_connection_id or entry.ephemeral_message_id)
