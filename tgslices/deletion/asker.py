"""One deletion request: made, counted, and its answer understood."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod

from tgslices.deletion.answers import Answer, ReadAnswer, classify, names_no_method
from tgslices.deletion.pacing import Pacing
from tgslices.deletion.requests import request_for
from tgslices.deletion.rights import Rights, rights_of, rights_request
from tgslices.deletion.routes import Place, Route
from tgslices.error_texts.without_secrets import reason_of, words_of
from tgslices.model import TrackedMessage
from tgslices.telemetry.events import Answered, DeletionAsked
from tgslices.telemetry.observer import Telling

log = logging.getLogger("tgslices")


class Asker:
    """Asks Telegram to delete messages, and remembers what kind of server answers."""

    def __init__(
        self, bot: Bot, pacing: Pacing, *, timeout: timedelta, singly: bool, tell: Telling | None = None
    ) -> None:
        """Give each request ``timeout``, in whole seconds. ``singly``: the server lacks ``deleteMessages``."""
        self._tell = tell
        self._bot = bot
        self._pacing = pacing
        self._timeout = max(1, round(timeout.total_seconds()))
        self.singly = singly
        self.singles_work = False
        self.lacks_batches = singly
        self.requests = 0

    async def ask(self, place: Place, messages: Sequence[TrackedMessage]) -> ReadAnswer:
        """Make the request for messages of one place; a flood answer pauses the whole bot.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked.
            Exception: whatever a request middleware or the HTTP client raises on its own account.
        """
        with self._telling(len(messages)) as told:
            reply = await self._ask(place, messages)
            told.append(Answered[reply.answer.name])
            return reply

    async def _ask(self, place: Place, messages: Sequence[TrackedMessage]) -> ReadAnswer:
        singly = self.singly and place.route is Route.ORDINARY
        request = request_for(place, messages, singly=singly)
        self.requests += 1
        try:
            is_accepted = await self._bot(request, request_timeout=self._timeout)
        except Exception as error:  # noqa: BLE001  # classify raises what it does not understand
            self._heed(error)
            reply = ReadAnswer(classify(error, place.route, singly=singly), reason_of(error))
            self.lacks_batches |= names_no_method(error) and place.route is Route.ORDINARY
        else:
            reply = (
                ReadAnswer(Answer.ACCEPTED) if is_accepted else ReadAnswer(Answer.REFUSED, "Telegram answered False.")
            )
        if reply.answer is Answer.NO_METHOD and place.route is Route.ORDINARY:
            self.singly = True
        self.singles_work |= singly and reply.answer in {Answer.ACCEPTED, Answer.REFUSED}
        return reply

    async def ask_rights(self, place: Place) -> Rights | None:
        """Find out what the bot may delete in a place; None when that cannot be found out.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked.
        """
        request = rights_request(place, self._bot.id)
        if request is None:
            return None
        with self._telling(0) as told:
            rights = await self._ask_rights(place, request)
            told.append(Answered.RIGHTS)
            return rights

    async def _ask_rights(self, place: Place, request: TelegramMethod[Any]) -> Rights | None:
        self.requests += 1
        try:
            return rights_of(place, await self._bot(request, request_timeout=self._timeout))
        except TelegramUnauthorizedError:
            raise
        except (TelegramAPIError, ClientDecodeError, OSError) as error:
            self._heed(error)
            return None

    @contextmanager
    def _telling(self, messages: int) -> Iterator[list[Answered]]:
        """Tell of a request when it is answered, or has failed; its answer is put into the list."""
        answered: list[Answered] = []
        begun = self._pacing.elapsed()
        try:
            yield answered
        finally:
            if self._tell is not None:
                took = self._pacing.elapsed() - begun
                answer = answered[0] if answered else Answered.RAISED
                self._tell(DeletionAsked(self._bot.id, messages, answer, took))

    def _heed(self, error: Exception) -> None:
        if isinstance(error, TelegramRetryAfter):
            wait = timedelta(seconds=max(error.retry_after, 1))
            if self._pacing.pause(wait):
                log.warning(
                    "Flood: bot %d asks for no deletion for %d seconds (%s)",
                    self._bot.id,
                    wait.total_seconds(),
                    words_of(error),
                )
