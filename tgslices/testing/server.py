"""The emulator as a whole: the server and its world."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from aiogram import Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from tgslices.testing.faults import Faults
from tgslices.testing.http.call_log import CallLog
from tgslices.testing.http.calls import Calls, log
from tgslices.testing.http.client import is_loopback, loopback_session, server_at
from tgslices.testing.http.listener import Listener
from tgslices.testing.http.public_addresses import checked_proxy
from tgslices.testing.http.webhooks import Deliveries
from tgslices.testing.methods import METHODS
from tgslices.testing.page import ChatPage
from tgslices.testing.page.inspector import InspectableManager
from tgslices.testing.stage import Stage
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.clock import Clock
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments


class BotApi(Stage):
    """A Bot API server with a world of its own.

    ``async with BotApi() as api`` listens on a free loopback port; ``api.url`` is the base of its URLs. Everything but
    calls of bots works before it listens, too. One instance belongs to one event loop.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        webhook_retry_delay: timedelta = timedelta(seconds=1),
        page: bool = False,
        test_dc: bool = False,
        allowed_hosts: Collection[str] = (),
        reverse_proxy: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; ``port`` 0 picks a free one. ``webhook_retry_delay`` scales the pauses after failed deliveries.

        ``page`` serves the chat page, too, at `page_url`: anybody who reaches the port may play every person there.
        ``test_dc`` makes it Telegram's test environment. There methods are at ``/bot<token>/test/<method>``, and bots
        can delete from supergroups and channels for 15 minutes only.

        ``allowed_hosts`` are host names that browsers may open it by, such as that of a service of Compose. Allow none
        that others can point elsewhere.

        ``reverse_proxy`` takes the public origins of webhooks to where bots listen on this machine, such as
        ``{"https://shop.example": "http://127.0.0.1:8080"}``: a bot that sets a public address runs unchanged.

        Raises:
            ValueError: ``reverse_proxy`` holds what is no origin.

        Source: https://core.telegram.org/bots/webapps#using-bots-in-the-test-environment
        """
        super().__init__(World(Clock(), is_test_dc=test_dc))
        self.faults = Faults(self.world.changes.notify, methods={small: name for small, (name, _) in METHODS.items()})
        self.calls = Calls(self.world, self.faults)
        self.listener = Listener(self.world, self.calls, host, port, allowed_hosts)
        self._retry_delay = webhook_retry_delay
        self._reverse_proxy = checked_proxy(reverse_proxy)
        self._deliveries: list[Deliveries] = []
        self.page = ChatPage(self, self.add_bot, self.faults, self.calls, self.listener) if page else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on the host and port; after `stop` on the same port, with the same world. A second start does nothing.

        Anybody who reaches the port can act as a bot, and as every person on the chat page. So a host that is not
        loopback is logged as a warning.

        Raises:
            OSError: the port is in use, or there is no such host or port.
        """
        if self.listener.is_started:
            return
        await self.listener.start()
        for bot in self.world.bots.values():
            bot.updates.open()
        for deliveries in self._deliveries:
            deliveries.open()
        if not is_loopback(self.listener.host):
            whom = "every person and bot" if self.page is not None else "every bot"
            log.warning("%s is not loopback; whoever reaches it can play %s.", self.listener.host, whom)

    async def stop(self) -> None:
        """Answer waiting polls, close every connection and the port; the world stays as it is."""
        for deliveries in self._deliveries:
            await deliveries.close()
        for bot in self.world.bots.values():
            bot.updates.close()
        await self.listener.stop()

    async def accept(self) -> None:
        """Accept connections again after `refuse`, on the same port."""
        await self.listener.accept()

    async def refuse(self) -> None:
        """Cut every connection and refuse new ones, until `accept`."""
        await self.listener.refuse()

    @property
    def url(self) -> str:
        """The base URL, for ``TelegramAPIServer.from_base``; with ``test_dc`` take `api_server` instead.

        Raises:
            RuntimeError: no port was named, and none is picked before the server listens.
        """
        if not self.listener.port:
            raise RuntimeError("the emulator has no port before it listens: enter `async with BotApi() as api` first")
        host = self.listener.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.listener.port}"

    @property
    def api_server(self) -> TelegramAPIServer:
        """This server, for the ``api`` of aiogram's sessions."""
        return server_at(self.url, self.world)

    @property
    def page_url(self) -> str:
        """The address of the chat page.

        Raises:
            LookupError: the page is not served.
        """
        if self.page is None:
            raise LookupError("the chat page is not served: make the emulator with BotApi(page=True)")
        return f"{self.url}/"

    def watch(self, dispatcher: Dispatcher) -> None:
        """Show on the chat page what goes wrong in handlers; nothing happens if the page is not served.

        It shows errors with their tracebacks, and updates that no handler took. ``dispatcher`` runs in this process.
        """
        if self.page is not None:
            self.page.reports.watch(dispatcher)

    def inspect(self, manager: InspectableManager) -> None:
        """Show a bot's sessions on the chat page as they change; nothing happens if the page is not served.

        ``manager`` is the ``SessionManager`` of a bot of this emulator, in this process.
        """
        if self.page is not None:
            self.page.inspector.watch(manager.bot.id, manager.tracker.storage, manager)

    def client_session(self, **options: Any) -> AiohttpSession:
        """A session for aiogram's ``Bot`` that talks to this server; the caller closes it."""
        return loopback_session(self.url, self.world, **options)

    def add_bot(
        self,
        username: str,
        *,
        first_name: str | None = None,
        token: str | None = None,
        reads_all_group_messages: bool = True,
    ) -> BotAccount:
        """A new bot; ``reads_all_group_messages=False`` puts it in privacy mode.

        Without a ``token`` (``"42:secret"``) the bot gets a random one, with an id that no bot of another emulator has:
        a database keeps sessions by the bot's id.

        Raises:
            ValueError: the token is malformed, or its number is taken.
        """
        bot = self.world.add_bot(username, first_name, token)
        bot.reads_all_group_messages = reads_all_group_messages
        self._deliveries.append(
            Deliveries(bot, self.clock, self._perform_reply, self._retry_delay, self._reverse_proxy)
        )
        return bot

    async def _perform_reply(self, bot: BotAccount, method: str, arguments: Arguments) -> object:
        return await self.calls.perform(bot, method, arguments, via_webhook=True)

    @property
    def requests(self) -> CallLog:
        """The Bot API calls, in the order they came; may be cleared.

        After 10,000 (`tgslices.testing.http.call_log.MAX_CALLS`) the oldest are only counted.
        """
        return self.calls.log

    def count(self, method: str) -> int:
        """The number of calls of a method, successful or not."""
        return self.calls.log.times(method)

    @property
    def latency(self) -> timedelta:
        """Real time that every call but getUpdates waits before its work; none at first."""
        return self.calls.latency

    @latency.setter
    def latency(self, value: timedelta) -> None:
        self.calls.latency = value

    async def idle(self, *, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until every update is confirmed and handled, and no call is being worked on.

        ``timeout`` is in seconds of real time. Handlers are waited for whose dispatcher runs in `running`. Otherwise an
        update is done when it is confirmed: by a later getUpdates, or by a webhook's 2xx. aiogram's polling confirms it
        as soon as its handler has *started*, unless ``handle_as_tasks=False``; so does its webhook handler, unless
        ``handle_in_background=False``.

        Raises:
            AssertionError: updates or calls were left after that time.
        """
        if not await self.world.changes.within(timeout, self._is_idle):
            bots = self.world.bots.values()
            left = {bot.username: len(bot.updates.pending) for bot in bots if bot.updates.pending}
            at_work = [words for bot in bots for words in bot.handling.at_work.values()]
            raise AssertionError(
                f"not idle within {timeout:g} s: unconfirmed updates {left}, "
                f"handlers at work on {at_work}, calls in work {self.calls.in_flight}"
            )

    def _is_idle(self) -> bool:
        bots = self.world.bots.values()
        return self.calls.in_flight == 0 and not any(bot.updates.pending or bot.handling.at_work for bot in bots)
