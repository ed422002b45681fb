"""One deletion request: made, counted, and its answer understood."""

from __future__ import annotations

from datetime import timedelta

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)

from tgslices.deletion.answers import Answer, classify, names_no_method
from tgslices.deletion.pacing import Pacing
from tgslices.deletion.plan import Batch
from tgslices.deletion.requests import request_for
from tgslices.deletion.rights import Rights, rights_of, rights_request
from tgslices.deletion.routes import Place, Route


class Asker:
    """Asks Telegram to delete batches, and remembers what kind of server answers."""

    def __init__(self, bot: Bot, pacing: Pacing, *, timeout: timedelta, singly: bool) -> None:
        """Give each request ``timeout``, in whole seconds. ``singly``: the server lacks ``deleteMessages``."""
        self._bot = bot
        self._pacing = pacing
        self._timeout = max(1, round(timeout.total_seconds()))
        self.singly = singly
        self.singles_work = False
        self.lacks_batches = singly
        self.requests = 0

    async def ask(self, batch: Batch) -> Answer:
        """Make the request for a batch; a flood answer pauses the whole bot.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked.
            Exception: whatever a request middleware or the HTTP client raises on its own account.
        """
        singly = self.singly and batch.route is Route.ORDINARY
        request = request_for(batch, singly=singly)
        self.requests += 1
        try:
            is_accepted = await self._bot(request, request_timeout=self._timeout)
        except Exception as error:  # noqa: BLE001  # classify raises what it does not understand
            self._heed(error)
            answer = classify(error, batch.route, singly=singly)
            self.lacks_batches |= names_no_method(error) and batch.route is Route.ORDINARY
        else:
            answer = Answer.ACCEPTED if is_accepted else Answer.REFUSED
        if answer is Answer.NO_METHOD and batch.route is Route.ORDINARY:
            self.singly = True
        self.singles_work |= singly and answer in {Answer.ACCEPTED, Answer.REFUSED}
        return answer

    async def ask_rights(self, place: Place) -> Rights:
        """Find out what the bot may delete in a place; everything, when that cannot be found out.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked.
        """
        request = rights_request(place, self._bot.id)
        if request is None:
            return Rights()
        self.requests += 1
        try:
            return rights_of(place, await self._bot(request, request_timeout=self._timeout))
        except TelegramUnauthorizedError:
            raise
        except (TelegramAPIError, ClientDecodeError, OSError) as error:
            self._heed(error)
            return Rights()

    def _heed(self, error: Exception) -> None:
        if isinstance(error, TelegramRetryAfter):
            self._pacing.pause(timedelta(seconds=max(error.retry_after, 1)))
