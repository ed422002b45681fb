"""What may be asked for in an invoice."""

import pytest

from tgslices.testing.rules.payments import invoice_refusal


@pytest.mark.parametrize(
    ("currency", "amounts", "provider", "refused"),
    [
        ("XTR", [3], "", None),
        ("EUR", [300, 20], "284685063:TEST:x", None),
        ("XTR", [3, 1], "", "STARS_INVOICE_INVALID"),
        ("EUR", [300], "", "PAYMENT_PROVIDER_INVALID"),
        ("euro", [300], "284685063:TEST:x", "CURRENCY_INVALID"),
    ],
)
def test_stars_have_one_price_and_other_money_a_provider(
    currency: str, amounts: list[int], provider: str, refused: str | None
) -> None:
    """https://core.telegram.org/bots/api#sendinvoice (``provider_token``, ``prices``)"""
    refusal = invoice_refusal(currency, amounts, provider)
    assert (None if refusal is None else refusal.description) == (refused and f"Bad Request: {refused}")
