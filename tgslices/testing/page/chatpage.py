"""The page as a part of the emulator's server: what is answered under which address."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote, unquote

from aiohttp import web

from tgslices.testing.errors import ApiError, not_found
from tgslices.testing.faults import Faults
from tgslices.testing.http.calls import Calls, error_answer
from tgslices.testing.http.listener import Listener
from tgslices.testing.http.origin_guard import refusal
from tgslices.testing.page.commands import Commands
from tgslices.testing.page.fields import BadCommand
from tgslices.testing.page.founding import AddBot
from tgslices.testing.page.handler_reports import HandlerReports
from tgslices.testing.page.headers import FILE_HEADERS, SECURITY_HEADERS
from tgslices.testing.page.image_types import image_type
from tgslices.testing.page.inspector import Inspector
from tgslices.testing.page.live import Snapshots, Tab
from tgslices.testing.page.switches import Switches
from tgslices.testing.people.allowed import NotAllowed
from tgslices.testing.stage import Stage
from tgslices.testing.wire.arguments import Upload
from tgslices.testing.wire.json_text import read_json

_TYPES: Final = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}
_STATIC: Final = "/page/static/"
_FILES: Final = "/page/files/"
_REFUSALS: Final = (BadCommand, NotAllowed, ApiError)


class ChatPage:
    """Serves the page under ``/`` and all that it needs under ``/page/``.

    ``inspector`` shows the sessions of the bots that are registered there, ``reports`` what goes wrong in the handlers
    of the dispatchers that are watched.
    """

    def __init__(self, stage: Stage, add_bot: AddBot, faults: Faults, calls: Calls, listener: Listener) -> None:
        """Serve this emulator, on the listener's port."""
        self.inspector = Inspector(stage.world)
        self.reports = HandlerReports(stage.world, calls.log)
        self._world = stage.world
        self._listener = listener
        self._log = calls.log
        self._own: weakref.WeakSet[asyncio.BaseTransport] = weakref.WeakSet()
        switches = Switches(faults, lambda: listener.cut(spare=self._own))
        self.commands = Commands(stage, add_bot, switches, self.inspector, self._clear_log)
        self._snapshots = Snapshots(stage.world, calls.log, switches, self.inspector, self.reports)
        listener.pages["/"] = self.respond

    def _clear_log(self) -> None:
        self._log.clear()
        self.reports.clear()

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of a browser; refuse what comes from another site or under a foreign name."""
        if request.transport is not None:
            self._own.add(request.transport)
        reason = refusal(request.headers, "The chat page", self._listener.allowed_hosts)
        if reason is not None:
            return _plain(403, reason)
        match request.method, request.path:
            case "GET" | "HEAD", "/":
                return _static("page.html")
            case "GET", "/page/live":
                return await self._live(request)
            case "POST", "/page/do":
                return await self._do(request)
            case "POST", "/page/upload":
                return await self._upload(request)
            case "GET", path if path.startswith(_STATIC):
                return _static(path.removeprefix(_STATIC))
            case "GET", path if path.startswith(_FILES):
                return self._file(unquote(path.removeprefix(_FILES)))
        return _json(404, error_answer(not_found("")).body)

    async def _live(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=1024)
        if not socket.can_prepare(request):
            return _plain(400, "This address is for the page's WebSocket.")
        await socket.prepare(request)
        await Tab(self._snapshots, socket).keep_up()
        return socket

    async def _do(self, request: web.BaseRequest) -> web.Response:
        if request.content_type != "application/json":
            return _plain(415, "A command is a JSON object.")
        try:
            command = read_json((await request.read()).decode())
            return _json(200, await self.commands.perform(command))
        except _REFUSALS as error:
            return _refused(error)
        except ValueError:
            return _json(400, {"error": "This is no JSON."})

    async def _upload(self, request: web.BaseRequest) -> web.Response:
        if "X-Page" not in request.headers:  # which a form of another site cannot send
            return _plain(415, "A file comes with the header X-Page.")
        query: Mapping[str, str] = request.query
        command: dict[str, Any] = dict(query)
        try:
            command["person"] = int(query.get("person", ""))
            command["topic"] = int(query["topic"]) if "topic" in query else None
            upload = Upload(query.get("name") or "file", request.content_type, await request.read())
            await self.commands.talking.send_file(command, upload)
        except ValueError:
            return _json(400, {"error": "There is no such person or topic."})
        except _REFUSALS as error:
            return _refused(error)
        except web.HTTPRequestEntityTooLarge:
            return _json(413, {"error": "The file is too large."})
        return _json(200, {})

    def _file(self, file_id: str) -> web.Response:
        file = self._world.files.get(file_id)
        if file is None:
            return _plain(404, "There is no such file.")
        picture = image_type(file.data)
        headers = dict(FILE_HEADERS)
        if picture is None:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        return web.Response(body=file.data, content_type=picture or "application/octet-stream", headers=headers)


def _static(name: str) -> web.Response:
    folder = files("tgslices.testing.page") / "static"
    kind = _TYPES.get(name.rpartition(".")[2])
    found = {entry.name: entry for entry in folder.iterdir()}
    if kind is None or name not in found:
        return _plain(404, "There is no such part of the page.")
    text = found[name].read_text(encoding="utf-8")
    return web.Response(text=text, content_type=kind, headers=SECURITY_HEADERS)


def _json(status: int, data: Any) -> web.Response:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=SECURITY_HEADERS)


def _refused(error: Exception) -> web.Response:
    """What the person at the page is told; what a test's author would do about it is nothing to them."""
    match error:
        case NotAllowed():
            told = error.reason
        case ApiError():
            told = error.description
        case _:
            told = str(error)
    return _json(400, {"error": told})


def _plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=SECURITY_HEADERS)
