"""Inquiries of people to bots: inline queries, the steps of a payment, Web Apps.

Source: https://core.telegram.org/bots/api#inlinequery, https://core.telegram.org/bots/api#precheckoutquery and
https://core.telegram.org/bots/api#shippingquery
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.service_messages import post_service
from tgslices.testing.rules.web_apps import signed_init_data
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.state.inquiries import Inquiry, Payment
from tgslices.testing.state.updates import UPDATE_TYPES
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json

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
"""The kinds of inquiries, with the fields that their updates need besides an identifier and the sender."""


def ask(world: World, user: User, bot: BotAccount, kind: str, **fields: object) -> Inquiry:
    """Send an inquiry to a bot and return it; its ``answer`` comes later.

    ``kind`` is ``"inline_query"``, ``"pre_checkout_query"``, ``"shipping_query"``, or ``"web_app_query"``, which is no
    update. ``fields`` replace the simple fields of the update.

    Raises:
        KeyError: there is no such kind.
    """
    number = str(9_000_000_000 + world.next_serial())
    payload: Json = {"id": number, "from": user.json(), **_NEEDED[kind], **fields}
    inquiry = Inquiry(number, kind, bot.id, user.id, payload)
    world.inquiries[number] = inquiry
    if kind in UPDATE_TYPES:
        bot.updates.put(kind, payload, queue_key=user.id)
    world.changes.notify()
    return inquiry


def open_web_app(world: World, user: User, bot: BotAccount, url: str) -> Inquiry:
    """Open a bot's Web App at this address; the bot is not told."""
    inquiry = ask(world, user, bot, "web_app_query", url=url)
    inquiry.payload["init_data"] = signed_init_data(
        bot.token, query_id=inquiry.id, user=user.json(), auth_date=world.clock.unix_time()
    )
    return inquiry


def settle_payment(world: World, inquiry: Inquiry) -> StoredMessage:
    """Complete a payment that the bot has agreed to. The bot gets the service message about it.

    Raises:
        ValueError: the bot has not agreed, or is gone.
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
    world.payments[charge_id] = Payment(bot.id, person.id, payment, world.clock.unix_time())
    chat = world.private_chat(person, bot)
    return post_service(world, chat, person, "successful_payment", {"successful_payment": payment})
