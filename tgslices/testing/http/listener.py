"""The port: open or closed, and its requests turned into calls."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Collection, Container
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web

from tgslices.testing.content.files import file_at
from tgslices.testing.errors import ApiError, forbidden, not_found, unauthorized
from tgslices.testing.http.calls import Calls, HTTPAnswer, error_answer
from tgslices.testing.http.origin_guard import is_of_a_browser, refusal
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.bodies import read_arguments

MAX_BODY: Final = 55 * 2**20
"""Bytes of one request; a bot may upload 50 MB. Source: https://core.telegram.org/bots/api#sending-files"""

MAX_PORT: Final = 65535

_JSON: Final = "application/json"

Page = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """A server on one address; port 0 picks a free one. ``pages`` handle other paths, by the beginning of a path.

    Browsers may name it by ``allowed_hosts``, too, besides addresses and ``localhost``.
    """

    def __init__(self, world: World, calls: Calls, host: str, port: int, allowed_hosts: Collection[str] = ()) -> None:
        self.host = host
        self.allowed_hosts = allowed_hosts
        self.port = port
        self.pages: dict[str, Page] = {}
        self._world = world
        self._calls = calls
        self._server: web.Server | None = None
        self._runner: web.ServerRunner | None = None
        self._site: web.TCPSite | None = None

    @property
    def is_started(self) -> bool:
        """Whether the server was started and not stopped since. It may refuse connections meanwhile."""
        return self._runner is not None

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is in use, or there is no such host or port.
        """
        self._server = web.Server(self._handle, request_factory=_make_request, access_log=None)
        self._runner = web.ServerRunner(self._server, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await self.accept()
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the port and every connection. Requests that can be answered at once still are."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = self._site = self._server = None

    async def accept(self) -> None:
        """Accept connections (again), on the same port as before.

        Raises:
            OSError: as for `start`.
        """
        if self._runner is None or self._site is not None:
            return
        if self.port not in range(MAX_PORT + 1):
            raise OSError(errno.EINVAL, f"a port is a number from 0 to {MAX_PORT}")
        site = web.TCPSite(self._runner, self.host, self.port)
        try:
            await site.start()
        except (OSError, UnicodeError) as error:
            await site.stop()
            if isinstance(error, OSError):
                raise
            raise OSError(errno.EINVAL, "this is no name of a host") from error
        self._site = site
        self.port = self._runner.addresses[0][1]

    async def refuse(self) -> None:
        """Cut every connection and refuse new ones, until `accept`."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self.cut()

    def cut(self, *, spare: Container[asyncio.BaseTransport] = ()) -> None:
        """Cut every connection but the spared ones. New connections are accepted as before."""
        for connection in self._server.connections if self._server is not None else ():
            if connection.transport is not None and connection.transport not in spare:
                connection.transport.abort()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if not path.startswith("/bot"):
            return await self._handle_other(request, path)
        reason = (
            refusal(request.headers, "The Bot API", self.allowed_hosts) if is_of_a_browser(request.headers) else None
        )
        if reason is not None:
            return _response(error_answer(forbidden(reason)))
        try:
            bot, method, arguments = await self._understand(request, path, query)
        except ApiError as error:
            return _response(error_answer(error))
        answer = await self._calls.perform(bot, method, arguments)
        if answer.is_dropped and request.transport is not None:
            request.transport.abort()
        return _response(answer)

    async def _understand(self, request: web.BaseRequest, path: str, query: str) -> tuple[BotAccount, str, Arguments]:
        token, slash, method = path.removeprefix("/bot").partition("/")
        if not slash:
            raise not_found("")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise ApiError(413, "Request Entity Too Large") from None
        method, is_test_dc = _without_test(method)
        bot = self._find_bot(token, is_test_dc=is_test_dc)
        arguments = read_arguments(query, request.headers.get("Content-Type", ""), body)
        return bot, method or arguments.text("method"), arguments

    def _find_bot(self, token: str, *, is_test_dc: bool) -> BotAccount:
        bot = self._world.bots.get(token) or self._world.bots.get(unquote(token))
        if bot is None or is_test_dc is not self._world.is_test_dc:
            raise bad_token(unquote(token))
        return bot

    async def _handle_other(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if path.startswith("/file/bot"):
            return self._send_file(path)
        for prefix, page in self.pages.items():
            if path.startswith(prefix):
                return await page(request)
        return _response(error_answer(not_found("")))

    def _send_file(self, path: str) -> web.Response:
        token, _, file_path = path.removeprefix("/file/bot").partition("/")
        try:
            file_path, is_test_dc = _without_test(file_path)
            self._find_bot(token, is_test_dc=is_test_dc)
        except ApiError as error:
            return _response(error_answer(error))
        file = file_at(self._world, unquote(file_path))
        if file is None:
            return _response(error_answer(not_found("")))
        return web.Response(body=file.data, content_type="application/octet-stream")


def _make_request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """A request as `web.Server` makes it, but with a body of up to `MAX_BODY`."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)


def _without_test(path: str) -> tuple[str, bool]:
    """The path behind the token without ``test/``, and whether that was there.

    Source: tdlib/telegram-bot-api ``HttpConnection.cpp:35-44``.
    """
    if not path.startswith("test"):
        return path, False
    rest = path.removeprefix("test")
    if not rest.startswith("/"):
        raise not_found("")
    return rest.removeprefix("/"), True


def bad_token(token: str) -> ApiError:
    """The answer to a token that no bot has.

    Source: tdlib/telegram-bot-api ``ClientManager.cpp:67-83``.
    """
    number, colon, _ = token.partition(":")
    if not colon or not number.isdecimal() or number.startswith("0"):
        return unauthorized("invalid token specified")
    return unauthorized()


def _response(answer: HTTPAnswer) -> web.Response:
    if answer.is_dropped:
        return web.Response(status=500)
    response = web.Response(status=answer.status, body=answer.body, content_type=_JSON)
    if answer.retry_after:
        response.headers["Retry-After"] = str(answer.retry_after)
    return response
