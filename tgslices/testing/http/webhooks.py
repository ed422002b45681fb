"""Deliveries of a bot's updates to its webhook, and the methods that its answers ask for.

Updates of one chat go one after another, others side by side up to the webhook's ``max_connections``.
Source: tdlib/telegram-bot-api ``WebhookActor.cpp:430-690`` at 01a3679.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import aiohttp

from tgslices.testing.errors import ApiError
from tgslices.testing.http.public_addresses import trust_in, way_to
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.clock import Clock
from tgslices.testing.state.updates import LIFETIME, QueuedUpdate
from tgslices.testing.state.webhook import Webhook
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.bodies import read_arguments

_SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_MAX_RETRY_AFTER: Final = timedelta(hours=1)
"""Source: ``WebhookActor.cpp:502``."""

_MAX_RESEND: Final = timedelta(seconds=60)
"""The server picks a limit between this and twice as much. Source: ``WebhookActor.h:75``, ``WebhookActor.cpp:507``."""

_MAX_GONE: Final = timedelta(hours=23)
"""A webhook that answers 410 for longer is given up. Source: ``WebhookActor.h:76``, ``WebhookActor.cpp:637-648``."""

_GONE: Final = 410
_SECONDS: Final = re.compile(r"[0-9]{1,9}")

_IGNORED_REPLIES: Final = frozenset({"deletewebhook", "setwebhook", "close", "logout"})

Perform = Callable[[BotAccount, str, Arguments], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class DeliveryEnd:
    """The end of one delivery: ``error`` is empty if the webhook took the update, ``status`` 0 if it did not answer."""

    error: str = ""
    status: int = 0
    retry_after: timedelta = timedelta()
    method: str = ""
    arguments: Arguments | None = None


def is_performed(method: str) -> bool:
    """Whether a method named in a webhook's answer is called. Getters and methods about webhooks are not.

    Source: ``WebhookActor.cpp:620-623``.
    """
    name = method.lower()
    return bool(name) and name not in _IGNORED_REPLIES and not name.startswith("get")


def is_delivered(status: int) -> bool:
    """Whether a webhook with this answer has taken the update. Redirects are failures and are not followed.

    Source: ``WebhookActor.cpp:619``.
    """
    return 200 <= status <= 299


def retry_delay(fails: int, retry_after: timedelta = timedelta()) -> timedelta:
    """The wait after ``fails`` failures and one more: none, then 2 s, 4 s, and so on up to a minute.

    A ``retry_after`` of the webhook counts instead, up to an hour. Source: ``WebhookActor.cpp:502-516``.
    """
    if retry_after > timedelta():
        return min(retry_after, _MAX_RETRY_AFTER)
    return min(timedelta(seconds=2 ** min(fails, 6)), _MAX_RESEND) if fails else timedelta()


class Deliveries:
    """The deliveries of one bot; idle while no webhook is set."""

    def __init__(
        self,
        bot: BotAccount,
        clock: Clock,
        perform: Perform,
        second: timedelta,
        reverse_proxy: Mapping[str, str],
    ) -> None:
        """Deliver this bot's updates; ``perform`` is called for methods in answers, ``second`` scales the retries.

        ``reverse_proxy`` takes public origins to the servers behind them.
        """
        self.bot = bot
        self._clock = clock
        self._perform = perform
        self._second = second
        self._reverse_proxy = reverse_proxy
        self._trust: ssl.SSLContext | bool | None = None
        self._gone_since: float | None = None
        self._waiting: dict[object, deque[QueuedUpdate]] = {}
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self._replies: set[asyncio.Task[object]] = set()
        self._client: aiohttp.ClientSession | None = None
        self._is_closed = False
        bot.updates.on_put = self._on_put
        bot.on_webhook = self._on_webhook

    def _on_webhook(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self._waiting.clear()
        self._gone_since = None
        self._trust = None
        for update in self.bot.updates.pending.values():
            self._on_put(update)

    def _on_put(self, update: QueuedUpdate) -> None:
        if self.bot.webhook is not None and not self._is_closed:
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
            if self._is_given_up(reply.status):
                self.bot.use_webhook(None)  # which cancels this delivery, too
                self.bot.updates.on_change()
                await asyncio.sleep(0)
            if not reply.error:
                break
            webhook.last_error_date = self._clock.unix_time()
            webhook.last_error_message = reply.error
            self.bot.updates.on_change()
            delay = retry_delay(fails, reply.retry_after)
            if self._clock.unix_time() + delay.total_seconds() > update.date + LIFETIME.total_seconds():
                break  # it would be too old by then
            await asyncio.sleep(delay.total_seconds() * self._second.total_seconds())
            fails += 1
        try:
            if reply.arguments is not None and is_performed(reply.method):
                await self._begin(reply.method, reply.arguments)
        finally:
            self.bot.updates.drop(update)

    async def _begin(self, method: str, arguments: Arguments) -> None:
        """Begin to perform a method of an answer, and do not wait for its end."""
        reply = asyncio.ensure_future(self._perform(self.bot, method, arguments))
        self._replies.add(reply)
        reply.add_done_callback(self._replies.discard)
        await asyncio.sleep(0)

    def _is_given_up(self, status: int) -> bool:
        """Whether the webhook has answered 410 for too long. Silence neither counts nor resets."""
        now = self._clock.timestamp()
        if status != _GONE:
            self._gone_since = None if status else self._gone_since
            return False
        if self._gone_since is None:
            self._gone_since = now
        return now - self._gone_since > _MAX_GONE.total_seconds()

    async def _post(self, webhook: Webhook, update: QueuedUpdate) -> DeliveryEnd:
        if self._client is None:
            self._client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        way = way_to(webhook.url, self._reverse_proxy)
        headers = {"Content-Type": "application/json", "Host": way.host}
        if webhook.secret_token:
            headers[_SECRET_HEADER] = webhook.secret_token
        try:
            if self._trust is None:
                self._trust = trust_in(webhook.certificate)
        except ValueError as error:
            return DeliveryEnd(error=f"Can't create an SSL context: {error}")
        try:
            async with self._client.post(
                way.url,
                data=update.body,
                headers=headers,
                allow_redirects=False,
                ssl=self._trust,
                server_hostname=way.server_name,
            ) as response:
                return await _read_reply(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            return DeliveryEnd(error=f"Connection failed: {type(error).__name__}")

    def open(self) -> None:
        """Deliver again after `close`, from the oldest update on. An open one does nothing."""
        if self._is_closed:
            self._is_closed = False
            self._on_webhook()

    async def close(self) -> None:
        """Stop delivering, until `open`."""
        self._is_closed = True
        tasks = [*self._tasks.values(), *self._replies]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = None


async def _read_reply(response: aiohttp.ClientResponse) -> DeliveryEnd:
    body = await response.read()
    if not is_delivered(response.status):
        error = f"Wrong response from the webhook: {response.status} {response.reason}"
        return DeliveryEnd(error, response.status, _retry_after(response.headers.get("Retry-After", "")))
    try:
        arguments = read_arguments("", response.headers.get("Content-Type", ""), body)
    except ApiError:
        return DeliveryEnd(status=response.status)
    return DeliveryEnd(status=response.status, method=arguments.text("method"), arguments=arguments)


def _retry_after(header: str) -> timedelta:
    """The wait that a ``Retry-After`` header in seconds asks for; none for a header with a date."""
    return min(timedelta(seconds=int(header)), _MAX_RETRY_AFTER) if _SECONDS.fullmatch(header) else timedelta()
