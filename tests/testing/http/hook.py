"""A web server that a webhook leads to."""

from __future__ import annotations

from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web


class Hook:
    """A web server that answers with what the test wants: ``always``, once there is no other answer left."""

    def __init__(self) -> None:
        self.always = 200
        self.paths: list[str] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[web.Response] = []
        self.handler: SimpleRequestHandler | None = None
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append((dict(request.headers), await request.read()))
        self.paths.append(f"{request.method} {request.path}")
        if self.answers:
            return self.answers.pop(0)
        if self.handler is not None:
            assert isinstance(request, web.BaseRequest)
            return await self.handler.handle(request)  # type: ignore[arg-type]
        return web.Response(status=self.always)
