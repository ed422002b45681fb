"""The verb ``page``: the sessions of a storage in a browser on this machine, without the network.

It listens on the loopback interface alone. It answers under its own name alone, so that no page elsewhere reads it by a
name that leads here. What changes wants ``--write``, and a form of this process.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import signal
from argparse import ArgumentTypeError, Namespace
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pkgutil import resolve_name
from secrets import token_urlsafe
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from tgslices.commands.arguments import identifier
from tgslices.commands.changing import close_one, extend_one, forget_one
from tgslices.commands.drawing import (
    SCRIPT,
    STYLE,
    VERBS,
    Looks,
    page_of_error,
    page_of_pending,
    page_of_session,
    page_of_sessions,
)
from tgslices.commands.entrance import PATH, Entrance
from tgslices.commands.naming import key_named
from tgslices.commands.opening import Place
from tgslices.errors import ConfigurationError, TgslicesError, quoted
from tgslices.model import SessionKey
from tgslices.storage.listing_protocol import SessionFilter
from tgslices.storage.pages import filled_page
from tgslices.storage.pending_protocol import PENDING_AGES

HOST: Final = "127.0.0.1"
ROWS: Final = 50
ENTRIES: Final = 200
_PAGES_LOOKED_AT: Final = 20
"""Pages of the storage that one page in the browser reads where a filter leaves most out."""

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def serve(place: Place, arguments: Namespace) -> int:
    """Serve the page until it is interrupted."""
    entrance = Entrance()
    runner = web.AppRunner(application(place, entrance, writes=arguments.write), access_log=None)
    await runner.setup()
    try:
        await _listen(runner, arguments.port)
        port = runner.addresses[0][1]
        print(f"Open http://{HOST}:{port}{PATH}?key={entrance.key} in a browser.", flush=True)
        print("The link is good once, and for nobody else then. Press Ctrl-C to stop.", flush=True)
        await _told_to_stop()
    finally:
        await runner.cleanup()
    return 0


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        why = os.strerror(error.errno or 0)
        problem = f"Nobody can listen on port {port} of {HOST} ({why})."
        raise ConfigurationError(problem, "Choose another --port.") from None


async def _told_to_stop() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows Ctrl-C ends the command as it is
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


def application(place: Place, entrance: Entrance, *, writes: bool) -> web.Application:
    """Return the pages of one bot's sessions as an application of aiohttp's."""
    pages = Pages(place, entrance, token_urlsafe() if writes else None)
    app = web.Application(middlewares=[pages.guard])
    app.router.add_get("/", pages.sessions)
    app.router.add_get("/session", pages.session)
    app.router.add_get("/pending", pages.pending)
    app.router.add_get(PATH, entrance.enter)
    app.router.add_get("/style.css", pages.style)
    app.router.add_get("/copy.js", pages.script)
    app.router.add_post("/{verb}", pages.change)
    return app


class Pages:
    """Answers requests of a browser."""

    def __init__(self, place: Place, entrance: Entrance, secret: str | None) -> None:
        """``secret`` stands in the forms of this process; None where it only reads."""
        self._place = place
        self._entrance = entrance
        self._secret = secret
        self._said = ""
        """What the last change came to; shown once."""

    @web.middleware
    async def guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer under the page's own name alone, and say what went wrong."""
        try:
            if request.host.partition(":")[0] not in (HOST, "localhost"):
                raise web.HTTPForbidden(text=f"Open the page as {HOST}.")
            if request.path != PATH:
                self._entrance.require(request)
            response = await handler(request)
        except web.HTTPException as answer:
            answer.headers.update(HEADERS)
            raise
        except (TgslicesError, OSError) as error:
            response = self._html(page_of_error(self._looks(), str(error)), status=400)
        response.headers.update(HEADERS)
        return response

    async def sessions(self, request: web.Request) -> web.Response:
        """Show what is open."""
        asked = {name: value for name, value in request.query.items() if value and name != "after"}
        where = SessionFilter(
            chat_id=_number(asked, "chat"),
            user_id=_number(asked, "user"),
            qualifiers=frozenset({asked["qualifier"]}) if "qualifier" in asked else None,
        )
        storage, bot_id, after = self._place.storage, self._place.bot_id, request.query.get("after")
        page = await filled_page(storage, bot_id, where, after=after, limit=ROWS, most=_PAGES_LOOKED_AT)
        count = await storage.count_sessions(bot_id)
        return self._html(page_of_sessions(self._looks(), page, count, asked))

    async def session(self, request: web.Request) -> web.Response:
        """Show one session."""
        name = request.query.get("name", "")
        key, storage = key_named(name, self._place.bot_id), self._place.storage
        listed = next(iter(await storage.look_at_sessions([key])), None)
        entries = await storage.list(key)
        data = await storage.read_data(key, now=self._place.clock())
        text = page_of_session(
            self._looks(),
            name,
            listed,
            entries[-ENTRIES:],
            data,
            shows_data=request.query.get("data") == "1",
            said=self._said,
        )
        self._said = ""
        return self._html(text)

    async def pending(self, request: web.Request) -> web.Response:
        """Show the deletions that are pending."""
        storage, bot_id, looks = self._place.storage, self._place.bot_id, self._looks()
        page = await storage.list_pending(bot_id, after=request.query.get("after"), limit=ENTRIES)
        counts = await storage.count_pending(bot_id, claimed_by=[looks.now - age for age in PENDING_AGES[1:]])
        return self._html(page_of_pending(looks, page, counts))

    async def style(self, request: web.Request) -> web.Response:
        """Return how the pages look."""
        return web.Response(text=STYLE, content_type="text/css")

    async def script(self, request: web.Request) -> web.Response:
        """Return what copies a name."""
        return web.Response(text=SCRIPT, content_type="text/javascript")

    async def change(self, request: web.Request) -> web.Response:
        """Do something with a session, if a form of this process asks for it."""
        form = await request.post()
        secret, name, verb = str(form.get("secret", "")), str(form.get("name", "")), request.match_info["verb"]
        if self._secret is None or not hmac.compare_digest(secret.encode(), self._secret.encode()):
            raise web.HTTPForbidden(text="Nothing was changed: this page only looks, or the form is an old one.")
        if verb not in VERBS:
            raise web.HTTPNotFound
        self._said = await self._change(verb, key_named(name, self._place.bot_id))
        raise web.HTTPSeeOther(f"/session?{urlencode({'name': name})}")

    async def _change(self, verb: str, key: SessionKey) -> str:
        place = self._place
        match verb:
            case "close":
                return f"Closed; {(await close_one(place, key))['dropped']} entries were dropped."
            case "forget":
                return f"{(await forget_one(place, key))['dropped']} entries were dropped."
            case "extend":
                await extend_one(place, key, timedelta(hours=1))
                return "It lives for an hour more, at least."
            case _:
                clear_one = resolve_name("tgslices.commands.asking:clear_one")  # loads aiogram
                result = await clear_one(place, key)
                left = len(result.pending) + len(result.deferred)
                stay = f" {left} stay pending." if left else ""
                return f"Telegram has accepted {len(result.accepted)} deletions.{stay}"

    def _looks(self) -> Looks:
        return Looks(self._place.bot_id, self._place.clock(), self._secret)

    def _html(self, text: str, *, status: int = 200) -> web.Response:
        return web.Response(text=text, content_type="text/html", status=status)


def _number(asked: Mapping[str, str], name: str) -> int | None:
    if name not in asked:
        return None
    try:
        return identifier(asked[name])
    except ArgumentTypeError:
        raise ConfigurationError(f"{quoted(asked[name])} is no {name}.", "Write its number.") from None
