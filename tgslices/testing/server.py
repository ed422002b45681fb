"""The emulator as a whole: an HTTP server on a loopback port, and the hands that change its world."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from tgslices.testing.arguments import Arguments
from tgslices.testing.calls import Answer, ApiRequest, Calls, error_answer
from tgslices.testing.clock import Clock
from tgslices.testing.entities import BotAccount, Chat, Json, Member, StoredMessage, User
from tgslices.testing.errors import ApiError, not_found, unauthorized
from tgslices.testing.faults import Faults
from tgslices.testing.person import Person
from tgslices.testing.postman import Postman
from tgslices.testing.view import ChatView, wait_until
from tgslices.testing.wire import read_arguments
from tgslices.testing.world import World

MAX_BODY: Final = 55 * 2**20
"""Bytes of one request; a bot may upload 50 MB. Source: https://core.telegram.org/bots/api#sending-files"""

ALL_RIGHTS: Final = frozenset(
    {
        "can_manage_chat",
        "can_change_info",
        "can_delete_messages",
        "can_invite_users",
        "can_restrict_members",
        "can_pin_messages",
        "can_promote_members",
        "can_manage_topics",
        "can_post_messages",
        "can_edit_messages",
    }
)
"""What an administrator may be given. Source: https://core.telegram.org/bots/api#chatadministratorrights"""

_JSON: Final = "application/json"


class LoopbackSession(AiohttpSession):
    """aiogram's HTTP client without the quarter of a second that it waits for TLS connections to close."""

    async def close(self) -> None:
        """Close at once: there is no TLS on a loopback port."""
        if self._session is not None and not self._session.closed:
            await self._session.close()


