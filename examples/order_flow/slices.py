"""The two slices of a conversation that this bot keeps apart, and how a message comes to belong to one of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias

from aiogram import BaseMiddleware, F
from aiogram.filters import Filter
from aiogram.types import Message, TelegramObject, Update

from examples.order_flow.menus import Draft
from tgslices import Session, SessionBot, SessionData, SessionQualifier

ORDER: Final = "order"
SUPPORT: Final = "support"

OrderSlice: TypeAlias = Annotated[Session, SessionQualifier(ORDER)]
OrderDraft: TypeAlias = Annotated[Draft, SessionData(Draft), SessionQualifier(ORDER)]
"""The order's form: filled in by the handlers, kept with the slice, and gone when that is closed."""

SupportSlice: TypeAlias = Annotated[Session, SessionQualifier(SUPPORT)]


async def open_slices(bot: SessionBot, event: TelegramObject) -> list[Session]:
    """Return the sessions that are open where an event comes from, without opening any."""
    return [it.session for it in await bot.sessions.opened(event)]


class OneSlice(BaseMiddleware):
    """Leaves a message to the slice of the router that handles it.

    Every open session gets every message of its person, because only the bot can know what a message is about. Here a
    router knows, and the message is kept out of the other sessions: it stays in the chat when they are wiped.
    """

    def __init__(self, qualifier: str) -> None:
        """Leave messages to the session with this qualifier."""
        self._qualifier = qualifier

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Keep the message out of the other sessions, then let it be handled."""
        if isinstance(event, Message):
            for session in await open_slices(data["bot"], data["event_update"]):
                if session.qualifier != self._qualifier:
                    await session.keep(event)
        return await handler(event, data)


class RepliesInto(Filter):
    """Holds for a reply to any message of a slice: what the session has recorded says what the reply is about."""

    def __init__(self, qualifier: str) -> None:
        """Look into the session with this qualifier, if it is open."""
        self._qualifier = qualifier

    async def __call__(self, message: Message, bot: SessionBot, event_update: Update) -> bool:
        """Tell whether the message replies into the slice."""
        replied = message.reply_to_message
        if replied is None:
            return False
        for session in await open_slices(bot, event_update):
            if session.qualifier == self._qualifier:
                return bool(await session.messages(F.message_id == replied.message_id))
        return False
