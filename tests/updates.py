"""One sample of every kind of update, as Telegram's JSON, and where it comes from, for tests of the pure parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiogram.types import Update

from tgslices.model import Scope

BOT = 42
SENT = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
ANN: dict[str, Any] = {"id": 7, "is_bot": False, "first_name": "Ann"}
PRIVATE: dict[str, Any] = {"id": 7, "type": "private", "first_name": "Ann"}
SUPERGROUP: dict[str, Any] = {"id": -1001, "type": "supergroup", "title": "Team"}
CHANNEL: dict[str, Any] = {"id": -1002, "type": "channel", "title": "News"}
MEMBER: dict[str, Any] = {"user": ANN, "status": "member"}


def message(message_id: int = 1, chat: dict[str, Any] = PRIVATE, **more: Any) -> dict[str, Any]:
    """Return a text message from Ann."""
    return {"message_id": message_id, "date": SENT, "chat": chat, "from": ANN, "text": "hi", **more}


def update(kind: str, event: dict[str, Any] | None = None) -> Update:
    """Return an update of a kind, with the sample event or the given one."""
    return Update.model_validate({"update_id": 1, kind: EVENTS[kind] if event is None else event})


_TOPIC: dict[str, Any] = {"chat": SUPERGROUP, "message_thread_id": 5, "is_topic_message": True}
_BUSINESS: dict[str, Any] = {"business_connection_id": "conn"}
_TAP: dict[str, Any] = {"id": "1", "from": {**ANN, "id": 8}, "chat_instance": "1", "data": "x"}

EVENTS: dict[str, dict[str, Any]] = {
    "message": message(**_TOPIC),
    "edited_message": message(**_TOPIC, edit_date=SENT),
    "channel_post": {"message_id": 1, "date": SENT, "chat": CHANNEL, "text": "news"},
    "edited_channel_post": {"message_id": 1, "date": SENT, "chat": CHANNEL, "text": "news", "edit_date": SENT},
    "business_connection": {
        "id": "conn",
        "user": ANN,
        "user_chat_id": 7,
        "date": SENT,
        "can_reply": True,
        "is_enabled": True,
    },
    "business_message": message(**_BUSINESS),
    "edited_business_message": message(**_BUSINESS, edit_date=SENT),
    "deleted_business_messages": {**_BUSINESS, "chat": PRIVATE, "message_ids": [1, 2]},
    "guest_message": message(chat=SUPERGROUP),
    "message_reaction": {
        "chat": SUPERGROUP,
        "message_id": 1,
        "user": ANN,
        "date": SENT,
        "old_reaction": [],
        "new_reaction": [],
    },
    "message_reaction_count": {"chat": SUPERGROUP, "message_id": 1, "date": SENT, "reactions": []},
    "inline_query": {"id": "1", "from": ANN, "query": "x", "offset": ""},
    "chosen_inline_result": {"result_id": "1", "from": ANN, "query": "x"},
    "callback_query": {**_TAP, "message": message(**_TOPIC)},
    "shipping_query": {
        "id": "1",
        "from": ANN,
        "invoice_payload": "x",
        "shipping_address": {
            "country_code": "DE",
            "state": "",
            "city": "B",
            "street_line1": "a",
            "street_line2": "",
            "post_code": "1",
        },
    },
    "pre_checkout_query": {"id": "1", "from": ANN, "currency": "EUR", "total_amount": 1, "invoice_payload": "x"},
    "purchased_paid_media": {"from": ANN, "paid_media_payload": "x"},
    "poll": {
        "id": "1",
        "question": "?",
        "options": [],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": False,
        "members_only": False,
    },
    "poll_answer": {"poll_id": "1", "voter_chat": CHANNEL, "option_ids": [0], "option_persistent_ids": ["0"]},
    "my_chat_member": {
        "chat": SUPERGROUP,
        "from": ANN,
        "date": SENT,
        "old_chat_member": MEMBER,
        "new_chat_member": MEMBER,
    },
    "chat_member": {
        "chat": SUPERGROUP,
        "from": ANN,
        "date": SENT,
        "old_chat_member": MEMBER,
        "new_chat_member": MEMBER,
    },
    "chat_join_request": {"chat": SUPERGROUP, "from": ANN, "user_chat_id": 7, "date": SENT},
    "chat_boost": {
        "chat": CHANNEL,
        "boost": {
            "boost_id": "1",
            "add_date": SENT,
            "expiration_date": SENT,
            "source": {"source": "premium", "user": ANN},
        },
    },
    "removed_chat_boost": {
        "chat": CHANNEL,
        "boost_id": "1",
        "remove_date": SENT,
        "source": {"source": "premium", "user": ANN},
    },
    "managed_bot": {"user": ANN, "bot": {"id": 9, "is_bot": True, "first_name": "B"}},
    "subscription": {"user": ANN, "invoice_payload": "x", "state": "active", "subscription_id": "1"},
    "stopped_message_generation": {"chat": PRIVATE, "message_thread_id": 3, "draft_id": 1, "date": SENT},
}

_ANNS = Scope(BOT, 7, "private", 7)
_IN_TOPIC = Scope(BOT, -1001, "supergroup", 7, 5)
_IN_GROUP = Scope(BOT, -1001, "supergroup", 7)
_IN_CHANNEL = Scope(BOT, -1002, "channel")
_IN_BUSINESS = Scope(BOT, 7, "private", 7, business_connection_id="conn")

SCOPES: dict[str, Scope | None] = {
    "message": _IN_TOPIC,
    "edited_message": _IN_TOPIC,
    "channel_post": _IN_CHANNEL,
    "edited_channel_post": _IN_CHANNEL,
    "business_connection": _ANNS,
    "business_message": _IN_BUSINESS,
    "edited_business_message": _IN_BUSINESS,
    "deleted_business_messages": Scope(BOT, 7, "private", business_connection_id="conn"),
    "guest_message": _IN_GROUP,
    "message_reaction": _IN_GROUP,
    "message_reaction_count": Scope(BOT, -1001, "supergroup"),
    "inline_query": _ANNS,
    "chosen_inline_result": _ANNS,
    "callback_query": Scope(BOT, -1001, "supergroup", 8, 5),
    "shipping_query": _ANNS,
    "pre_checkout_query": _ANNS,
    "purchased_paid_media": _ANNS,
    "poll": None,
    "poll_answer": _IN_CHANNEL,
    "my_chat_member": _IN_GROUP,
    "chat_member": _IN_GROUP,
    "chat_join_request": _ANNS,
    "chat_boost": Scope(BOT, -1002, "channel", 7),
    "removed_chat_boost": _IN_CHANNEL,
    "managed_bot": _ANNS,
    "subscription": _ANNS,
    "stopped_message_generation": Scope(BOT, 7, "private", None, 3),
}
"""Where each sample comes from. A kind of update that is not here has not been thought about."""
