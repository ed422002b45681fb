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


METHODS: Final[dict[str, tuple[str, Method]]] = {
    name.lower(): (name, method) for name, method in (*generic.METHODS.items(), *_with_an_effect())
}
"""Name in small letters: the proper name and the function. A method with an effect takes the place of a generic one."""
