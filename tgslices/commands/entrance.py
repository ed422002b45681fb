"""Who may look: the browser in which the link was opened that the command has printed.

Everybody on this machine reaches the loopback interface. So the link holds a key, which is good once, and is exchanged
for a cookie: what stays in a history, or is seen on a screen later, opens nothing.
"""

from __future__ import annotations

import hmac
from secrets import token_hex, token_urlsafe
from typing import Final

from aiohttp import web

PATH: Final = "/enter"


class Entrance:
    """Lets one browser in."""

    def __init__(self) -> None:
        self.key = token_urlsafe()
        self._is_used = False
        self._pass = token_urlsafe()
        # Cookies of all ports of a host are kept together, and two pages may be open.
        self._cookie = f"tgslices_{token_hex(4)}"

    async def enter(self, request: web.Request) -> web.Response:
        """Exchange the key for a cookie."""
        if self._is_used or not _equal(request.query.get("key", ""), self.key):
            raise web.HTTPForbidden(text="This link was opened before, or is another page's. Start the command again.")
        self._is_used = True
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(self._cookie, self._pass, httponly=True, samesite="Lax")
        return response

    def require(self, request: web.Request) -> None:
        """Refuse a request of anybody else's.

        Raises:
            HTTPForbidden: it brings no cookie of this page.
        """
        if not _equal(request.cookies.get(self._cookie, ""), self._pass):
            raise web.HTTPForbidden(text="Open the link that the command has printed.")


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())
