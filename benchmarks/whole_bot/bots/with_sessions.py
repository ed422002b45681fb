"""The bot with a session for each conversation, written as the quickstart teaches."""

from __future__ import annotations

from typing import Annotated

from aiogram import Bot, Dispatcher
from aiogram.filters import Command
from aiogram.types import Message

from tgslices import Session, SessionQualifier, SessionStorage, setup_sessions, unrecorded
from tgslices.storage import open_storage

Order = Annotated[Session, SessionQualifier("order")]


def build(dispatcher: Dispatcher, bot: Bot, place: str) -> None:
    dispatcher.message.register(finish, Command("done"))
    dispatcher.message.register(answer)
    setup_sessions(dispatcher, bot, storage=storage_at(place))


def storage_at(place: str) -> SessionStorage:
    """Return the storage of a URL; ``sqlite-shared:`` is SQLite that several workers share."""
    scheme, _, rest = place.partition("://")
    if scheme == "sqlite-shared":
        # imported here, because only workers that keep something in SQLite have SQLAlchemy in their memory
        from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage  # noqa: PLC0415

        return SQLAlchemySessionStorage(f"sqlite://{rest}", shared=True)
    return open_storage(place)


async def answer(message: Message, order: Order) -> None:
    async with order:
        await message.answer("ok")


async def finish(message: Message, order: Order) -> None:
    await order.clear()
    await order.close()
    with unrecorded():
        await message.answer("done")
