"""One of aiogram's methods that send, as a session calls it: without the chat, which callers of a bot still give."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, Final

from aiogram.types import Chat, User

_CHAT: Final = re.compile(r"@\w{4,}|-?\d{5,}")
_NUMBERS: Final = ("int", "float", "ChatIdUnion")


class BotMethod:
    """What a method of aiogram's ``Bot`` takes. ``own`` are the parameters that a session leaves to its caller.

    A session fills in the chat, and the business connection where the method cannot do without one.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self.name = method.__name__
        self.signature = inspect.signature(method)
        parameters = dict(list(self.signature.parameters.items())[1:])
        self._takes_chat_first = next(iter(parameters)) == "chat_id"
        self._takes_connection = "business_connection_id" in parameters
        del parameters["chat_id"]
        connection = parameters.get("business_connection_id")
        self._needs_connection = connection is not None and connection.default is connection.empty
        if self._needs_connection:
            del parameters["business_connection_id"]
        self.own = list(parameters.values())
        self._position = {name: position for position, name in enumerate(parameters)}
        self._required = sum(parameter.default is parameter.empty for parameter in self.own)

    def shown(self) -> inspect.Signature:
        """Return the signature that a session's wrapper shows."""
        itself = next(iter(self.signature.parameters.values()))
        return self.signature.replace(parameters=[itself, *self.own])

    def reaches(self, connection: str | None) -> bool:
        """Tell whether the method sends on a business connection; with None, whether it sends on none."""
        return not self._needs_connection if connection is None else self._takes_connection

    def fill_in(self, name: str, value: object, given: int, arguments: dict[str, Any]) -> bool:
        """Fill in an argument that the method takes and its caller left out; tell whether that was so.

        ``given`` is how many arguments were given by position, ``arguments`` are those by name.
        """
        is_hidden = self._needs_connection and name == "business_connection_id"
        position = self._position.get(name, -1)
        if value is None or name in arguments or (position < given and not is_hidden):
            return False
        arguments[name] = value
        return True

    def chat_in(self, args: tuple[Any, ...], arguments: dict[str, Any], chat_id: int) -> object:
        """Return the chat that a caller gave, as to the bot's own method; None where there is none among the arguments.

        What cannot be told from a legitimate argument counts as one: a number for a latitude, unless it is the chat.
        """
        if "chat_id" in arguments:
            return arguments["chat_id"]
        if not args:
            return None
        first, parameter = args[0], self.own[0]
        if parameter.name in arguments or isinstance(first, Chat | User):
            return first
        are_too_many = len(args) > max(self._required, 1)
        if type(first) is int and not any(number in str(parameter.annotation) for number in _NUMBERS):
            return first if first == chat_id or len(args) + len(arguments) > 1 else None
        is_named = isinstance(first, str) and _CHAT.fullmatch(first) is not None
        is_chat = is_named or first in (chat_id, str(chat_id))
        return first if is_chat and are_too_many else None

    @staticmethod
    def answered_tap(arguments: dict[str, Any]) -> str | None:
        """Return the callback query that an ephemeral message answers, by name; None where it answers none.

        Source: https://core.telegram.org/bots/api#ephemeralmessageparameters
        """
        parameters = arguments.get("ephemeral_message_parameters")
        if isinstance(parameters, dict):
            return parameters.get("callback_query_id")
        query_id: str | None = getattr(parameters, "callback_query_id", None) or arguments.get("callback_query_id")
        return query_id

    def call(self, method: Callable[..., Any], chat_id: int, args: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        """Call a bot's method of this name."""
        if self._takes_chat_first:
            return method(chat_id, *args, **arguments)
        names = [parameter.name for parameter in self.own]
        return method(**dict(zip(names, args, strict=False)), **arguments, chat_id=chat_id)