class BotApi:
    """A Bot API server with a world of its own.

    ``async with BotApi() as api`` listens on a free loopback port; ``api.url`` is the base of its URLs. Everything else
    may be done before it listens, too. One instance belongs to one event loop.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        webhook_retry_delay: timedelta = timedelta(seconds=1),
    ) -> None:
        """Prepare; ``port`` 0 picks a free one. ``webhook_retry_delay`` scales the pauses between failed deliveries."""
        self.clock = Clock()
        self.faults = Faults()
        self.world = World(self.clock)
        self.calls = Calls(self.world, self.faults)
        self._host = host
        self._port = port
        self._retry_delay = webhook_retry_delay
        self._postmen: list[Postman] = []
        self._server: web.Server | None = None
        self._runner: web.ServerRunner | None = None
        self._site: web.TCPSite | None = None

    # The server.

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Listen on the host and port.

        Raises:
            OSError: the port is in use.
        """
        self._server = web.Server(self._handle, request_factory=self._make_request, access_log=None)
        self._runner = web.ServerRunner(self._server, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.accept()

    async def stop(self) -> None:
        """Answer waiting polls, close every connection and the port."""
        for postman in self._postmen:
            await postman.close()
        for bot in self.world.bots.values():
            bot.updates.close()
        await asyncio.sleep(0)
        if self._runner is not None:
            self._cut_connections()
            await self._runner.cleanup()
        self._runner = self._site = self._server = None

    async def accept(self) -> None:
        """Accept connections (again), on the same port as before."""
        if self._runner is None or self._site is not None:
            return
        self._site = web.TCPSite(self._runner, self._host, self._port)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    async def refuse(self) -> None:
        """Go away: cut every connection and refuse new ones, until `accept`."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self._cut_connections()

    def _cut_connections(self) -> None:
        for connection in self._server.connections if self._server is not None else ():
            if connection.transport is not None:
                connection.transport.abort()

    @property
    def url(self) -> str:
        """The base URL, for ``TelegramAPIServer.from_base``."""
        return f"http://{self._host}:{self._port}"

    def client_session(self, **options: Any) -> AiohttpSession:
        """A session for aiogram's ``Bot`` that talks to this server; the caller closes it."""
        return LoopbackSession(api=TelegramAPIServer.from_base(self.url), **options)

    def _make_request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: Any,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            bot, method, arguments = await self._understand(request)
        except ApiError as error:
            answer = error_answer(error)
        else:
            answer = await self.calls.perform(bot, method, arguments)
        if answer.is_dropped and request.transport is not None:
            request.transport.abort()
        return _response(answer)

    async def _understand(self, request: web.BaseRequest) -> tuple[BotAccount, str, Arguments]:
        path, _, query = request.raw_path.partition("?")
        token, slash, method = path.removeprefix("/bot").partition("/")
        if not path.startswith("/bot") or not slash:
            raise not_found("")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise ApiError(413, "Request Entity Too Large") from None
        bot = self.world.bots.get(token if token in self.world.bots else unquote(token))
        if bot is None:
            raise _bad_token(unquote(token))
        arguments = read_arguments(query, request.headers.get("Content-Type", ""), body)
        return bot, method or arguments.text("method"), arguments

    # The world.

    def add_bot(
        self, username: str, *, first_name: str | None = None, reads_all_group_messages: bool = True
    ) -> BotAccount:
        """A new bot; ``reads_all_group_messages=False`` puts it in privacy mode."""
        bot = self.world.add_bot(username, first_name)
        bot.reads_all_group_messages = reads_all_group_messages
        self._postmen.append(Postman(bot, self.clock, self._perform_reply, self._retry_delay))
        return bot

    async def _perform_reply(self, bot: BotAccount, method: str, arguments: Arguments) -> object:
        return await self.calls.perform(bot, method, arguments, via_webhook=True)

    def add_person(self, first_name: str, **names: Any) -> Person:
        """A new person; ``username``, ``last_name`` and ``language_code`` may be named."""
        return Person(self.world, first_name, **names)

    def add_group(self, title: str, *, members: Sequence[User] = (), admins: Sequence[User] = ()) -> Chat:
        """A basic group. Nobody is told that it was made."""
        return self._add_chat("group", title, members, admins)

    def add_supergroup(
        self, title: str, *, members: Sequence[User] = (), admins: Sequence[User] = (), username: str | None = None
    ) -> Chat:
        """A supergroup. Its members count its messages together, from 1 on."""
        return self._add_chat("supergroup", title, members, admins, username)

    def add_channel(
        self, title: str, *, members: Sequence[User] = (), admins: Sequence[User] = (), username: str | None = None
    ) -> Chat:
        """A channel; bots are only told of its posts as its administrators."""
        return self._add_chat("channel", title, members, admins, username)

    def _add_chat(
        self, kind: str, title: str, members: Iterable[User], admins: Iterable[User], username: str | None = None
    ) -> Chat:
        everyone = {user.id: Member(user) for user in members}
        for user in admins:
            everyone[user.id] = Member(user, "administrator", ALL_RIGHTS)
        return self.world.add_chat(kind, title, everyone.values(), username)

    def plant_message(
        self,
        chat: Chat | ChatView,
        sender: User,
        *,
        text: str | None = None,
        date: datetime | None = None,
        kind: str = "text",
        content: Json | None = None,
    ) -> StoredMessage:
        """Let a message be there already: no update, no call.

        ``date`` may lie in the past; ``kind`` is a ``ContentType``; ``content`` holds further fields of ``Message``.
        """
        place = chat.chat if isinstance(chat, ChatView) else chat
        fields: Json = dict(content or {})
        if text is not None:
            fields["text" if kind == "text" else "caption"] = text
        moment = None if date is None else int(date.timestamp())
        return self.world.store(place, sender, kind, fields, date=moment)

    # Looking.

    @property
    def requests(self) -> list[ApiRequest]:
        """Every Bot API call, in the order they came."""
        return self.calls.log

    def count(self, method: str) -> int:
        """How often a method was called, successfully or not."""
        return sum(request.method == method for request in self.calls.log)

    @property
    def latency(self) -> timedelta:
        """Real time that every call but getUpdates takes before anything is done; none at first."""
        return self.calls.latency

    @latency.setter
    def latency(self, value: timedelta) -> None:
        self.calls.latency = value

    async def idle(self, *, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until every update is confirmed and no call is being worked on; ``timeout`` is in seconds.

        Confirmed means: a later getUpdates came with a higher offset, or the webhook answered 2xx. aiogram's polling
        confirms an update as soon as its handler has *started*, unless it was told ``handle_as_tasks=False``, and its
        webhook handler likewise, unless ``handle_in_background=False``. To wait for what a handler does, wait for
        what can be seen: `ChatView.until`.

        Raises:
            AssertionError: there was still something to do after that time.
        """
        try:
            await asyncio.wait_for(wait_until(self.world, self._is_idle), timeout)
        except TimeoutError:
            left = {bot.username: len(bot.updates.pending) for bot in self.world.bots.values() if bot.updates.pending}
            raise AssertionError(
                f"not idle within {timeout:g} s: unconfirmed updates {left}, calls in work {self.calls.in_flight}"
            ) from None

    def _is_idle(self) -> bool:
        return self.calls.in_flight == 0 and not any(bot.updates.pending for bot in self.world.bots.values())


def _bad_token(token: str) -> ApiError:
    number, colon, _ = token.partition(":")
    if not colon or not number.isdigit() or number.startswith("0"):
        return unauthorized("invalid token specified")
    return unauthorized()


def _response(answer: Answer) -> web.Response:
    if answer.is_dropped:
        return web.Response(status=500)
    response = web.Response(status=answer.status, body=answer.body, content_type=_JSON)
    if answer.retry_after:
        response.headers["Retry-After"] = str(answer.retry_after)
    return response
