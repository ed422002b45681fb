"""A pytest plugin for python-telegram-bot's own tests: their bots talk to the server of ``TGSLICES_API``."""

from __future__ import annotations

import functools
import os
from importlib import import_module
from typing import Any

ADDRESS = os.environ["TGSLICES_API"]
SECURE = ADDRESS.replace("http://", "https://")
"""Their tests look for it in the addresses of files; the request takes the plain one."""

bots: Any = import_module("telegram")
requests: Any = import_module("telegram.request")
INIT, REQUEST = bots.Bot.__init__, requests.HTTPXRequest.do_request


@functools.wraps(INIT)
def redirected(self: Any, token: str, *args: Any, **kwargs: Any) -> None:
    if not args and str(kwargs.get("base_url", "https://api.telegram.org")).startswith("https://api.telegram.org"):
        kwargs |= {"base_url": f"{ADDRESS}/bot", "base_file_url": f"{SECURE}/file/bot"}
    INIT(self, token, *args, **kwargs)


@functools.wraps(REQUEST)
async def plain(self: Any, url: str, *args: Any, **kwargs: Any) -> Any:
    return await REQUEST(self, url.replace(SECURE, ADDRESS), *args, **kwargs)


bots.Bot.__init__ = redirected
requests.HTTPXRequest.do_request = plain
