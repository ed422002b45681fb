"""Messages that a bot sends in the name of a Web App's user.

Source: https://core.telegram.org/bots/api#answerwebappquery and tdlib/telegram-bot-api ``Client.cpp:14217-14233``
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.inline_results import picked_content, send_result
from tgslices.testing.errors import check
from tgslices.testing.methods.inquiries import take_inquiry
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.inline_results import check_result, identifiers_refusal
from tgslices.testing.wire.fields import text_field
from tgslices.testing.wire.json_text import Json


def answer_web_app_query(call: Call) -> Json:
    """Send a result into the chat in which the Web App was opened, once; returns the ``SentWebAppMessage``."""
    call.arguments.required("result")
    result = check_result(call.arguments.json("result", "web app query result"))
    picked_content(call.world, result)
    check(identifiers_refusal([text_field(result, "id")]))
    take_inquiry(call, "web_app_query")
    inquiry = call.world.inquiries[call.arguments.text("web_app_query_id")]
    user = call.world.users[inquiry.user_id]
    message = send_result(call.world, call.world.private_chat(user, call.bot), user, call.bot, result)
    return {} if message.inline_id is None else {"inline_message_id": message.inline_id}


METHODS: Final[dict[str, Method]] = {"answerWebAppQuery": answer_web_app_query}
