"""Taps on inline buttons."""

from __future__ import annotations

from dataclasses import dataclass

from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.wire.json_text import Json


@dataclass(slots=True, eq=False)
class Tap:
    """A person's tap on an inline button, and the bot's answer to it: ``answer`` is the notice that pops up, if any."""

    id: str
    bot: BotAccount
    user: User
    message: StoredMessage
    data: str
    date: int
    connection_id: str | None = None
    is_accessible: bool = True
    is_answered: bool = False
    answer: str | None = None
    is_alert: bool = False

    def json(self) -> Json:
        """The Bot API's ``CallbackQuery``."""
        place = {"chat_instance": str(self.message.chat.id * 7919), "data": self.data}
        return {"id": self.id, "from": self.user.json(), **self._message_json(), **place}

    def _message_json(self) -> Json:
        """The message with the button, or what names it; of one that was sent inline the bot need not see more."""
        message = self.message
        if message.inline_id is not None:
            return {"inline_message_id": message.inline_id}
        if not self.is_accessible:
            return {"message": message.place_for(self.bot.id)}
        return {"message": message.json_for(self.bot.id, self.connection_id)}
