"""The door for handlers: parameters that are sessions by annotation, and a flag that opens a session around one."""

from __future__ import annotations

import builtins
import functools
import inspect
import logging
import re
import sys
import types
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from aiogram import Bot
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.fsm.scene import SceneHandlerWrapper
from aiogram.methods import TelegramMethod
from aiogram.types import TelegramObject, Update

from tgslices.doors.incoming import Handler, Middleware
from tgslices.errors import ConfigurationError, SessionUnavailable
from tgslices.keys import SessionQualifier
from tgslices.manager import SessionManager
from tgslices.session import Session

if sys.version_info >= (3, 14):
    import annotationlib

log = logging.getLogger("tgslices")

FLAG: Final = "tgslices"
"""The aiogram flag that opens a session around a handler: ``flags={"tgslices": SessionQualifier("order")}``."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A handler's parameter that is a session."""

    name: str
    qualifier: str | None
    optional: bool


@dataclass(frozen=True, slots=True)
class Wants:
    """All that one handler asks for."""

    parameters: tuple[Wanted, ...]
    around: SessionQualifier | None


def injection_middleware(manager_of: Callable[[Bot], SessionManager]) -> Middleware:
    """Return the middleware that fills in the sessions which handlers ask for.

    ``manager_of`` finds a bot's manager. A handler that asks for none pays one lookup: no coroutine of ours runs.
    """

    def fill_in(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Awaitable[Any]:
        target = data["handler"]
        try:
            wants = target.tgslices_wants
        except AttributeError:
            # Kept on the handler itself, because a handler cannot be hashed, and so that they go together.
            wants = target.tgslices_wants = wants_of(target)
        if wants is None:
            return handler(event, data)
        return _handle(wants, manager_of(data["bot"]), handler, event, data)

    return fill_in


async def _handle(
    wants: Wants, manager: SessionManager, handler: Handler, event: TelegramObject, data: dict[str, Any]
) -> Any:
    update: Update = data.get("event_update") or event.update  # type: ignore[attr-defined]  # an ErrorEvent
    data = data.copy()  # aiogram's own goes to the next handler when this one skips
    for wanted in wants.parameters:
        session = _handle_of(manager, update, wanted.qualifier)
        if session is None and not wanted.optional:
            raise SessionUnavailable(_name_of(data["handler"]), wanted.name, update.event_type)
        data[wanted.name] = session
    if wants.around is None:
        return await handler(event, data)
    around = _handle_of(manager, update, wants.around.name)
    if around is None:
        raise SessionUnavailable(_name_of(data["handler"]), None, update.event_type)
    async with around:
        result = await handler(event, data)
        # Sent here, inside the block; aiogram would send it after the block, or in the answer to a webhook.
        return await manager.bot(result) if isinstance(result, TelegramMethod) else result


def _handle_of(manager: SessionManager, update: Update, qualifier: str | None) -> Session | None:
    """Return a handle without opening its session; asking is not opening."""
    key = manager.key_of(update, qualifier)
    return None if key is None else manager.handle(key)


def wants_of(handler: HandlerObject) -> Wants | None:
    """Return what a handler asks for; None when that is nothing.

    Raises:
        ConfigurationError: the flag's value is neither a SessionQualifier nor True, or a qualifier has no brackets.
    """
    flag = handler.flags.get(FLAG)
    if flag is True:
        flag = SessionQualifier()
    if flag is not None and not isinstance(flag, SessionQualifier):
        raise ConfigurationError(
            f"The flag {FLAG!r} of {_name_of(handler)} is {flag!r}.", "Set it to a SessionQualifier, or to True."
        )
    parameters = tuple(
        Wanted(name, *meant)
        for name, annotation in _annotations(handler.callback)
        if (meant := session_meant(annotation)) is not None
    )
    return Wants(parameters, flag) if parameters or flag else None


def session_meant(annotation: object) -> tuple[str | None, bool] | None:
    """Return the qualifier and whether None will do, for an annotation that means a session; else None.

    Understands ``Session``, ``Annotated[Session, SessionQualifier(...)]``, either of them with ``| None``, and aliases.

    Raises:
        ConfigurationError: the qualifier has no name, because its brackets were forgotten.
    """
    annotation = getattr(annotation, "__value__", annotation)  # an alias made by the type statement
    origin = get_origin(annotation)
    if origin is Annotated:
        annotated, *extras = get_args(annotation)
        meant = session_meant(annotated)
        if meant and SessionQualifier in extras:
            raise ConfigurationError(
                "A handler asks for Annotated[Session, SessionQualifier].", 'Give a name: SessionQualifier("order").'
            )
        qualifiers = [item for item in extras if isinstance(item, SessionQualifier)]
        return (qualifiers[-1].name, meant[1]) if meant and qualifiers else meant
    if origin in (Union, types.UnionType):
        parts = get_args(annotation)
        meanings = [meant for part in parts if (meant := session_meant(part)) is not None]
        return (meanings[0][0], meanings[0][1] or type(None) in parts) if len(meanings) == 1 else None
    if isinstance(annotation, type) and issubclass(annotation, Session):
        return None, False
    return None


def _annotations(callback: Callable[..., Any]) -> list[tuple[str, object]]:
    """Return the annotated parameters of a handler, and the annotated attributes of a class-based one, resolved."""
    callback = _written(callback)
    if inspect.isclass(callback):
        owners: list[Any] = [*reversed(callback.__mro__[:-1]), callback.__init__]
    elif inspect.isroutine(callback):
        owners = [callback]
    else:
        owners = [type(callback).__call__]
    found = {name: _resolve(owner, annotation) for owner in owners for name, annotation in _raw(owner).items()}
    found.pop("return", None)
    return list(found.items())


def _written(callback: Callable[..., Any]) -> Callable[..., Any]:
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
    """Evaluate what is text in an annotation where it was written; what cannot be evaluated is not ours."""
    names = _names(owner)
    try:
        if isinstance(annotation, str):
            annotation = eval(annotation, names)  # noqa: S307  # the author's own, as typing.get_type_hints does
        holder = types.SimpleNamespace(__annotations__={"it": annotation})
        return get_type_hints(holder, names, include_extras=True)["it"]
    except Exception:  # noqa: BLE001  # whatever the author's annotation raises
        if re.search(r"\bSession(Qualifier)?\b", str(annotation)):
            log.warning("The annotation %r of %s cannot be evaluated; it gets no session", annotation, _title(owner))
        return None


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


def _name_of(handler: HandlerObject) -> str:
    return _title(_written(handler.callback))


def _title(callback: Any) -> str:
    return getattr(callback, "__qualname__", None) or type(callback).__qualname__
