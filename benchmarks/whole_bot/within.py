"""A Bot API within the worker's process: requests cost nothing there, and sessions are the larger share."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Chat, Message

SENT = datetime(2026, 1, 1, tzinfo=UTC)


class AnsweringWithin(BaseSession):
    """A client session that answers every request at once."""

    def __init__(self, first_id: int) -> None:
        super().__init__()
        self.next_id = first_id

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109  # aiogram's own signature
    ) -> TelegramType:
        answer: Any = True
        if isinstance(method, SendMessage):
            self.next_id += 1
            chat = Chat(id=int(method.chat_id or 0), type="private", first_name="Ann")
            answer = Message(message_id=self.next_id, date=SENT, chat=chat, text="ok").as_(bot)
        return answer  # type: ignore[no-any-return]

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        raise NotImplementedError
        yield b""

    async def close(self) -> None: ...
