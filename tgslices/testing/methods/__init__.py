"""The Bot API's methods: from a call to a result, or an `ApiError`.

`METHODS` knows every one by its name in small letters, as the server looks them up.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from tgslices.testing.methods import generic
from tgslices.testing.methods.method import Method


def _with_an_effect() -> Iterator[tuple[str, Method]]:
    """The methods of the modules in this folder; a module that has any names them in its ``METHODS``."""
    for found in iter_modules(__path__, f"{__name__}."):
        module = import_module(found.name)
        if module is not generic:
            yield from getattr(module, "METHODS", {}).items()


_EFFECTIVE: Final = dict(_with_an_effect())

_NOBODY_SEES: Final = frozenset({"readBusinessMessage", "setStickerKeywords"})

EFFECTLESS: Final = (frozenset(generic.METHODS) - frozenset(_EFFECTIVE)) | _NOBODY_SEES
"""Methods that are answered and change nothing, by their proper names."""

_OLD_NAMES: Final = {
    "getchatmemberscount": "getchatmembercount",
    "kickchatmember": "banchatmember",
    "setstickersetthumb": "setstickersetthumbnail",
}
"""Source: tdlib/telegram-bot-api ``Client.cpp:358, 364, 379``"""

METHODS: Final[dict[str, tuple[str, Method]]] = {
    name.lower(): (name, method) for name, method in (*generic.METHODS.items(), *_EFFECTIVE.items())
}
METHODS.update({old: METHODS[new] for old, new in _OLD_NAMES.items()})
"""Name in small letters: the proper name and the function. A method with an effect takes the place of a generic one."""
