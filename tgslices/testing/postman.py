"""Carries the updates of one bot to its webhook, and does what the answer asks for.

Updates that concern one chat go one after another, others side by side up to the webhook's ``max_connections``.
Source: tdlib/telegram-bot-api ``WebhookActor.cpp:560-720`` at 01a3679.
"""

from __future__ import annotations

import asyncio
from collections import deque
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
        self._waiting: dict[object, deque[QueuedUpdate]] = {}
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self._client: aiohttp.ClientSession | None = None
        bot.updates.on_put = self._on_put
        bot.on_webhook = self._on_webhook

    def _on_webhook(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self._waiting.clear()
        for update in self.bot.updates.pending.values():
            self._on_put(update)

    def _on_put(self, update: QueuedUpdate) -> None:
        if self.bot.webhook is not None:
            self._waiting.setdefault(update.queue_key, deque()).append(update)
            self._start(self.bot.webhook, update.queue_key)

    def _start(self, webhook: Webhook, queue_key: object) -> None:
        if queue_key not in self._tasks and len(self._tasks) < webhook.max_connections:
            self._tasks[queue_key] = asyncio.create_task(self._deliver_all(webhook, queue_key))

    async def _deliver_all(self, webhook: Webhook, queue_key: object) -> None:
        queue = self._waiting[queue_key]
        while queue:
            await self._deliver(webhook, queue[0])
            queue.popleft()
        del self._waiting[queue_key]
        del self._tasks[queue_key]
        other = next((key for key in self._waiting if key not in self._tasks), None)
        if other is not None:
            self._start(webhook, other)

    async def _deliver(self, webhook: Webhook, update: QueuedUpdate) -> None:
        fails = 0
        while True:
            self.bot.updates.expire()
            if update.update_id not in self.bot.updates.pending:
                return
            reply = await self._post(webhook, update)
            if not reply.error:
                break
            webhook.last_error_date = self._clock.unix_time()
            webhook.last_error_message = reply.error
            self.bot.updates.on_change()
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
        tasks = list(self._tasks.values())
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
