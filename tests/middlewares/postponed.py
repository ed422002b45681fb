"""Handlers whose annotations are text until somebody evaluates them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import tgslices
from tgslices import Session, SessionQualifier

if TYPE_CHECKING:
    from aiogram.types import Message
    from sqlalchemy.ext.asyncio import AsyncSession

    import tgslices as hidden

Order = Annotated[Session, SessionQualifier("order")]


async def handle(message: Message, order: Annotated[Session, SessionQualifier("order")], held: list[Any]) -> None:
    held.append(order)


async def alias(message: Message, order: Order, held: list[Any]) -> None:
    held.append(order)


async def quoted(
    message: Message, order: Annotated[tgslices.Session, tgslices.SessionQualifier("order")], held: list[Any]
) -> None:
    held.append(order)


def closure(held: list[Any]) -> Callable[..., Awaitable[None]]:
    """Return a handler whose annotation is a name of the function around it."""
    local_order = Annotated[Session, SessionQualifier("order")]

    async def handler(message: Message, order: local_order) -> None:
        assert local_order is not None
        held.append(order)

    return handler


def local_alias() -> Callable[..., Awaitable[None]]:
    """Return a handler whose annotation is a name that the function around it does not keep."""
    Mine = Annotated[Session, SessionQualifier("order")]  # noqa: N806  # as authors write it

    async def handler(message: Message, order: Mine) -> None:
        raise AssertionError("it must not run")

    return handler


def unbound(held: list[Any]) -> Callable[..., Awaitable[None]]:
    """Return a handler that mentions a name of the function around it which never gets a value."""

    async def handler(message: Message, order: Order) -> None:
        held.append(order if held is not None else never)

    if held is None:
        never = held
    return handler


class Handler:
    """A handler that is an object, and that aiogram runs in a thread."""

    def __init__(self, held: list[Any]) -> None:
        self.held = held

    def __call__(self, message: Message, order: Order) -> None:
        self.held.append(order)


async def only_for_type_checkers(message: Message, order: hidden.Session) -> None:
    raise AssertionError("it must not run")


async def others_for_type_checkers(
    message: Message, order: Order, held: list[Any], session: AsyncSession | None = None
) -> None:
    held.append(order)
