"""The methods of a plugin, which its author may have forgotten to make asynchronous."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import Any, TypeVar, cast

from tgslices.errors import ConfigurationError
from tgslices.event_loop.async_callables import is_async

T = TypeVar("T")


def surely_awaited(plugin: T, names: Sequence[str]) -> T:
    """Return a plugin whose methods can be awaited, or say which one cannot when it is called.

    A plain function may hand on what another one returns, so that only its answer tells.
    """
    if all(is_async(getattr(plugin, name)) for name in names):
        return plugin
    return cast(T, _Asked(plugin))


class _Asked:
    """A plugin of which every answer is looked at."""

    def __init__(self, plugin: object) -> None:
        self._plugin = plugin

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._plugin, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            if not isawaitable(answer):
                raise ConfigurationError(
                    f"The method {name!r} of the storage {type(self._plugin).__name__} cannot be awaited: "
                    f"it returned a {type(answer).__name__}.",
                    f"Write it as 'async def {name}', and let it return.",
                )
            return answer

        return call
