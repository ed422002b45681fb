"""Webhooks: their settings and their last errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Webhook:
    """The arguments of setWebhook, and the last error; ``last_error_date`` is Unix time, 0 for no error.

    ``certificate`` is a PEM file, None for none.

    Source: https://core.telegram.org/bots/api#webhookinfo
    """

    url: str
    secret_token: str = ""
    max_connections: int = 40
    ip_address: str = ""
    certificate: bytes | None = field(default=None, repr=False)
    last_error_date: int = 0
    last_error_message: str = ""

    def is_like(self, other: Webhook) -> bool:
        """Whether setWebhook would change nothing: the arguments agree, and neither has a certificate.

        Source: tdlib/telegram-bot-api ``Client.cpp:15759-15763``.
        """
        mine = (self.url, self.secret_token, self.max_connections, self.ip_address)
        others = (other.url, other.secret_token, other.max_connections, other.ip_address)
        return mine == others and self.certificate is None and other.certificate is None

    def json(self) -> dict[str, Any]:
        """The Bot API's ``WebhookInfo``, without the counts of the queue."""
        data: dict[str, Any] = {
            "url": self.url,
            "has_custom_certificate": self.certificate is not None,
            "max_connections": self.max_connections,
        }
        if self.ip_address:
            data["ip_address"] = self.ip_address
        if self.last_error_date:
            data["last_error_date"] = self.last_error_date
            data["last_error_message"] = self.last_error_message
        return data
