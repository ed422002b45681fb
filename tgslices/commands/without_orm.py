"""SQLAlchemy without its object-relational mapper, which takes a fifth of the time in which a command answers."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

_PACKAGE: Final = "sqlalchemy.ext.asyncio"
_OF_SESSIONS: Final = ("scoping", "session")
"""The modules of the package that load the mapper. The storage needs neither."""

_LATER: Final = object()
"""Stands for whatever one of them holds."""


class _StandIn(ModuleType):
    """A module that has everything, and nothing of it yet."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _LATER


def load_without_orm() -> None:
    """Load what SQLAlchemy has for asyncio but for its sessions, which load when they are first asked for.

    A release of SQLAlchemy that keeps them elsewhere loads as it does by itself.
    """
    if _PACKAGE in sys.modules:
        return
    stand_ins = {f"{_PACKAGE}.{name}": _StandIn(name) for name in _OF_SESSIONS}
    sys.modules.update(stand_ins)
    try:
        package = import_module(_PACKAGE)
    finally:
        for name in stand_ins:
            del sys.modules[name]
    names = [name for name, value in vars(package).items() if value is _LATER]
    for name in names:
        delattr(package, name)

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")
        modules = [import_module(it) for it in stand_ins]
        return next(getattr(it, name) for it in modules if hasattr(it, name))

    package.__dict__["__getattr__"] = find
