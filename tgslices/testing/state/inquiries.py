"""Inquiries of people to bots, and payments."""

from __future__ import annotations

from dataclasses import dataclass

from tgslices.testing.wire.json_text import Json, read_json


@dataclass(slots=True, eq=False)
class Inquiry:
    """A person's inquiry to a bot: an inline query, a step of a payment, or an open Web App.

    ``payload`` is the update. ``answer`` holds the arguments of the bot's answer, None before it.
    """

    id: str
    kind: str
    bot_id: int
    user_id: int
    payload: Json
    answer: dict[str, str] | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the bot has answered."""
        return self.answer is not None

    @property
    def is_agreed(self) -> bool:
        """Whether the bot has agreed to a payment, or named ways of delivery."""
        return (self.answer or {}).get("ok", "").lower() in {"true", "1", "yes"}

    @property
    def url(self) -> str:
        """The address of an open Web App; empty for other inquiries."""
        return str(self.payload.get("url", ""))

    @property
    def init_data(self) -> str:
        """The ``Telegram.WebApp.initData`` of an open Web App, signed with the bot's token; empty for others.

        Source: https://core.telegram.org/bots/webapps#webappinitdata
        """
        return str(self.payload.get("init_data", ""))

    @property
    def results(self) -> list[Json]:
        """The results of an inline query, each an ``InlineQueryResult``; ``[]`` before the bot has answered."""
        results: list[Json] = read_json((self.answer or {}).get("results", "[]"))
        return results


@dataclass(slots=True, eq=False)
class Payment:
    """A user's payment to a bot; ``fields`` are common to ``SuccessfulPayment`` and ``RefundedPayment``.

    ``date`` and ``refund_date`` are Unix time, 0 for a payment that was not given back.
    """

    bot_id: int
    user_id: int
    fields: Json
    date: int
    refund_date: int = 0

    @property
    def is_refunded(self) -> bool:
        """Whether the payment was given back."""
        return self.refund_date != 0
