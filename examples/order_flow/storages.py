"""Where the bot keeps what must survive a restart: the slices, the form, and where each person stands in it."""

from __future__ import annotations

from typing import Final

FILE_URL: Final = "sqlite:///{path}"
DEFAULT_URL: Final = FILE_URL.format(path="order_flow.db")
_DURABLE: Final = ("sqlite", "postgres", "postgresql", "redis", "rediss")


def is_durable(url: str) -> bool:
    """Tell whether what is kept at a URL outlives the process."""
    return url.partition(":")[0].partition("+")[0] in _DURABLE
