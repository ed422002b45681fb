"""What may be asked for in an invoice.

Source: https://core.telegram.org/bots/api#sendinvoice. The texts are MTProto's, not verified.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tgslices.testing.errors import ApiError, bad_request

STARS: Final = "XTR"
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def invoice_refusal(currency: str, amounts: Sequence[int], provider_token: str) -> ApiError | None:
    """Why nobody can be asked to pay this, or None: stars have one price, other money a provider."""
    if not _CURRENCY.fullmatch(currency):
        return bad_request("CURRENCY_INVALID")
    if currency == STARS:
        return None if len(amounts) == 1 else bad_request("STARS_INVOICE_INVALID")
    return None if provider_token else bad_request("PAYMENT_PROVIDER_INVALID")
