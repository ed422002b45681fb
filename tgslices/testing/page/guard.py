"""Who may use the page: its own tabs, and no other site that the same browser has open.

Two attacks reach a loopback port from a browser: a foreign site that sends requests to it, which its ``Origin`` gives
away, and a name that is made to point to 127.0.0.1 (DNS rebinding), which the ``Host`` gives away.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On everything that the page is made of: it loads nothing from elsewhere, and nobody frames it."""

FILE_HEADERS: Final[Mapping[str, str]] = {**SECURITY_HEADERS, "Content-Security-Policy": "default-src 'none'; sandbox"}
"""On files that somebody sent in a chat, which are data and never part of the page."""


def refusal(headers: Mapping[str, str]) -> str | None:
    """Why a request is not answered, in one line; None if it is the page's own.

    ``headers`` are looked up by their usual names, so they should not mind the case.
    """
    host = headers.get("Host", "")
    if not is_local_name(host):
        return f"The chat page is not served to {host or 'a request without a Host'!r}: open it by its IP address."
    origin = headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return f"The chat page takes no orders from {origin}."
    if headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        return "The chat page takes no orders from other sites."
    return None


def is_local_name(host: str) -> bool:
    """Whether a ``Host`` header names an IP address or ``localhost``: names that no foreign DNS server can redirect."""
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not name:
        name, port = port, ""
    if name.lower() == "localhost":
        return True
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
