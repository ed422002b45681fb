"""Names of those who hold data: no two are alike, in whatever processes they are made."""

from __future__ import annotations

import os
from itertools import count
from secrets import token_hex

_numbers = count(1)
_process = token_hex(8)


def new_holder() -> str:
    """Return a name that nobody had before. A random one each time would ask the system for each load of data."""
    return f"{_process}{next(_numbers):x}"


def _be_another() -> None:
    global _process  # noqa: PLW0603  # what a forked child begins with is its parent's
    _process = token_hex(8)


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_be_another)
