"""Answering taps on inline buttons."""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments

_MAX_ALERT: Final = 200


def answer_callback_query(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Answer a tap, once.

    Source: https://core.telegram.org/bots/api#answercallbackquery and tdlib/telegram-bot-api ``Client.cpp:143-145``
    """
    tap = world.taps.get(arguments.text("callback_query_id"))
    if tap is None or tap.bot is not bot or tap.is_answered:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = arguments.text("text")
    if len(text) > _MAX_ALERT:
        raise bad_request("MESSAGE_TOO_LONG")
    tap.is_answered = True
    tap.answer = text or None
    tap.is_alert = arguments.flag("show_alert")
    world.changes.notify()
    return True


METHODS: Final[dict[str, Method]] = {"answerCallbackQuery": answer_callback_query}
