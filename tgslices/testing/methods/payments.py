"""Invoices, the steps of a payment, and paid media.

Source: https://core.telegram.org/bots/api#payments
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.actions.service_messages import post_service
from tgslices.testing.content.files import given_file
from tgslices.testing.content.markup import read_markup
from tgslices.testing.content.media import MEDIA, media_content
from tgslices.testing.content.text import read_text
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.inquiries import take_inquiry
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.rules.payments import invoice_refusal
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

_MAX_PAYLOAD: Final = 128
"""Bytes of an invoice's payload. Source: https://core.telegram.org/bots/api#sendinvoice"""

_MAX_STARS: Final = 25_000
"""Source: https://core.telegram.org/bots/api#sendpaidmedia"""


def read_invoice(arguments: Arguments) -> Json:
    """The ``Invoice``.

    Raises:
        ApiError: an argument is missing, or the prices are wrong.
    """
    title, description, payload, currency = map(arguments.required, ("title", "description", "payload", "currency"))
    if len(payload.encode()) > _MAX_PAYLOAD:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    amounts = [_amount(price) for price in _prices(arguments)]
    check(invoice_refusal(currency, amounts, arguments.text("provider_token")))
    return {
        "title": title,
        "description": description,
        "start_parameter": arguments.text("start_parameter"),
        "currency": currency,
        "total_amount": sum(amounts),
    }


def _prices(arguments: Arguments) -> list[Any]:
    prices = arguments.json("prices", "prices")
    if not isinstance(prices, list) or not prices:
        raise bad_request("Expected an Array of labeled prices")
    return prices


def _amount(price: Any) -> int:
    if not isinstance(price, dict) or not price.get("label") or type(price.get("amount")) is not int:
        raise bad_request("Can't parse labeled price: expected an Object with a label and an amount")
    return int(price["amount"])


def send_invoice(call: Call) -> Json:
    """Send an invoice, with a button to pay it unless buttons are given."""
    invoice = read_invoice(call.arguments)
    content: Json = {"invoice": invoice}
    inline, _ = read_markup(call.arguments)
    if inline is None:
        pay = {"text": f"Pay {invoice['total_amount']} {invoice['currency']}", "pay": True}
        content["reply_markup"] = {"inline_keyboard": [[pay]]}
    sent = send(call, "invoice", content)
    _remember_payload(call, sent)
    return sent


def _remember_payload(call: Call, sent: Json) -> None:
    """Keep the payload: the bot gets it back when the invoice is paid, and nobody else sees it."""
    chat = call.world.find_chat(call.bot, call.arguments.text("chat_id"))
    message = chat.find(call.bot.id, sent["message_id"]) if chat is not None else None
    if message is not None:
        message.invoice_payload = call.arguments.text("payload")


def create_invoice_link(call: Call) -> str:
    """Make a link to an invoice. The emulator serves no such link."""
    read_invoice(call.arguments)
    return f"https://t.me/$emulated{call.world.next_serial()}"


def answer_pre_checkout_query(call: Call) -> bool:
    """Agree to a payment or refuse it; see `tgslices.testing.actions.inquiries.settle_payment`."""
    if not call.arguments.flag("ok") and not call.arguments.text("error_message"):
        raise bad_request("error message must be non-empty")
    take_inquiry(call, "pre_checkout_query")
    return True


def answer_shipping_query(call: Call) -> bool:
    """Name the ways of delivery, or refuse to deliver."""
    if call.arguments.flag("ok"):
        if not isinstance(call.arguments.json("shipping_options", "shipping options"), list):
            raise bad_request("Expected an Array of shipping options")
    elif not call.arguments.text("error_message"):
        raise bad_request("error message must be non-empty")
    take_inquiry(call, "shipping_query")
    return True


def refund_star_payment(call: Call) -> bool:
    """Refund a payment in stars, once. The service message about it comes back to the bot.

    ``CHARGE_ALREADY_REFUNDED`` comes from the servers behind. The error for an unknown charge is not verified.
    Source: https://core.telegram.org/bots/api#refundstarpayment and tdlib/telegram-bot-api ``Client.cpp:13996``
    """
    user_id = call.arguments.integer("user_id")
    if user_id <= 0:
        raise bad_request("Invalid user_id specified")
    payment = call.world.payments.get(call.arguments.required("telegram_payment_charge_id"))
    asked = (call.bot.id, user_id, "XTR")
    if payment is None or (payment.bot_id, payment.user_id, payment.fields["currency"]) != asked:
        raise bad_request("CHARGE_ID_INVALID")
    if payment.is_refunded:
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    payment.refund_date = call.world.clock.unix_time()
    chat = call.world.private_chat(call.world.users[user_id], call.bot)
    post_service(call.world, chat, call.bot, "refunded_payment", {"refunded_payment": payment.fields})
    return True


def send_paid_media(call: Call) -> Json:
    """Send paid photos and videos. The bot sees them unlocked."""
    stars = call.arguments.integer("star_count")
    if not 0 < stars <= _MAX_STARS:
        raise bad_request("STARS_AMOUNT_INVALID")
    media = call.arguments.json("media", "media")
    if not isinstance(media, list) or not 0 < len(media) <= 10:
        raise bad_request("Expected an Array of InputPaidMedia")
    paid = [_paid_media(call, item) for item in media]
    content: Json = {"paid_media": {"star_count": stars, "paid_media": paid}}
    content |= read_text(call.arguments, "caption", "caption_entities")
    if content.get("caption") and call.arguments.flag("show_caption_above_media"):
        content["show_caption_above_media"] = True
    return send(call, "paid_media", content)


def _paid_media(call: Call, item: Any) -> Json:
    kind = str(item.get("type", "")) if isinstance(item, dict) else ""
    if kind not in {"photo", "video", "live_photo"}:
        raise bad_request(f'Can\'t parse InputPaidMedia: type "{kind}" is unsupported')
    reference = str(item.get("media") or "")
    file = given_file(call.world, call.arguments.attached(reference), reference, kind)
    return {"type": kind, kind: media_content(MEDIA[kind], file, {**item, "caption": ""})[kind]}


METHODS: Final[dict[str, Method]] = {
    "sendInvoice": send_invoice,
    "createInvoiceLink": create_invoice_link,
    "answerPreCheckoutQuery": answer_pre_checkout_query,
    "answerShippingQuery": answer_shipping_query,
    "refundStarPayment": refund_star_payment,
    "sendPaidMedia": send_paid_media,
}
