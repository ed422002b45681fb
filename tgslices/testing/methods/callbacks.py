"""Answering taps on inline buttons."""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method

_MAX_ALERT: Final = 200


def answer_callback_query(call: Call) -> bool:
    """Answer a tap, once.

    Source: https://core.telegram.org/bots/api#answercallbackquery and tdlib/telegram-bot-api ``Client.cpp:143-145``
    """
    tap = call.world.taps.get(call.arguments.text("callback_query_id"))
    if tap is None or tap.bot is not call.bot or tap.is_answered:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = call.arguments.text("text")
    if len(text) > _MAX_ALERT:
        raise bad_request("MESSAGE_TOO_LONG")
    tap.is_answered = True
    tap.answer = text or None
    tap.is_alert = call.arguments.flag("show_alert")
    call.world.changes.notify()
    return True


METHODS: Final[dict[str, Method]] = {"answerCallbackQuery": answer_callback_query}
