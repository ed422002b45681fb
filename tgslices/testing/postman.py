"""Carries the updates of one bot to its webhook, and does what the answer asks for.

Updates that concern one chat go one after another, others side by side up to the webhook's ``max_connections``.
Source: tdlib/telegram-bot-api ``WebhookActor.cpp:560-720`` at 01a3679.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import aiohttp

from tgslices.testing.accounts import BotAccount
from tgslices.testing.arguments import Arguments
from tgslices.testing.clock import Clock
from tgslices.testing.errors import ApiError
from tgslices.testing.updates import QueuedUpdate
from tgslices.testing.webhook import Webhook
from tgslices.testing.wire import read_arguments

_SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_MAX_RETRY_AFTER: Final = 3600
_MAX_RESEND: Final = timedelta(seconds=60)
"""Source: ``WebhookActor.h``, ``WEBHOOK_MAX_RESEND_TIMEOUT``."""

_IGNORED_REPLIES: Final = frozenset({"deletewebhook", "setwebhook", "close", "logout"})

Perform = Callable[[BotAccount, str, Arguments], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Reply:
    """How one delivery ended: ``error`` is empty if the webhook took the update."""

    error: str = ""
    retry_after: float = 0.0
    method: str = ""
    arguments: Arguments | None = None


def is_performed(method: str) -> bool:
    """Whether a method named in the answer to a webhook is called: getters and those about webhooks are not.

    Source: ``WebhookActor.cpp:620-623``.
    """
    name = method.lower()
    return bool(name) and name not in _IGNORED_REPLIES and not name.startswith("get")


def retry_delay(fails: int, first: timedelta, retry_after: float) -> float:
    """Seconds until the next try: none after the first failure, then doubling from twice ``first`` up to a minute.

    Source: ``WebhookActor.cpp:470-489``.
    """
    if retry_after > 0:
        return min(retry_after, _MAX_RETRY_AFTER)
    if fails == 0:
        return 0.0
    return float(min(first * 2**fails, _MAX_RESEND).total_seconds())


class Postman:
    """The deliveries of one bot. Idle while no webhook is set."""

    def __init__(self, bot: BotAccount, clock: Clock, perform: Perform, first_delay: timedelta) -> None:
        """``perform`` is called with what an answer asks for; ``first_delay`` scales the pauses between retries."""
        self.bot = bot
        self._clock = clock
        self._perform = perform
        self._first_delay = first_delay
        self._queues: dict[object, asyncio.Task[None]] = {}
        self._client: aiohttp.ClientSession | None = None
        bot.updates.on_put = self._on_put
        bot.on_webhook = self._on_webhook

    def _on_webhook(self) -> None:
        for task in self._queues.values():
            task.cancel()
        self._queues.clear()
        for update in self.bot.updates.pending:
            self._on_put(update)

    def _on_put(self, update: QueuedUpdate) -> None:
        webhook = self.bot.webhook
        if webhook is None or update.queue_key in self._queues or len(self._queues) >= webhook.max_connections:
            return
        self._queues[update.queue_key] = asyncio.create_task(self._deliver_all(webhook, update.queue_key))

    async def _deliver_all(self, webhook: Webhook, queue_key: object) -> None:
        task = asyncio.current_task()
        try:
            while (update := self._next(queue_key)) is not None:
                await self._deliver(webhook, update)
        finally:
            if self._queues.get(queue_key) is task:
                del self._queues[queue_key]
        waiting = next((u for u in self.bot.updates.pending if u.queue_key not in self._queues), None)
        if waiting is not None:
            self._on_put(waiting)

    def _next(self, queue_key: object) -> QueuedUpdate | None:
        return next((update for update in self.bot.updates.pending if update.queue_key == queue_key), None)

    async def _deliver(self, webhook: Webhook, update: QueuedUpdate) -> None:
        fails = 0
        while True:
            reply = await self._post(webhook, update)
            if not reply.error:
                break
            webhook.last_error_date = self._clock.unix_time()
            webhook.last_error_message = reply.error
            await asyncio.sleep(retry_delay(fails, self._first_delay, reply.retry_after))
            fails += 1
        if reply.arguments is not None and is_performed(reply.method):
            await self._perform(self.bot, reply.method, reply.arguments)
        self.bot.updates.drop(update)

    async def _post(self, webhook: Webhook, update: QueuedUpdate) -> Reply:
        if self._client is None:
            self._client = aiohttp.ClientSession()
        headers = {"Content-Type": "application/json"}
        if webhook.secret_token:
            headers[_SECRET_HEADER] = webhook.secret_token
        try:
            async with self._client.post(webhook.url, data=update.body, headers=headers) as response:
                return await _read_reply(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Reply(error=f"Connection failed: {type(error).__name__}")

    async def close(self) -> None:
        """Stop delivering."""
        tasks = list(self._queues.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()


async def _read_reply(response: aiohttp.ClientResponse) -> Reply:
    body = await response.read()
    if not response.ok:
        retry_after = response.headers.get("Retry-After", "")
        return Reply(
            error=f"Wrong response from the webhook: {response.status} {response.reason}",
            retry_after=float(retry_after) if retry_after.isdigit() else 0.0,
        )
    try:
        arguments = read_arguments("", response.headers.get("Content-Type", ""), body)
    except ApiError:
        return Reply()
    return Reply(method=arguments.text("method"), arguments=arguments)
