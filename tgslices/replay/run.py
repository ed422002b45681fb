"""One replay: asks Telegram chunk by chunk, in order, and never for a chunk that may have been sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from aiogram import Bot
from aiogram.exceptions import (
    TelegramMigrateToChat,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)

from tgslices.deletion.pacing import BACKOFF, Pacing, Patience
from tgslices.error_texts.without_secrets import reason_of
from tgslices.model import TrackedMessage
from tgslices.replay.answers import ReplayAnswer, classify
from tgslices.replay.originals import copying
from tgslices.replay.plan import Chunk, ReplayPlan
from tgslices.replay.requests import Target, ids_of, request_for
from tgslices.replay.result import ReplayResult

CUT_OFF: Final = "The answer was not waited for."
NOT_ASKED: Final = "The message was not asked for."
PART_SKIPPED: Final = "Telegram copied a part of what was asked for, and did not tell which."


class _Fate(Enum):
    UNPAIRED = auto()
    SKIPPED = auto()
    UNKNOWN = auto()
    LEFT = auto()


class ReplayRun:
    """Carries out one plan, one request after the other, so that the copies stand in the order of the originals."""

    def __init__(self, bot: Bot, target: Target, plan: ReplayPlan, *, pacing: Pacing, patience: Patience) -> None:
        self._bot = bot
        self._target = target
        self._plan = plan
        self._pacing = pacing
        self._patience = patience
        self._copied: dict[TrackedMessage, int] = {}
        self._unpaired_ids: list[int] = []
        self._fates: dict[TrackedMessage, tuple[_Fate, str]] = {}
        self._protected: dict[int, str] = {}
        self._is_over = False
        self._words = NOT_ASKED
        self._failures = 0
        self._requests = 0
        self._under_way: Chunk | None = None

    async def carry_out(self) -> None:
        """Ask for every chunk once, until patience is at its end or the bot has no access.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked.
            Exception: whatever a request middleware or the HTTP client raises on its own account.
        """
        for message, why in self._plan.skipped.items():
            self._fates[message] = (_Fate.SKIPPED, why)
        for chunk in self._plan.chunks:
            if self._is_over:
                return
            if (protected := self._protected.get(chunk.chat_id)) is not None:
                self._settle(chunk, _Fate.SKIPPED, protected)
                continue
            while await self._must_repeat(chunk):
                pass

    def result(self) -> ReplayResult:
        """Return what became of every entry so far. A request that is under way counts as unknown."""
        if self._under_way is not None:
            self._settle(self._under_way, _Fate.UNKNOWN, CUT_OFF)
        asked = (message for chunk in self._plan.chunks for message in chunk.messages)
        left = {message: (_Fate.LEFT, self._words) for message in asked if not self._is_known(message)}
        fates = self._fates | left
        return ReplayResult(
            copied=dict(self._copied),
            unpaired=_with(fates, _Fate.UNPAIRED),
            skipped=_with(fates, _Fate.SKIPPED),
            unknown=_with(fates, _Fate.UNKNOWN),
            left=_with(fates, _Fate.LEFT),
            unpaired_ids=tuple(self._unpaired_ids),
            requests=self._requests,
            reasons_by_entry={message: why for message, (_, why) in fates.items()},
        )

    def _is_known(self, message: TrackedMessage) -> bool:
        return message in self._copied or message in self._fates

    async def _must_repeat(self, chunk: Chunk) -> bool:
        """Ask for a chunk; tell whether it was certainly not sent, and may be asked for again."""
        async with self._pacing.slot(self._patience) as is_free:
            if not is_free:
                self._is_over = True
                return False
            started = self._pacing.elapsed()
            self._under_way, self._requests = chunk, self._requests + 1
            try:
                result = await self._copy(chunk)
            except TelegramUnauthorizedError:
                if chunk.is_whole:
                    self._under_way = None  # who is not let in has sent nothing
                raise
            except Exception as error:  # noqa: BLE001  # classify raises what it does not understand
                answer = classify(error, is_whole=chunk.is_whole)
                self._under_way = None
                must_repeat = self._heed(chunk, answer, error)
            else:
                self._under_way = None
                self._note_copies(chunk, ids_of(result))
                return False
        if answer in {ReplayAnswer.UNKNOWN, ReplayAnswer.NOT_CONNECTED}:
            await self._rest(self._pacing.elapsed() - started)
        return must_repeat and not self._is_over

    async def _copy(self, chunk: Chunk) -> object:
        token = copying.set(chunk.messages)
        try:
            return await self._bot(request_for(chunk, self._target))
        finally:
            copying.reset(token)

    def _note_copies(self, chunk: Chunk, ids: list[int]) -> None:
        self._failures, self._words = 0, NOT_ASKED
        if len(ids) == len(chunk.messages):
            self._copied |= zip(chunk.messages, ids, strict=True)
        else:
            self._settle(chunk, _Fate.UNPAIRED, PART_SKIPPED)
            self._unpaired_ids += ids

    def _heed(self, chunk: Chunk, answer: ReplayAnswer, error: Exception) -> bool:
        """Learn from an error; tell whether to ask again."""
        words = reason_of(error)
        if isinstance(error, TelegramRetryAfter):
            self._pacing.pause(timedelta(seconds=max(error.retry_after, 1)))
        self._words = words
        match answer:
            case ReplayAnswer.FLOOD | ReplayAnswer.NOT_CONNECTED:
                return True
            case ReplayAnswer.MOVED if isinstance(error, TelegramMigrateToChat):
                return self._follow(error.migrate_to_chat_id)
            case ReplayAnswer.UNKNOWN:
                self._settle(chunk, _Fate.UNKNOWN, words)
            case ReplayAnswer.NO_ACCESS:
                self._is_over = True
            case _:
                self._failures, self._words = 0, NOT_ASKED
                self._settle(chunk, _Fate.SKIPPED, words)
                if answer is ReplayAnswer.PROTECTED:
                    self._protected[chunk.chat_id] = words
        return False

    def _follow(self, moved_to: int) -> bool:
        """Aim at the supergroup that the target became; give up where it is that already."""
        if self._target.chat_id == moved_to:
            self._is_over = True
            return False
        self._target = replace(self._target, chat_id=moved_to)
        return True

    async def _rest(self, lost: timedelta) -> None:
        """Wait after a failure; give up where the patience does not allow it."""
        self._failures += 1
        wait = BACKOFF.after(self._failures)
        with self._patience.losing(lost + wait) as is_affordable:
            if is_affordable:
                await self._pacing.wait(wait)
            else:
                self._is_over = True

    def _settle(self, chunk: Chunk, fate: _Fate, why: str) -> None:
        self._fates |= dict.fromkeys(chunk.messages, (fate, why))


def _with(fates: dict[TrackedMessage, tuple[_Fate, str]], wanted: _Fate) -> tuple[TrackedMessage, ...]:
    return tuple(message for message, (fate, _) in fates.items() if fate is wanted)
