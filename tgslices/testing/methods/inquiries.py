"""Answers to inquiries; a bot answers each once.

Source: https://core.telegram.org/bots/api#answerinlinequery
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method

_MAX_RESULTS: Final = 50
"""Source: https://core.telegram.org/bots/api#answerinlinequery"""


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
    """Show up to 50 results to the person who asked."""
    results = call.arguments.json("results", "inline query results")
    if not isinstance(results, list):
        raise bad_request("Expected an Array of inline query results")
    if len(results) > _MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    identifiers = [str(result.get("id", "")) if isinstance(result, dict) else "" for result in results]
    if not all(identifiers):
        raise bad_request("Can't parse inline query result: inline query result identifier must be non-empty")
    if len(set(identifiers)) < len(identifiers):
        raise bad_request("RESULT_ID_DUPLICATE")
    take_inquiry(call, "inline_query")
    return True


METHODS: Final[dict[str, Method]] = {"answerInlineQuery": answer_inline_query}
