"""The server's limits on the requests of each bot and on the unsent messages into each chat.

The server holds a refusal back for three seconds (``Client.cpp:16262``). Here it comes at once: no other answer
depends on the delay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiogram.types import Message, MessageId

from tgslices.testing.errors import ApiError, check
from tgslices.testing.methods.generic import aiogram_methods
from tgslices.testing.rules.flood import MAX_ACTIVE, active_refusal, unsent_refusal
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments

_MAKING: Final = (Message, MessageId, list[Message], list[MessageId])

SENDING: Final = frozenset(
    name.lower()
    for name, model in aiogram_methods().items()
    if name.startswith(("send", "copy", "forward")) and model.__returning__ in _MAKING
)
"""Methods, in small letters, whose messages count as unsent until they are answered."""

_LISTS: Final = {"copymessages": "message_ids", "forwardmessages": "message_ids", "sendmediagroup": "media"}
"""Methods that send several messages, and the argument that lists them."""


class RequestLimits:
    """The requests and messages on their way, counted and limited."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._active: Counter[int] = Counter()
        self._unsent: Counter[tuple[int, int]] = Counter()

    @contextmanager
    def passing(self, bot: BotAccount, method: str, arguments: Arguments) -> Iterator[None]:
        """Count a request as active, and its messages as unsent, for the length of the block.

        ``method`` is in small letters.

        Raises:
            ApiError: a limit is reached; the block is not entered.
        """
        place, count = self._destination(bot, method, arguments), 0
        self._active[bot.id] += 1
        try:
            active = self._active[bot.id]
            if active > MAX_ACTIVE:
                check(active_refusal(method, active=active, recent_updates=bot.updates.count_recent()))
            if place is not None:
                check(unsent_refusal(self._unsent[place]))
                count = _messages_of(method, arguments)
                self._unsent[place] += count
            yield
        finally:
            self._active[bot.id] -= 1
            if place is not None:
                self._unsent[place] -= count

    def _destination(self, bot: BotAccount, method: str, arguments: Arguments) -> tuple[int, int] | None:
        """The bot and the chat whose unsent messages a request counts among; None for business messages.

        Source: tdlib/telegram-bot-api ``Client.cpp:16152-16176``.
        """
        if method not in SENDING or arguments.text("business_connection_id"):
            return None
        chat = self._world.find_chat(bot, arguments.text("chat_id"))
        return None if chat is None else (bot.id, chat.id)


def _messages_of(method: str, arguments: Arguments) -> int:
    name = _LISTS.get(method)
    if name is None:
        return 1
    try:
        listed = arguments.json(name)
    except ApiError:
        return 0
    return len(listed) if isinstance(listed, list) else 0
