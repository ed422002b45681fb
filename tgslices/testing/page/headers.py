"""Headers of what the page serves."""

from __future__ import annotations

from collections.abc import Mapping
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
