"""The way from a webhook's address to the server behind it: through a reverse proxy, and by TLS.

Source: tdlib/telegram-bot-api ``WebhookActor.cpp:59-67, 212-223, 556, 731-736`` and
https://core.telegram.org/bots/webhooks#a-verified-supported-certificate
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a webhook: the address to connect to, and the host that the request names."""

    url: str
    host: str
    server_name: str


def way_to(url: str, reverse_proxy: Mapping[str, str]) -> Way:
    """The way to a webhook at this URL; ``reverse_proxy`` takes public origins to the servers behind them."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    behind = reverse_proxy.get(origin.lower())
    reached = url if behind is None else behind.rstrip("/") + url.removeprefix(origin)
    return Way(reached, parts.netloc.rpartition("@")[2], parts.hostname or "")


def checked_proxy(reverse_proxy: Mapping[str, str] | None) -> dict[str, str]:
    """The same map with its public origins in small letters.

    Raises:
        ValueError: a key or value is no origin, such as ``https://shop.example``.
    """
    given = reverse_proxy or {}
    for address in [*given, *given.values()]:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query:
            raise ValueError(f"{address!r} is no origin: write scheme and host alone, such as 'https://shop.example'")
    return {public.lower().rstrip("/"): local for public, local in given.items()}


def trust_in(certificate: bytes | None) -> ssl.SSLContext | bool:
    """The check of a webhook's TLS: its own certificate is trusted if it has one, and else those of the system.

    Raises:
        ValueError: the certificate is no PEM file.
    """
    if certificate is None:
        return True
    try:
        return ssl.create_default_context(cadata=certificate.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise ValueError(f"no certificate: {error}") from error
