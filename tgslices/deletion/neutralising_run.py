"""Takes the buttons of what could not be deleted, with as many requests at once as a deletion makes."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import timedelta
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter

from tgslices.deletion.executor import MAX_REQUEST_TIME
from tgslices.deletion.neutralising_plan import (
    EditAnswer,
    KeyboardOf,
    WishOf,
    classify,
    has_text,
    request_for,
    to_neutralise,
)
from tgslices.deletion.pacing import BACKOFF, Pacing, Patience
from tgslices.error_texts.without_secrets import reason_of
from tgslices.model import TrackedMessage
from tgslices.results import ClearResult

log = logging.getLogger("tgslices")

NOT_ASKED: Final = "The message was not asked for: the replies before it took all of the patience."


class Neutraliser:
    """Edits the messages of one result. Editing again is harmless, so what failed is asked for again."""

    def __init__(
        self, bot: Bot, wish_of: WishOf, *, keyboard_of: KeyboardOf, pacing: Pacing, patience: Patience
    ) -> None:
        self._bot = bot
        self._wish_of = wish_of
        self._keyboard_of = keyboard_of
        self._pacing = pacing
        self._patience = patience
        self._timeout = round(MAX_REQUEST_TIME.total_seconds())
        self._waiting: deque[TrackedMessage] = deque()
        self._done: set[TrackedMessage] = set()
        self._failed: dict[TrackedMessage, str] = {}
        self._lost_chats: dict[int, str] = {}
        self._given_up: str | None = None
        self._has_told_of_text = False
        self._requests = 0

    async def neutralise(self, result: ClearResult) -> ClearResult:
        """Return the result with what became of the buttons. Raises only when it is cancelled."""
        messages = list(to_neutralise(result, self._bot.id, wish_of=self._wish_of, keyboard_of=self._keyboard_of))
        self._waiting.extend(messages)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._pacing.in_flight, len(messages))):
                group.create_task(self._work())
        if messages:
            done, failed = len(self._done), len(self._failed)
            log.info("Bot %d took the buttons of %d messages, and failed to of %d", self._bot.id, done, failed)
        return result.with_buttons(
            neutralised=(message for message in messages if message in self._done),
            not_neutralised=self._failed,
            requests=self._requests,
        )

    async def _work(self) -> None:
        while self._waiting:
            message = self._waiting.popleft()
            why = self._given_up or self._lost_chats.get(message.chat_id) or await self._edit(message)
            if why is None:
                self._done.add(message)
            else:
                self._failed[message] = why

    async def _edit(self, message: TrackedMessage) -> str | None:
        """Take the buttons of one message; return why they are still there, or None."""
        wish, failures = self._wish_of(message), 0
        text = wish if isinstance(wish, str) and has_text(message) else None
        while True:
            answer, words, lost = await self._ask(message, text)
            match answer:
                case EditAnswer.DONE:
                    return None
                case EditAnswer.FLOOD:
                    continue
                case EditAnswer.TEXT_REFUSED:
                    self._tell_of_text(words)
                    text = None
                case EditAnswer.FAULT:
                    failures += 1
                    if not await self._rest(lost + BACKOFF.after(failures), BACKOFF.after(failures)):
                        self._given_up = words
                        return words
                case EditAnswer.NO_ACCESS:
                    self._lost_chats[message.chat_id] = words
                    return words
                case EditAnswer.REVOKED:
                    self._given_up = words
                    return words
                case _:
                    return words

    def _tell_of_text(self, words: str) -> None:
        if not self._has_told_of_text:
            self._has_told_of_text = True
            log.warning("The text of neutralise was not taken, only the buttons were: %s", words)

    async def _ask(self, message: TrackedMessage, text: str | None) -> tuple[EditAnswer, str, timedelta]:
        """Make one request; return what the answer means, its words, and how long it took."""
        async with self._pacing.slot(self._patience) as is_free:
            if not is_free:
                self._given_up = self._given_up or NOT_ASKED
                return EditAnswer.REFUSED, self._given_up, timedelta()
            started = self._pacing.elapsed()
            self._requests += 1
            request = request_for(message, text, self._keyboard_of(message))
            try:
                await self._bot(request, request_timeout=self._timeout)
            except Exception as error:  # noqa: BLE001  # the deletions are done, and their result is worth more
                if isinstance(error, TelegramRetryAfter):
                    self._pacing.pause(timedelta(seconds=max(error.retry_after, 1)))
                answer, words = _answer_to(error, with_text=text is not None)
                return answer, words, self._pacing.elapsed() - started
            return EditAnswer.DONE, "", timedelta()

    async def _rest(self, cost: timedelta, wait: timedelta) -> bool:
        """Wait before a request is repeated; tell whether the patience allowed it."""
        with self._patience.losing(cost) as is_affordable:
            if is_affordable:
                await self._pacing.wait(wait)
            return is_affordable


def _answer_to(error: Exception, *, with_text: bool) -> tuple[EditAnswer, str]:
    words = reason_of(error)
    try:
        return classify(error, with_text=with_text), words
    except Exception:  # noqa: BLE001  # of a request middleware, which may do as it likes
        return EditAnswer.REFUSED, words
