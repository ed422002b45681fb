"""What a method gets, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tgslices.testing.errors import bad_request
from tgslices.testing.rules.access import Access
from tgslices.testing.state.accounts import BotAccount, BusinessConnection, User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method: the world it changes, the bot that asks, and the arguments."""

    world: World
    bot: BotAccount
    arguments: Arguments

    def chat(self, access: Access) -> Chat:
        """The chat that ``chat_id`` means, if the bot may do there what it wants.

        Raises:
            ApiError: the chat is unknown, or the bot is not let in (C4).
        """
        return self.world.reach(self.bot, self.arguments.text("chat_id"), access)

    def connection(self) -> BusinessConnection:
        """The bot's business connection that ``business_connection_id`` means.

        Raises:
            ApiError: there is none.
        """
        return self.world.connection(self.bot, self.arguments.text("business_connection_id"))

    def user(self) -> User:
        """The user that ``user_id`` means.

        Raises:
            ApiError: there is none.
        """
        user = self.world.users.get(self.arguments.integer("user_id"))
        if user is None:
            raise bad_request("user not found")
        return user

    def message(self, what: str = "", access: Access = Access.WRITE) -> StoredMessage:
        """The message that ``chat_id`` and ``message_id`` mean; ``what`` is to happen to it, in the server's words.

        Raises:
            ApiError: the chat is out of reach, or the message is missing.
        """
        return self.message_in(self.chat(access), what)

    def message_in(self, chat: Chat, what: str = "") -> StoredMessage:
        """The message of this chat that ``message_id`` means.

        Raises:
            ApiError: it is missing.
        """
        message = chat.find(self.bot.id, self.arguments.message_id())
        if message is None:
            raise bad_request(f"message to {what} not found" if what else "message not found")
        return message


Method: TypeAlias = Callable[[Call], object]
"""Does the work and returns what goes into ``result``: a JSON-ready value, `Encoded`, `Done`, or an awaitable of one.

Raises:
    ApiError: the call is refused; nothing has been changed then.
"""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A result that is JSON already."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """``True``, with the ``description`` that the server gives to some successes."""

    description: str
