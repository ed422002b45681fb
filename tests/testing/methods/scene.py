"""A bot with chats of every kind, in which every method succeeds."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import BufferedInputFile

from tgslices.testing import BotAccount, BotApi, StoredMessage
from tgslices.testing.actions.inline_results import send_result
from tgslices.testing.methods.gifts import GIFTS

FILE = BufferedInputFile(b"\x89PNG data", "picture.png")


OTHER_FILE = BufferedInputFile(b"other data", "other.png")


IN_TEAM = re.compile(
    r"Chat(Member|Title|Description|Photo|Permissions|Invite|Subscription|Administrator|JoinRequest$|SenderChat|StickerSet)"
    r"|Topic|leaveChat|[pP]inAll|Ephemeral|MessageReaction"
)
"""Methods that are called in the forum; others are called in the private chat."""


class Scene:
    """A bot, three people, and their chats: a private one, a forum and a business account's."""

    def __init__(self, api: BotApi, account: BotAccount, bot: Bot) -> None:
        self.api, self.account, self.bot = api, account, bot
        self.ann = api.add_person("Ann", username="ann")
        self.bob = api.add_person("Bob")
        self.private = self.ann.private_chat(account)
        self.team = self.ann.view(
            api.add_supergroup("Team", members=[self.ann, self.bob], admins=[account], is_forum=True)
        )
        self.connection_id = api.connect_business(self.bob, account)
        self.business = self.ann.business_chat(self.bob)

    def message(self, in_team: bool = False) -> StoredMessage:
        """A text of the bot."""
        return self.api.plant_message(self.team if in_team else self.private, self.account, text="old")

    def by_name(self, method: str) -> dict[str, Any]:
        """Values for parameters by their names."""
        in_team = IN_TEAM.search(method) is not None
        chat = self.team if in_team else self.private
        file = FILE
        return {
            "chat_id": chat.id,
            "from_chat_id": chat.id,
            "user_id": (self.bob if in_team else self.ann).id,
            "receiver_user_id": self.ann.id,
            "sender_chat_id": -1_000_000_000_777,
            "message_id": self.message(in_team).message_id,
            "message_ids": [self.message(in_team).message_id],
            "business_connection_id": self.connection_id,
            "text": "new",
            "action": "typing",
            "currency": "XTR",
            "prices": [{"label": "Tea", "amount": 100}],
            "media": [{"type": "photo", "media": file}, {"type": "photo", "media": OTHER_FILE}],
            "options": ["yes", "no"],
            "checklist": {"title": "Tea", "tasks": [{"id": 1, "text": "boil"}]},
            "rich_message": {"html": "<h1>Tea</h1><p>is <b>ready</b></p>"},
            "commands": [{"command": "start", "description": "begin"}],
            "results": [self._result()],
            "result": self._result(),
            "stickers": [{"sticker": file, "format": "static", "emoji_list": ["🍵"]}],
            "permissions": {"can_send_messages": True},
            "gift_id": next(iter(GIFTS)),
            "photo": file,
            **dict.fromkeys(("animation", "audio", "document", "live_photo", "sticker", "video"), file),
            **dict.fromkeys(("video_note", "voice"), file),
        }

    def _result(self) -> dict[str, Any]:
        return {
            "type": "article",
            "id": "1",
            "title": "Tea",
            "input_message_content": {"message_text": "tea"},
        }

    async def sticker(self) -> str:
        """The file of a sticker of the only set, which is made if it is not there."""
        name = "tea_by_order_bot"
        sticker: Any = {"sticker": FILE, "format": "static", "emoji_list": ["🍵"]}
        await self.bot.create_new_sticker_set(self.ann.id, name, "Tea", stickers=[sticker])
        return (await self.bot.get_sticker_set(name)).stickers[0].file_id

    async def photo_id(self) -> int:
        """The number of a photo of the bot in the private chat."""
        return (await self.bot.send_photo(self.private.id, FILE, caption="old")).message_id

    def ephemeral_id(self) -> int:
        """The number of a message of the bot that only Ann sees."""
        text = {"text": "old"}
        made = self.api.world.store_ephemeral(self.team.chat, self.account, self.ann, "text", text)
        return made.ephemeral_id or 0

    async def ephemeral_photo_id(self) -> int:
        """The same for a photo."""
        content = {"photo": [{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}]}
        made = self.api.world.store_ephemeral(self.team.chat, self.account, self.ann, "photo", content)
        return made.ephemeral_id or 0

    async def in_business(self, model: type[TelegramMethod[Any]]) -> dict[str, Any]:
        """Arguments that aim a call at the business account's chat, and at a message there that it can concern."""
        where: dict[str, Any] = {"business_connection_id": self.connection_id}
        if "chat_id" in model.model_fields:
            where["chat_id"] = self.business.id
        if "message_id" not in model.model_fields:
            return where
        name = model.__api_method__
        sends: dict[str, Callable[[], Awaitable[Any]]] = {
            "Caption": lambda: self.bot.send_photo(**where, photo=FILE, caption="old"),
            "Media": lambda: self.bot.send_photo(**where, photo=FILE, caption="old"),
            "LiveLocation": lambda: self.bot.send_location(**where, latitude=50, longitude=10, live_period=900),
            "Poll": lambda: self.bot.send_poll(**where, question="Tea?", options=["yes", "no"]),
        }
        found = next((send for part, send in sends.items() if part in name), None)
        sent = await (self.bot.send_message(**where, text="old") if found is None else found())
        if name == "unpinChatMessage":
            await self.bot.pin_chat_message(**where, message_id=sent.message_id)
        return {**where, "message_id": sent.message_id}

    def inline(self, method: str) -> dict[str, Any]:
        """Arguments that name a message which Ann sent of a result of the bot, and which this method can concern."""
        made: dict[str, Any] = {"type": "article", "input_message_content": {"message_text": "old"}}
        if "Caption" in method or "Media" in method:
            made = {"type": "photo", "photo_url": "https://example.org/a.jpg", "caption": "old"}
        if "LiveLocation" in method:
            made = {"type": "location", "latitude": 1, "longitude": 2, "live_period": 900}
        if "Game" in method:
            made = {"type": "game", "game_short_name": "tea"}
        buttons = {"inline_keyboard": [[{"text": "Less", "callback_data": "less"}]]}
        result = {**made, "id": "1", "title": "Tea", "reply_markup": buttons}
        sent = send_result(self.api.world, self.team.chat, self.ann, self.account, result)
        media = {"type": "photo", "media": "https://example.org/b.jpg"}
        return {"inline_message_id": sent.inline_id, "chat_id": None, "message_id": None} | (
            {"media": media} if "Media" in method else {}
        )

    async def file_id(self) -> str:
        """A file that the server knows."""
        document = (await self.bot.send_document(self.private.id, FILE)).document
        assert document is not None
        return document.file_id
