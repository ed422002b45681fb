"""aiogram's HTTP client for a server on this machine, without the parts that only TLS needs."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from typing import Any, Final

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.manager import RequestMiddlewareManager
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from tgslices.testing.state.world import World


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on this host, an IP address or a name."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


class LoopbackSession(AiohttpSession):
    """aiogram's own session, which closes at once instead of a quarter of a second after the last connection.

    It also keeps the models of answers. aiogram asks pydantic for ``Response[Message]`` at every call. Pydantic drops
    the model when nobody else holds it, and making it again takes longer than many calls.
    """

    async def close(self) -> None:
        """Close the connections; there is no TLS to wait for."""
        if self._session is not None and not self._session.closed:
            await self._session.close()

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        """Do the same as aiogram, with a model that is kept."""
        returning = method.__returning__
        if returning not in _MODELS:
            _MODELS[returning] = Response[returning]  # type: ignore[valid-type]  # made at run time
        return super().check_response(bot, method, status_code, content)


_MODELS: Final[dict[Any, type[Response[Any]]]] = {}


@cache
def _prototype() -> LoopbackSession:
    """A session that is copied and never used. Making one reads the system's certificates for tens of milliseconds."""
    return LoopbackSession()


@dataclass(frozen=True)
class EmulatedServer(TelegramAPIServer):
    """An emulator of this process as aiogram's sessions know it."""

    world: World | None = field(default=None, repr=False, compare=False)


def server_at(base: str, world: World | None = None) -> TelegramAPIServer:
    """The Bot API at this base URL, or that of Telegram's test environment there.

    Source: https://core.telegram.org/bots/webapps#using-bots-in-the-test-environment
    """
    test = "/test" if world is not None and world.is_test_dc else ""
    methods, files = f"{base}/bot{{token}}{test}/{{method}}", f"{base}/file/bot{{token}}{test}/{{path}}"
    return EmulatedServer(methods, files, world=world)


def world_of(bot: Bot) -> World | None:
    """The world that a bot lives in; None for a bot that talks to another process."""
    server = bot.session.api
    return server.world if isinstance(server, EmulatedServer) else None


def loopback_session(base: str, world: World | None = None, **options: Any) -> LoopbackSession:
    """A session that talks to the Bot API at this base URL; ``options`` are those of ``AiohttpSession``.

    ``world`` is that of the emulator there, if it is one of this process.
    """
    api = server_at(base, world)
    if options:
        return LoopbackSession(api=api, **options)
    session = copy(_prototype())
    session.api = api
    session.middleware = RequestMiddlewareManager()
    return session
