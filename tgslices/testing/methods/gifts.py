"""Gifts, as far as they show in chats.

Source: https://core.telegram.org/bots/api#sendgift
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.service_messages import post_service
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.state.chats import Chat
from tgslices.testing.text import marked_text
from tgslices.testing.text.formatted import formatted
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

_STICKER: Final = {
    "file_id": "emulated-gift",
    "file_unique_id": "emulated-gift",
    "type": "regular",
    "width": 512,
    "height": 512,
    "is_animated": False,
    "is_video": False,
}
GIFTS: Final[dict[str, Json]] = {
    number: {"id": number, "sticker": {**_STICKER, "emoji": emoji}, "star_count": stars}
    for number, emoji, stars in (("5170145012310081615", "💝", 15), ("5170233102089322756", "🧸", 15))
}
"""The gifts that the emulator knows."""


def get_available_gifts(call: Call) -> Json:
    """The ``Gifts``."""
    return {"gifts": list(GIFTS.values())}


def send_gift(call: Call) -> bool:
    """Give a gift to a user or channel. The bot is not told of the service message about it."""
    gift = GIFTS.get(call.arguments.text("gift_id"))
    if gift is None:
        raise bad_request("STARGIFT_INVALID")
    chat = _receiver(call)
    post_service(call.world, chat, call.bot, "gift", {"gift": {"gift": gift, **_read_text(call.arguments)}}, tell=False)
    return True


def gift_premium_subscription(call: Call) -> bool:
    """Give a user Premium. The service message about it has no name in the Bot API, and no bot is told of it.

    Source: https://core.telegram.org/bots/api#giftpremiumsubscription and tdlib/telegram-bot-api ``Client.cpp:17529``
    """
    for name in ("user_id", "month_count", "star_count"):
        if call.arguments.integer(name) <= 0:
            raise bad_request(f"Invalid {name} specified")
    chat = call.world.private_chat(call.user(), call.bot)
    given: Json = {name: call.arguments.integer(name) for name in ("month_count", "star_count")}
    given |= _read_text(call.arguments)
    post_service(call.world, chat, call.bot, "gifted_premium", {"gifted_premium": given}, tell=False)
    return True


def _read_text(arguments: Arguments) -> Json:
    """The text beside a gift; empty if there is none."""
    given = arguments.json("text_entities", "message entities")
    marked = marked_text(arguments.text("text"), arguments.text("text_parse_mode"), given)
    text, entities = formatted(*marked, may_be_empty=True)
    if not text:
        return {}
    return {"text": text, "entities": entities} if entities else {"text": text}


def _receiver(call: Call) -> Chat:
    if call.arguments.text("chat_id"):
        chat = call.chat(Access.READ)
        if chat.type != "channel":
            raise bad_request("gifts can be sent only to users and channels")
        return chat
    user = call.user()
    return call.world.private_chat(user, call.bot)


METHODS: Final[dict[str, Method]] = {
    "getAvailableGifts": get_available_gifts,
    "sendGift": send_gift,
    "giftPremiumSubscription": gift_premium_subscription,
}
