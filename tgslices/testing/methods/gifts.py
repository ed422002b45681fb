"""Gifts, as far as they show in chats.

Source: https://core.telegram.org/bots/api#sendgift
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.service_messages import post_service
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.rules.access import Access
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.text import parse_markup
from tgslices.testing.text.entities import read_entities
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
"""What can be given here: any other identifier is refused."""


def get_available_gifts(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """The ``Gifts``."""
    return {"gifts": list(GIFTS.values())}


def send_gift(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Give something to a user or channel: a service message shows it, which the bot is not told of."""
    gift = GIFTS.get(arguments.text("gift_id"))
    if gift is None:
        raise bad_request("STARGIFT_INVALID")
    chat = _receiver(world, bot, arguments)
    post_service(world, chat, bot, "gift", {"gift": {"gift": gift, **_read_text(arguments)}}, tell=False)
    return True


def gift_premium_subscription(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Give a user Premium: a service message shows it, which the Bot API has no name for and bots are not told of.

    Source: https://core.telegram.org/bots/api#giftpremiumsubscription and tdlib/telegram-bot-api ``Client.cpp:17529``
    """
    for name in ("user_id", "month_count", "star_count"):
        if arguments.integer(name) <= 0:
            raise bad_request(f"Invalid {name} specified")
    user = world.users.get(arguments.integer("user_id"))
    if user is None:
        raise bad_request("user not found")
    text = _read_text(arguments)
    given: Json = {name: arguments.integer(name) for name in ("month_count", "star_count")} | text
    post_service(world, world.private_chat(user, bot), bot, "gifted_premium", {"gifted_premium": given}, tell=False)
    return True


def _read_text(arguments: Arguments) -> Json:
    """What stands beside a gift; empty for nothing."""
    text, entities = parse_markup(arguments.text("text"), arguments.text("text_parse_mode"))
    if not text:
        return {}
    entities = entities or read_entities(arguments.json("text_entities", "message entities"))
    return {"text": text, "entities": entities} if entities else {"text": text}


def _receiver(world: World, bot: BotAccount, arguments: Arguments) -> Chat:
    if arguments.text("chat_id"):
        chat = world.reach(bot, arguments.text("chat_id"), Access.READ)
        if chat.type != "channel":
            raise bad_request("gifts can be sent only to users and channels")
        return chat
    user = world.users.get(arguments.integer("user_id"))
    if user is None:
        raise bad_request("user not found")
    return world.private_chat(user, bot)


METHODS: Final[dict[str, Method]] = {
    "getAvailableGifts": get_available_gifts,
    "sendGift": send_gift,
    "giftPremiumSubscription": gift_premium_subscription,
}
