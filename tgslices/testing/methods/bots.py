"""Methods about the bot itself and the way it gets its updates."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from tgslices.testing.errors import bad_request, conflict
from tgslices.testing.methods.method import Call, Done, Encoded, Method
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.updates import ALLOWED_BY_DEFAULT, MAX_LONG_POLL, parse_allowed_updates
from tgslices.testing.state.webhook import Webhook
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

_WEBHOOK_IS_SET: Final = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
_MAX_SECRET: Final = 256
_MAX_CERTIFICATE: Final = 3 << 20
"""Bytes. Source: ``Client.h:70``."""

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]*")


def get_me(call: Call) -> Json:
    """The bot as a ``User`` with its abilities."""
    return {
        **call.bot.json(),
        "can_join_groups": True,
        "can_read_all_group_messages": call.bot.reads_all_group_messages,
        "supports_inline_queries": True,
        "supports_guest_queries": False,
        "can_connect_to_business": True,
        "has_main_web_app": False,
        "has_topics_enabled": True,
        "allows_users_to_create_topics": True,
        "can_manage_bots": False,
    }


async def get_updates(call: Call) -> Encoded:
    """The waiting updates, after at most ``timeout`` seconds of real time."""
    queue = call.bot.updates
    if call.bot.webhook is not None:
        raise conflict(_WEBHOOK_IS_SET)
    offset = call.arguments.integer("offset")
    limit = call.arguments.clamped("limit", 100, 1, 100)
    timeout = call.arguments.clamped("timeout", 0, 0, int(MAX_LONG_POLL.total_seconds()))
    _choose_updates(call)
    call.bot.handling.listen()
    updates = await queue.get(offset, limit, timeout)
    return Encoded(b"[" + b",".join(update.body for update in updates) + b"]")


def _choose_updates(call: Call) -> None:
    chosen = parse_allowed_updates(call.arguments.text("allowed_updates"))
    if chosen is not None:
        call.bot.updates.allowed = chosen


def set_webhook(call: Call) -> Done:
    """Deliver the updates to this URL; an empty one ends that. Any port and plain HTTP do, as with ``--local``.

    Source: tdlib/telegram-bot-api ``Client.cpp:15726-15795, 16000-16095``.
    """
    url = call.arguments.text("url")
    if url:
        webhook = _checked_webhook(url, call.arguments)
        _choose_updates(call)
        if (
            call.bot.webhook is not None
            and call.bot.webhook.is_like(webhook)
            and not call.arguments.flag("drop_pending_updates")
        ):
            return Done("Webhook is already set")  # what is being delivered goes on
    if call.arguments.flag("drop_pending_updates"):
        call.bot.updates.keep_last(0)
    call.bot.updates.wake(conflict("Conflict: terminated by setWebhook request"))
    if not url:
        return _unset(call.bot)
    call.bot.use_webhook(webhook)
    return Done("Webhook was set")


def _unset(bot: BotAccount) -> Done:
    was_set = bot.webhook is not None
    bot.use_webhook(None)
    return Done("Webhook was deleted" if was_set else "Webhook is already deleted")


def _checked_webhook(url: str, arguments: Arguments) -> Webhook:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
    except ValueError:
        raise bad_request("invalid webhook URL specified") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    secret = arguments.text("secret_token")
    if len(secret) > _MAX_SECRET:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    return Webhook(
        parts.geturl(),
        secret_token=secret,
        max_connections=arguments.clamped("max_connections", 40, 1, 100_000),
        ip_address=arguments.text("ip_address"),
        certificate=_certificate(arguments),
    )


def _certificate(arguments: Arguments) -> bytes | None:
    """The webhook's own certificate. Source: tdlib/telegram-bot-api ``Client.cpp:15972-15990, 16035-16041``."""
    upload = arguments.upload("certificate")
    if upload is not None and len(upload.data) > _MAX_CERTIFICATE:
        raise bad_request(f"certificate size is too big ({len(upload.data)} bytes)")
    return None if upload is None else upload.data


def delete_webhook(call: Call) -> Done:
    """End the deliveries, so that getUpdates works again.

    Source: tdlib/telegram-bot-api ``Client.cpp:15766-15769, 16056-16059``.
    """
    if call.arguments.flag("drop_pending_updates"):
        call.bot.updates.keep_last(0)
    return _unset(call.bot)


def get_webhook_info(call: Call) -> Json:
    """The ``WebhookInfo``; with an empty URL if none is set."""
    data: dict[str, Any] = {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": len(call.bot.updates.pending),
    }
    if call.bot.webhook is not None:
        data |= call.bot.webhook.json()
    if call.bot.updates.allowed != ALLOWED_BY_DEFAULT:
        data["allowed_updates"] = sorted(call.bot.updates.allowed)
    return data


METHODS: Final[dict[str, Method]] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
