"""How the command names a session: as it is printed, it is given."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from tgslices.errors import ConfigurationError, quoted
from tgslices.model import SessionKey

_PARTS: Final = {
    "chat": "chat_id",
    "user": "user_id",
    "topic": "thread_id",
    "business": "business_connection_id",
    "qualifier": "qualifier",
}
_NUMBERS: Final = ("chat", "user", "topic")
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")
_SAFE: Final = ":@+"
"""What stands in a name as it is, beside letters and digits."""


def spelled(key: SessionKey) -> str:
    """Return the name of a session, like ``chat=7,user=7,qualifier=order``; what is None is left out."""
    parts = ((name, getattr(key, field)) for name, field in _PARTS.items())
    return ",".join(f"{name}={_quoted(str(value))}" for name, value in parts if value is not None)


def _quoted(text: str) -> str:
    return quote(text, _SAFE, errors="surrogatepass").replace("~", "%7E")


def key_named(name: str, bot_id: int) -> SessionKey:
    """Return the key of a bot with a name that :func:`spelled` made.

    Raises:
        ConfigurationError: it is none.
    """
    fields: dict[str, int | str] = {}
    for part in name.split(","):
        which, is_told, value = part.partition("=")
        if not is_told or which not in _PARTS or _PARTS[which] in fields:
            raise _no_name(name)
        try:
            text = unquote(value, errors="surrogatepass")
            if which in _NUMBERS and not _NUMBER.fullmatch(text):
                raise _no_name(name)
            fields[_PARTS[which]] = int(text) if which in _NUMBERS else text
        except ValueError:
            raise _no_name(name) from None
    if "chat_id" not in fields:
        raise _no_name(name)
    return SessionKey(bot_id, **fields)  # type: ignore[arg-type]  # each has its type by now


def _no_name(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{quoted(name)} names no session.", "Write it as it is listed, like chat=7,user=7,qualifier=order."
    )
