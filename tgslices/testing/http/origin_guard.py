"""Requests of browsers: allowed from the emulator's own page, refused from other sites.

Two attacks reach a loopback port from a browser. A foreign site sends requests to it, which their ``Origin`` gives
away. A name is made to point to 127.0.0.1 (DNS rebinding), which the ``Host`` gives away.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_address


def is_of_a_browser(headers: Mapping[str, str]) -> bool:
    """Whether a page in a browser sent the request: clients of bots send none of this.

    A page that came by a name of its own (DNS rebinding) reads with neither an ``Origin`` nor a ``Sec-Fetch-Site``.
    Source: https://www.w3.org/TR/fetch-metadata/ (sent to trustworthy URLs only)
    """
    return "Origin" in headers or "Sec-Fetch-Site" in headers or headers.get("User-Agent", "").startswith("Mozilla/")


def refusal(headers: Mapping[str, str], what: str, allowed_hosts: Collection[str] = ()) -> str | None:
    """Why ``what`` does not answer a request, in one line; None if it is a request of the emulator's own page.

    The mapping of headers should ignore the case of names. ``allowed_hosts`` are names without a port that the page may
    be opened by, in any case.
    """
    host = headers.get("Host", "")
    if not is_local_name(host) and not _is_among(host, allowed_hosts):
        name = repr(host or "a request without a Host")
        return f"{what} is not served to {name}: open it by its IP address, or allow the name."
    origin = headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return f"{what} takes no orders from {origin}."
    if headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        return f"{what} takes no orders from other sites."
    return None


def _is_among(host: str, allowed_hosts: Collection[str]) -> bool:
    name = host.rpartition(":")[0] or host
    return name.lower() in {allowed.lower() for allowed in allowed_hosts}


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
