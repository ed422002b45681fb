"""What the annotations of a handler are, however it was written and whatever was put around it."""

from __future__ import annotations

import builtins
import functools
import inspect
import logging
import re
import sys
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, get_type_hints

from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.fsm.scene import SceneHandlerWrapper

_LATE: Final[dict[str, Any]] = {}
"""How annotations that Python evaluates late are read without stumbling over one that it cannot evaluate."""
if sys.version_info >= (3, 14):
    import annotationlib

    _LATE["annotation_format"] = annotationlib.Format.FORWARDREF

log = logging.getLogger("tgslices")

UNKNOWN: Final = object()
"""Stands for an annotation that cannot be evaluated."""


def annotations_of(callback: Callable[..., Any]) -> dict[str, object]:
    """Return the annotated parameters of a handler, and the annotated attributes of a class-based one, resolved."""
    callback = _undecorated(callback)
    if inspect.isclass(callback):
        owners: list[Any] = [*reversed(callback.__mro__[:-1]), callback.__init__]
    elif inspect.isroutine(callback):
        owners = [callback]
    else:
        owners = [type(callback).__call__]
    found = {name: _resolve(owner, annotation) for owner in owners for name, annotation in _raw(owner).items()}
    found.pop("return", None)
    return found


def _undecorated(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a bot's author wrote, without decorators, partials and what aiogram puts around a scene's handler."""
    while True:
        callback = inspect.unwrap(callback)
        if isinstance(callback, functools.partial):
            callback = callback.func
        elif isinstance(callback, SceneHandlerWrapper):
            callback = callback.handler.callback
        else:
            return callback


def _raw(owner: Any) -> Mapping[str, Any]:
    """Return annotations as they stand; where Python evaluates them late, without stumbling over one that it cannot."""
    if sys.version_info >= (3, 14):
        return annotationlib.get_annotations(owner, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(owner)


def _resolve(owner: Any, annotation: object) -> object:
    """Evaluate what is text in an annotation where it was written."""
    names = _names(owner)
    try:
        if isinstance(annotation, str):
            annotation = eval(annotation, names)  # noqa: S307  # the author's own, as typing.get_type_hints does
        holder = types.SimpleNamespace(__annotations__={"it": annotation})
        return get_type_hints(holder, names, include_extras=True)["it"]
    except Exception:  # noqa: BLE001  # whatever the author's annotation raises
        if re.search(r"\bSession(Qualifier|Manager)?\b", str(annotation)):
            log.warning(
                "The annotation %r of %s cannot be evaluated, so it gets no session; import its names at run time, "
                "and not under TYPE_CHECKING",
                annotation,
                title_of(owner),
            )
        return UNKNOWN


def _names(owner: Any) -> dict[str, Any]:
    """Return the names that an annotation of a class or a function may use."""
    if isinstance(owner, type):
        return {**vars(sys.modules.get(owner.__module__, builtins)), **vars(owner)}
    function = getattr(owner, "__func__", owner)
    code = getattr(function, "__code__", None)
    cells = zip(code.co_freevars, function.__closure__ or (), strict=False) if code else ()
    names = dict(getattr(function, "__globals__", {}))
    for name, cell in cells:
        with suppress(ValueError):  # nothing is bound to the name yet
            names[name] = cell.cell_contents
    return names


def plain_parameters(callback: Callable[..., Any]) -> dict[str, str | None]:
    """Return the required parameters behind the event, with their annotations as text; None stands for none.

    Only of what aiogram calls as it was written: a decorator or a partial may give arguments of its own.
    """
    if not inspect.isroutine(callback) or hasattr(callback, "__wrapped__"):
        return {}
    annotations = _raw(callback)
    parameters = list(inspect.signature(callback, **_LATE).parameters.values())[1:]
    return {
        parameter.name: str(annotations[parameter.name]) if parameter.name in annotations else None
        for parameter in parameters
        if parameter.kind in _BY_NAME and parameter.default is parameter.empty
    }


def defaults_of(callback: Callable[..., Any]) -> dict[str, object]:
    """Return the defaults of a handler's parameters, or the values of a class-based handler's attributes."""
    callback = _undecorated(callback)
    if inspect.isclass(callback):
        return {name: value for owner in reversed(callback.__mro__[:-1]) for name, value in vars(owner).items()}
    parameters = inspect.signature(callback, **_LATE).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters}


_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def name_of(handler: HandlerObject) -> str:
    """Return a handler's name as its author knows it."""
    return title_of(_undecorated(handler.callback))


def title_of(callback: Any) -> str:
    """Return the name of a function, a class, or of an object's class."""
    return getattr(callback, "__qualname__", None) or type(callback).__qualname__
