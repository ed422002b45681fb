"""Bot API calls: faults, the method, the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tgslices.testing.errors import ApiError, not_found, too_many_requests
from tgslices.testing.faults import Drop, Effect, Failure, Faults, Flood, Partial, Pretend, Slow
from tgslices.testing.http.call_log import ApiRequest, CallLog
from tgslices.testing.http.limits import RequestLimits
from tgslices.testing.methods import EFFECTLESS, METHODS
from tgslices.testing.methods.method import Call, Done, Encoded, Method
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import write_json

log = logging.getLogger("tgslices.testing")


@dataclass(frozen=True, slots=True)
class HTTPAnswer:
    """The answer that goes back over HTTP; none does if it is dropped."""

    status: int
    body: bytes
    retry_after: int = 0
    is_dropped: bool = False


CRASHED: Final = "Internal Server Error: the emulator failed; its log says what was asked, and how it failed"
"""The text of the answer after a bug of the emulator."""

_DROPPED: Final = HTTPAnswer(0, b"", is_dropped=True)


def error_answer(error: ApiError) -> HTTPAnswer:
    """The answer that carries an error."""
    retry_after = error.parameters.get("retry_after", 0)
    return HTTPAnswer(error.code, write_json(error.payload()), retry_after)


class Calls:
    """The calls of all bots, performed and logged in order. ``latency`` is added to every call but getUpdates."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.log = CallLog()
        self.latency = timedelta()
        self.in_flight = 0
        self._world = world
        self._faults = faults
        self._limits = RequestLimits(world)

    async def perform(
        self, bot: BotAccount, method: str, arguments: Arguments, *, via_webhook: bool = False
    ) -> HTTPAnswer:
        """Perform a call, faults included. An error of the method becomes an answer."""
        name, function = METHODS.get(method.lower(), (method, None))
        key = name.lower()
        request = ApiRequest(
            bot.id,
            name,
            arguments,
            date=self._world.clock.timestamp(),
            via_webhook=via_webhook,
            has_effect=name not in EFFECTLESS,
        )
        self.log.append(request)
        is_poll = key == "getupdates"
        self.in_flight += not is_poll
        self._world.changes.notify()
        answer = _DROPPED
        try:
            with self._limits.passing(bot, key, arguments):
                if self.latency and not is_poll:
                    await asyncio.sleep(self.latency.total_seconds())
                answer = await self._answer(function, bot, key, arguments)
        except ApiError as error:
            request.description = error.description
            answer = error_answer(error)
        except Exception:
            log.exception("bot %d: %s %s: the emulator failed", bot.id, name, request.arguments)
            request.description = CRASHED
            answer = error_answer(ApiError(500, CRASHED))
        finally:
            self.in_flight -= not is_poll
            request.status = answer.status
            request.answer = answer.body
            if log.isEnabledFor(logging.INFO):
                log.info("bot %d: %s %s: %s", bot.id, name, request.arguments, request.description or request.status)
            self._world.changes.notify()
        return answer

    async def _answer(self, function: Method | None, bot: BotAccount, key: str, arguments: Arguments) -> HTTPAnswer:
        effects = self._faults.take(bot.id, key, arguments)
        if effects:
            await _before(effects)
            if any(isinstance(effect, Drop) and not effect.after_work for effect in effects):
                return _DROPPED
        if function is None:
            raise not_found("method not found")
        result = self._call(function, bot, arguments, effects)
        if not isinstance(result, dict) and isinstance(result, Awaitable):
            result = await result
        answer = HTTPAnswer(200, _encoded(result))
        return await _after(effects, answer) if effects else answer

    def _call(self, function: Method, bot: BotAccount, arguments: Arguments, effects: list[Effect]) -> object:
        if not effects:
            return function(Call(self._world, bot, arguments))
        if any(isinstance(effect, Pretend) for effect in effects):
            return True
        partial = next((effect for effect in effects if isinstance(effect, Partial)), None)
        self._world.failing_item = None if partial is None else (partial.item, partial.cause)
        try:
            return function(Call(self._world, bot, arguments))
        finally:
            self._world.failing_item = None


def _encoded(result: object) -> bytes:
    if isinstance(result, Done):
        return write_json({"ok": True, "result": True, "description": result.description})
    body = result.body if isinstance(result, Encoded) else write_json(result)
    return b'{"ok":true,"result":%b}' % body


async def _before(effects: list[Effect]) -> None:
    for effect in effects:
        if isinstance(effect, Slow) and not effect.after_work:
            await effect.wait()
        elif isinstance(effect, Flood):
            raise too_many_requests(effect.retry_after)
        elif isinstance(effect, Failure):
            raise effect.error()


async def _after(effects: list[Effect], answer: HTTPAnswer) -> HTTPAnswer:
    for effect in effects:
        if isinstance(effect, Slow) and effect.after_work:
            await effect.wait()
        elif isinstance(effect, Drop):
            return _DROPPED
    return answer
