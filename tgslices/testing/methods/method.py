"""Methods: their calls and their results."""

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
        """The chat that ``chat_id`` means, if the bot has this access to it.

        Raises:
            ApiError: the chat is unknown, or the bot lacks the access.
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
        """The message that ``chat_id`` and ``message_id`` mean; ``what`` names the deed, in the server's words.

        Raises:
            ApiError: the chat is out of reach, or the message is missing.
        """
        return self.message_in(self.chat(access), what)

    def message_in(self, chat: Chat, what: str = "") -> StoredMessage:
        """The message of this chat that ``message_id`` means; ``what`` is as for `message`.

        Raises:
            ApiError: the message is missing.
        """
        message = chat.find(self.bot.id, self.arguments.message_id())
        if message is None:
            raise bad_request(f"message to {what} not found" if what else "message not found")
        return message


Method: TypeAlias = Callable[[Call], object]
"""A method does the work of a call. It returns the ``result``: a JSON value, `Encoded`, `Done`, or an awaitable of one.

Raises:
    ApiError: the call is refused and has changed nothing.
"""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A result that is JSON already."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """``True``, with the ``description`` that the server gives to some successes."""

    description: str
