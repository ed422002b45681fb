"""Links as the server takes them: written out in full, or refused.

Source: tdlib/td ``LinkManager.cpp:1919-1986, 4378-4500``, ``tdutils/td/utils/HttpUrl.cpp`` and ``FormattedDate.cpp``.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Any, Final

_OWN: Final = re.compile(r"(tg|ton|tonsite):(?://)?", re.IGNORECASE)
_WEB: Final = re.compile(r"([^:/?#@\[\]]*)://")
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_PORT: Final = re.compile(r"(?s)(.+):([^:\]@]*)")
_NUMBER: Final = re.compile(r"-?[0-9]+")
_PLAIN_HOST: Final = re.compile(r"[A-Za-z0-9_-]*")
_ALLOWED: Final = "A-Za-z0-9._!$,~*'();&+=\u0080-\U0010ffff-"
_MAX_PORT: Final = 65_535
_MAX_INT64: Final = 2**63 - 1
_MAX_INT32: Final = 2**31 - 1


class LinkError(Exception):
    """It is no link; the message is the server's."""


def checked_link(link: str) -> str | None:
    """The link in full, None for what is none."""
    try:
        return full_link(link)
    except LinkError:
        return None


def full_link(link: str, *, https_only: bool = False) -> str:
    """The link in full: with a scheme, a host in small letters and a path.

    Raises:
        LinkError: it is none, or no secure one where that is needed.
    """
    own = _OWN.match(link)
    rest = link[own.end() :] if own is not None else link
    scheme, user, host, port, path = _parts(rest)
    if https_only and (scheme != "https" or own is not None):
        raise LinkError("Only HTTPS links are allowed")
    if own is None:
        if "." not in host and not host.startswith("["):
            raise LinkError("Wrong HTTP URL")
        return f"{scheme}://{user}{'@' if user else ''}{host}{f':{port}' if port else ''}{path}"
    name = own[1].lower()
    if rest.lower().startswith("http://") or scheme == "https" or user or port or host.startswith("["):
        raise LinkError("Wrong tg URL" if name == "tg" else "Wrong ton URL")
    if _PLAIN_HOST.fullmatch(host.replace(".", "") if name == "tonsite" else host) is None:
        raise LinkError("Unallowed characters in URL host")
    return f"{name}://{host}{path[1:] if path.startswith('/?') else path}"


def _parts(url: str) -> tuple[str, str, str, int, str]:
    """Scheme, user, host, port (0 for none) and path of a URL. Source: ``HttpUrl.cpp``, ``parse_url``."""
    found = _WEB.match(url)
    scheme = found[1].lower() if found is not None else "http"
    if scheme not in {"http", "https"}:
        raise LinkError("Unsupported URL protocol")
    rest = url[found.end() :] if found is not None else url
    authority = _AUTHORITY.match(rest)
    place = authority[0] if authority is not None else ""
    with_port = _PORT.fullmatch(place)
    port = 0
    if with_port is not None:
        place, port = with_port[1], _port(with_port[2])
    user, _, host = place.rpartition("@")
    host = host.translate(_SMALL)
    _check_host(host)
    if not host.startswith("["):
        _check_part(host, "host", "")
        _check_part(user, "userinfo", ":")
    return scheme, user, host, port, _path(rest[authority.end() if authority is not None else 0 :])


_SMALL: Final = {ord(letter): ord(letter.lower()) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _port(text: str) -> int:
    digits = text.lstrip("0") or "0"
    port = int(digits) if _NUMBER.fullmatch(digits) else 0
    if not 0 < port <= _MAX_PORT:
        raise LinkError("Wrong port number specified in the URL")
    return port


def _check_host(host: str) -> None:
    if host.startswith("[") and host.endswith("]"):
        try:
            IPv6Address(host[1:-1])
        except ValueError:
            raise LinkError("Wrong IPv6 address specified in the URL") from None
    if not host:
        raise LinkError("URL host is empty")
    if host == ".":
        raise LinkError("Host is invalid")


def _check_part(part: str, name: str, more: str) -> None:
    left = re.sub(f"[{more}{_ALLOWED}]|%[0-9A-Fa-f]{{2}}", "", part)
    if left:
        wrong = (
            f"Wrong percent-encoded symbol in URL {name}" if left[0] == "%" else f"Disallowed character in URL {name}"
        )
        raise LinkError(wrong)


def _path(text: str) -> str:
    path = re.sub("[\x00-\x20]", lambda found: f"%{ord(found[0]):02X}", text.rstrip(" \t\r\n\x00\x0b"))
    return path if path.startswith("/") else f"/{path}"


def user_of(url: str) -> int:
    """The number in a ``tg://user`` link; 0 for anything else. Source: ``LinkManager.cpp:4378-4420``."""
    query = _query(url.lower(), "user")
    return _whole(query.get("id", ""), _MAX_INT64) if query else 0


def emoji_of(url: str) -> int:
    """The number in a ``tg://emoji`` link; 0 for anything else. Source: ``LinkManager.cpp:4460-4475``."""
    query = _query(url, "emoji")
    return _whole(query.get("id", ""), _MAX_INT64) if query else 0


def date_of(url: str) -> dict[str, Any] | None:
    """The fields of a ``tg://time`` link for a ``MessageEntity``; None for anything else.

    Source: ``LinkManager.cpp:4477-4500``
    """
    query = _query(url, "time")
    unix_time = _whole(query.get("unix", ""), _MAX_INT32) if query else 0
    return date_fields(unix_time, query.get("format", "")) if query and unix_time > 0 else None


def date_fields(unix_time: int, form: str) -> dict[str, Any] | None:
    """The fields of ``MessageEntity`` for a date that is shown in this form; None if there is no such form.

    Source: ``FormattedDate.cpp``, ``get_date_flags``; what is said twice is said once, and the shorter form counts.
    """
    if form in {"r", "R"}:
        return {"unix_time": unix_time, "date_time_format": "r"}
    if form.strip("tTdDwW"):
        return None
    parts = [next((mark for mark in marks if mark in form), "") for marks in ("wW", "dD", "tT")]
    shown = "".join(parts).replace("W", "w")
    return {"unix_time": unix_time} | ({"date_time_format": shown} if shown else {})


def _query(url: str, host: str) -> dict[str, str] | None:
    """The parameters of a ``tg:`` link with this host, the first of each name; None for another link."""
    found = re.match(rf"(?i:tg:(?://)?{host})/?\?([^#]*)", url, re.DOTALL)
    if found is None:
        return None
    pairs = [parameter.partition("=") for parameter in found[1].split("&")]
    return {name: value for name, _, value in reversed(pairs)}


def _whole(text: str, limit: int) -> int:
    """The number that all of a text is; 0 for none, and for one that is written in another way than it must be."""
    if _NUMBER.fullmatch(text) is None:
        return 0
    number = int(text)
    return number if str(number) == text and -limit - 1 <= number <= limit else 0
