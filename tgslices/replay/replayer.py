"""The door through which the library copies messages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from aiogram import Bot

from tgslices.deletion.pacing import Pacing, Patience
from tgslices.event_loop.work_in_turns import in_turns
from tgslices.model import TrackedMessage
from tgslices.replay.plan import planning
from tgslices.replay.requests import Target
from tgslices.replay.result import ReplayResult
from tgslices.replay.run import ReplayRun
from tgslices.telemetry.events import Work
from tgslices.telemetry.observer import Telling, doing

log = logging.getLogger("tgslices")


class Replayer:
    """Copies entries for one bot, at the pace that its deletions keep."""

    def __init__(
        self, bot: Bot, pacing: Pacing, patience: Callable[[], Patience], *, tell: Telling | None = None
    ) -> None:
        self._bot = bot
        self._pacing = pacing
        self._patience = patience
        self._tell = tell

    async def replay(self, entries: Iterable[TrackedMessage], target: Target, *, exact: bool) -> ReplayResult:
        """Do what :meth:`Session.replay <tgslices.session.Session.replay>` promises, for these entries."""
        with doing(self._tell, self._bot.id, Work.REPLAY) as work:
            result = await self._replay(entries, target, exact=exact)
            work.messages, work.requests = len(result.copied) + len(result.unpaired), result.requests
            return result

    async def _replay(self, entries: Iterable[TrackedMessage], target: Target, *, exact: bool) -> ReplayResult:
        plan = await in_turns(planning(entries, forward=target.forward, exact=exact))
        run = ReplayRun(self._bot, target, plan, pacing=self._pacing, patience=self._patience())
        try:
            await run.carry_out()
        except BaseException as error:
            run.result().attach_to(error)
            raise
        result = run.result()
        if plan.chunks:
            log.info("Bot %d replayed a session: %r", self._bot.id, result)
        return result
