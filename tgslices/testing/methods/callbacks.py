"""Answering taps on inline buttons."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tgslices.testing.errors import check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.callbacks import answer_refusal, url_refusal


def answer_callback_query(call: Call) -> bool:
    """Answer a tap; the first answer is the one that is shown.

    Source: https://core.telegram.org/bots/api#answercallbackquery
    """
    tap = call.world.taps.get(call.arguments.text("callback_query_id"))
    text = call.arguments.text("text")
    is_known = tap is not None and tap.bot is call.bot
    age = timedelta(seconds=call.world.clock.unix_time() - tap.date) if tap is not None and is_known else None
    check(answer_refusal(age, text))
    check(url_refusal(call.arguments.text("url"), is_game=tap is not None and tap.message.kind == "game"))
    if tap is not None and not tap.is_answered:
        tap.is_answered = True
        tap.answer = text or None
        tap.is_alert = call.arguments.flag("show_alert")
        call.world.changes.notify()
    return True


METHODS: Final[dict[str, Method]] = {"answerCallbackQuery": answer_callback_query}
