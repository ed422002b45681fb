"""A bot's stars: what it was paid, and what it gave back. Gifts cost nothing here.

Source: https://core.telegram.org/bots/api#startransaction and tdlib/telegram-bot-api ``Client.cpp:5879-5923,
13987-13994``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.payments import STARS
from tgslices.testing.state.inquiries import Payment
from tgslices.testing.wire.json_text import Json

_MAX_PAGE: Final = 100


def _payments(call: Call) -> Iterator[tuple[str, Payment]]:
    for charge_id, payment in call.world.payments.items():
        if payment.bot_id == call.bot.id and payment.fields["currency"] == STARS:
            yield charge_id, payment


def get_my_star_balance(call: Call) -> Json:
    """The ``StarAmount`` that was paid and not given back."""
    kept = (payment for _, payment in _payments(call) if not payment.is_refunded)
    return {"amount": sum(payment.fields["total_amount"] for payment in kept)}


def get_star_transactions(call: Call) -> Json:
    """The ``StarTransactions``, oldest first. A refund has the identifier of its payment."""
    found = [transaction for charge_id, payment in _payments(call) for transaction in _both(call, charge_id, payment)]
    found.sort(key=lambda transaction: int(transaction["date"]))
    offset, limit = max(0, call.arguments.integer("offset")), call.arguments.clamped("limit", _MAX_PAGE, 1, _MAX_PAGE)
    return {"transactions": found[offset : offset + limit]}


def _both(call: Call, charge_id: str, payment: Payment) -> Iterator[Json]:
    """The payment and its refund, if there was one."""
    user = call.world.users[payment.user_id].json()
    partner = {"type": "user", "transaction_type": "invoice_payment", "user": user}
    amount = {"id": charge_id, "amount": payment.fields["total_amount"]}
    paid = partner | {"invoice_payload": payment.fields["invoice_payload"]}
    yield {**amount, "date": payment.date, "source": paid}
    if payment.is_refunded:
        yield {**amount, "date": payment.refund_date, "receiver": paid}


METHODS: Final[dict[str, Method]] = {
    "getMyStarBalance": get_my_star_balance,
    "getStarTransactions": get_star_transactions,
}
