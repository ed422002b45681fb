"""The door for handlers: what they ask for by annotation is filled in, and a flag opens a session around one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.methods import TelegramMethod
from aiogram.types import TelegramObject, Update

from tgslices.data.block import DataBlock
from tgslices.data.declaration import SessionData, require_one_type
from tgslices.data.held_fragment import Wanted
from tgslices.data.shapes import named
from tgslices.errors import ConfigurationError, SessionUnavailable
from tgslices.keys.qualifier import SessionQualifier
from tgslices.manager import SessionManager
from tgslices.middlewares.handler_annotations import name_of
from tgslices.middlewares.handler_needs import DataParameter, HandlerNeeds, UnclearParameter, needs_of
from tgslices.middlewares.incoming_updates import Handler, Middleware
from tgslices.session import Session


def injection_middleware(manager_of: Callable[[Bot], SessionManager]) -> Middleware:
    """Return the middleware that fills in the sessions which handlers ask for.

    ``manager_of`` finds a bot's manager. A handler that asks for none pays one lookup: no coroutine of ours runs.
    """

    def handle(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Awaitable[Any]:
        target = data["handler"]
        needs = _known_needs(target)
        if needs is None:
            return handler(event, data)
        return _handle(needs, target, manager_of(data["bot"]), handler, event, data)

    return handle


def _known_needs(handler: HandlerObject) -> HandlerNeeds | None:
    try:
        needs: HandlerNeeds | None = handler.tgslices_needs  # type: ignore[attr-defined]  # which is ours
    except AttributeError:
        return _learn_needs(handler)
    return needs


def _learn_needs(handler: HandlerObject) -> HandlerNeeds | None:
    needs = needs_of(handler)
    # Kept on the handler itself, because a handler cannot be hashed, and so that they go together.
    handler.tgslices_needs = needs  # type: ignore[attr-defined]  # which is ours
    return needs


def call_with_parameters(
    target: HandlerObject, manager: SessionManager, handler: Handler, event: TelegramObject, data: dict[str, Any]
) -> Awaitable[Any]:
    """Call a handler with what ``target`` asks for, where aiogram calls that past all middlewares."""
    needs = _known_needs(target)
    return handler(event, data) if needs is None else _handle(needs, target, manager, handler, event, data)


def check_handlers(dispatcher: Dispatcher) -> Callable[[], Awaitable[None]]:
    """Return what looks at all handlers of a dispatcher at its start, so that a mistake is not found by a user.

    It raises ConfigurationError where a handler names a session in a way that would mean another one. So it does where
    two handlers keep data of different types in one place.
    """

    async def check() -> None:
        kept: dict[tuple[str | None, str], SessionData[Any]] = {}
        for router in dispatcher.chain_tail:
            for observer in router.observers.values():
                for handler in observer.handlers:
                    needs = _learn_needs(handler)
                    for parameter in () if needs is None else needs.data:
                        _require_place_of_its_own(parameter, kept)

    return check


def _require_place_of_its_own(parameter: DataParameter, kept: dict[tuple[str | None, str], SessionData[Any]]) -> None:
    """Refuse a second type under one name of one session: each would take the other's data for its own."""
    fragment = parameter.fragment
    other = kept.setdefault((parameter.qualifier.name, fragment.name), fragment)
    require_one_type(other, fragment)


async def _handle(
    needs: HandlerNeeds,
    target: HandlerObject,
    manager: SessionManager,
    handler: Handler,
    event: TelegramObject,
    data: dict[str, Any],
) -> Any:
    update = handled_update(event, data)
    data = data.copy()  # aiogram's own goes to the next handler when this one skips
    for parameter in needs.sessions:
        session = _handle_of(manager, update, parameter.qualifier)
        if session is None and not parameter.is_optional:
            raise SessionUnavailable(name_of(target), parameter.name, update.event_type)
        data[parameter.name] = session
    for name in needs.managers:
        data[name] = manager
    for unclear in needs.unclear:
        if unclear.name not in data:
            raise _nothing_for(unclear, name_of(target))
    if needs.block is None:
        if not needs.data:
            return await handler(event, data)
        return await _with_data(needs, target, manager, update, handler, event, data)
    around = _handle_of(manager, update, needs.block)
    if around is None:
        raise SessionUnavailable(name_of(target), None, update.event_type)
    async with around:
        return await sent(await _with_data(needs, target, manager, update, handler, event, data), data)


async def _with_data(
    needs: HandlerNeeds,
    target: HandlerObject,
    manager: SessionManager,
    update: Update,
    handler: Handler,
    event: TelegramObject,
    data: dict[str, Any],
) -> Any:
    """Run a handler with the data that it asks for, which is written when it returns."""
    if not needs.data:
        return await handler(event, data)
    wanted = {}
    for parameter in needs.data:
        place = manager.place_of(update, parameter.qualifier.name)
        if place is not None:
            wanted[parameter.name] = Wanted(place, parameter.fragment)
        elif parameter.is_optional:
            data[parameter.name] = None
        else:
            remedy = f"Annotated[{named(parameter.fragment.type)} | None, ...]"
            raise SessionUnavailable(name_of(target), parameter.name, update.event_type, remedy)
    async with DataBlock(manager.holds, list(wanted.values())) as values:
        data.update(zip(wanted, values, strict=True))
        return await handler(event, data)


def _handle_of(manager: SessionManager, event: TelegramObject, qualifier: SessionQualifier) -> Session | None:
    return manager.handle_of(event, qualifier=qualifier.name, collect=qualifier.collect)


def handled_update(event: TelegramObject, data: dict[str, Any]) -> Update:
    """Return the update that a handler is called for, an error's included."""
    update: Update = data.get("event_update") or event.update  # type: ignore[attr-defined]  # an ErrorEvent
    return update


async def answer(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
    """Run a handler and send the method that it returns, here and now.

    aiogram would send it after the block, or in the answer to a webhook, where nobody sees what was made.
    """
    return await sent(await handler(event, data), data)


async def sent(result: Any, data: dict[str, Any]) -> Any:
    """Return what a handler returned; a method is sent first."""
    bot: Bot = data["bot"]
    return await bot(result) if isinstance(result, TelegramMethod) else result


def _nothing_for(parameter: UnclearParameter, handler: str) -> ConfigurationError:
    name, annotation = parameter.name, parameter.annotation
    if annotation is None:
        return ConfigurationError(
            f"{handler} takes {name!r}, which nothing fills in.",
            f"Annotate it if it is to be a session: '{name}: Session'.",
        )
    return ConfigurationError(
        f"{handler} takes {name!r}, which nothing fills in: its annotation {annotation!r} cannot be evaluated.",
        "Import its names at run time, and not under TYPE_CHECKING; define an alias of a session in a module.",
    )
