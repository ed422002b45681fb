"""A pytest plugin for python-telegram-bot's own tests: their bots talk to the server of ``TGSLICES_API``."""

from __future__ import annotations

import functools
import os
from typing import Any

import telegram

ADDRESS = os.environ["TGSLICES_API"]
INIT = telegram.Bot.__init__


@functools.wraps(INIT)
def redirected(self: Any, token: str, *args: Any, **kwargs: Any) -> None:
    if not args and str(kwargs.get("base_url", "https://api.telegram.org")).startswith("https://api.telegram.org"):
        kwargs |= {"base_url": f"{ADDRESS}/bot", "base_file_url": f"{ADDRESS}/file/bot"}
    INIT(self, token, *args, **kwargs)


telegram.Bot.__init__ = redirected  # type: ignore[method-assign]
