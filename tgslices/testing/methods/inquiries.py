"""What people ask bots otherwise than by messages: inline queries, and the steps of a payment; and the answers.

`ask` is the person's side: it queues the update. A bot answers each inquiry once.
Source: https://core.telegram.org/bots/api#inlinequery, https://core.telegram.org/bots/api#precheckoutquery and
https://core.telegram.org/bots/api#shippingquery
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.service import post_service
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.state.accounts import BotAccount, Json, User
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.state.settings import Inquiry, Payment, memory_of
from tgslices.testing.state.updates import UPDATE_TYPES
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments

_MAX_RESULTS: Final = 50
"""Source: https://core.telegram.org/bots/api#answerinlinequery"""

_NEEDED: Final[dict[str, Json]] = {
    "inline_query": {"query": "", "offset": ""},
    "pre_checkout_query": {"currency": "XTR", "total_amount": 1, "invoice_payload": "payload"},
    "web_app_query": {},
    "shipping_query": {
        "invoice_payload": "payload",
        "shipping_address": dict.fromkeys(("country_code", "state", "city", "street_line1", "street_line2"), "")
        | {"post_code": ""},
    },
}
"""The kinds of inquiries, with what their updates need beside an identifier and the sender."""


def ask(world: World, user: User, bot: BotAccount, kind: str, **fields: object) -> Inquiry:
    """Ask a bot something and return the inquiry; its ``answer`` comes with the bot's.

    ``kind`` is ``"inline_query"``, ``"pre_checkout_query"``, ``"shipping_query"``, or ``"web_app_query"``, which is no
    update; ``fields`` are those of the update, over simple ones.

    Raises:
        KeyError: there is no such kind.
    """
    number = str(9_000_000_000 + world.next_serial())
    payload: Json = {"id": number, "from": user.json(), **_NEEDED[kind], **fields}
    inquiry = Inquiry(number, kind, bot.id, user.id, payload)
    memory_of(world).inquiries[number] = inquiry
    if kind in UPDATE_TYPES:
        bot.updates.put(kind, payload, queue_key=user.id)
    world.changes.notify()
    return inquiry


def settle_payment(world: World, inquiry: Inquiry) -> StoredMessage:
    """Let the person pay what the bot has agreed to: the service message about it reaches the bot.

    Raises:
        ValueError: the bot has not agreed.
    """
    if not inquiry.is_agreed:
        raise ValueError("the bot has not agreed to this payment: wait until it has answered with ok=True")
    bot = world.bot_by_id(inquiry.bot_id)
    if bot is None:
        raise ValueError("the bot of this payment does not exist")
    person = world.users[inquiry.user_id]
    charge_id = f"charge{inquiry.id}"
    payment: Json = {name: inquiry.payload[name] for name in ("currency", "total_amount", "invoice_payload")}
    payment |= {"telegram_payment_charge_id": charge_id, "provider_payment_charge_id": inquiry.id}
    memory_of(world).payments[charge_id] = Payment(bot.id, person.id, payment)
    chat = world.private_chat(person, bot)
    return post_service(world, chat, person, "successful_payment", {"successful_payment": payment})


def take_inquiry(world: World, bot: BotAccount, arguments: Arguments, kind: str) -> None:
    """Note the bot's answer to an inquiry of this kind.

    Raises:
        ApiError: there is none, or it was answered already.
    """
    inquiry = memory_of(world).inquiries.get(arguments.text(f"{kind}_id"))
    if inquiry is None or inquiry.kind != kind or inquiry.bot_id != bot.id or inquiry.answer is not None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    inquiry.answer = dict(arguments.values)
    world.changes.notify()


def answer_inline_query(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Show up to 50 results to the person who asked."""
    results = arguments.json("results", "inline query results")
    if not isinstance(results, list):
        raise bad_request("Expected an Array of inline query results")
    if len(results) > _MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    identifiers = [str(result.get("id", "")) if isinstance(result, dict) else "" for result in results]
    if not all(identifiers):
        raise bad_request("Can't parse inline query result: inline query result identifier must be non-empty")
    if len(set(identifiers)) < len(identifiers):
        raise bad_request("RESULT_ID_DUPLICATE")
    take_inquiry(world, bot, arguments, "inline_query")
    return True


METHODS: Final[dict[str, Method]] = {"answerInlineQuery": answer_inline_query}
