"""Answers to inquiries; a bot answers each once.

Source: https://core.telegram.org/bots/api#answerinlinequery
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.inline_results import picked_content
from tgslices.testing.content.buttons import check_app
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.inline_results import (
    MAX_RESULTS,
    check_button,
    check_result,
    identifiers_refusal,
    parameter_refusal,
)
from tgslices.testing.wire.fields import FieldError, text_field

_MAX_OFFSET: Final = 64
"""Bytes. The error is MTProto's. Source: https://core.telegram.org/bots/api#answerinlinequery"""


def take_inquiry(call: Call, kind: str) -> None:
    """Keep the bot's answer to an inquiry of this kind.

    Raises:
        ApiError: the inquiry is missing or answered already.
    """
    inquiry = call.world.inquiries.get(call.arguments.text(f"{kind}_id"))
    if inquiry is None or inquiry.kind != kind or inquiry.bot_id != call.bot.id or inquiry.answer is not None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    inquiry.answer = dict(call.arguments.values)
    call.world.changes.notify()


def answer_inline_query(call: Call) -> bool:
    """Show up to 50 results to the person who asked; each must make a message."""
    given = call.arguments.json("results", "inline query results")
    if not isinstance(given, list):
        raise bad_request("Expected an Array of inline query results")
    if len(given) > MAX_RESULTS:
        raise bad_request("Too many inline query results specified")
    try:
        results = [check_result(result) for result in given]
    except FieldError as error:
        raise bad_request(f"Can't parse inline query result: {error.cause}") from None
    _check_button(call)
    for result in results:
        picked_content(call.world, result)
    check(identifiers_refusal([text_field(result, "id") for result in results]))
    if len(call.arguments.text("next_offset").encode()) > _MAX_OFFSET:
        raise bad_request("NEXT_OFFSET_INVALID")
    take_inquiry(call, "inline_query")
    return True


def _check_button(call: Call) -> None:
    """Check the button above the results. Source: tdlib/td ``InlineQueriesManager.cpp:700-740``."""
    button = call.arguments.json("button", "inline query results button")
    if button is None:
        return
    try:
        check_button(button)
    except FieldError as error:
        raise bad_request(f"Can't parse inline query results button: {error.cause}") from None
    if "start_parameter" in button:
        check(parameter_refusal(text_field(button, "start_parameter")))
        return
    check_app(text_field(button["web_app"], "url"), "Inline query button Web App", is_test=call.world.is_test_dc)


METHODS: Final[dict[str, Method]] = {"answerInlineQuery": answer_inline_query}
