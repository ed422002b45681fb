"""Asking about chats."""

from __future__ import annotations

from typing import Final

from tgslices.testing.arguments import Arguments
from tgslices.testing.entities import BotAccount, Json
from tgslices.testing.methods.method import Method
from tgslices.testing.rules.access import Access
from tgslices.testing.world import World

_GIFTS: Final = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


def get_chat(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """The ``ChatFullInfo``."""
    chat = world.reach(bot, arguments.text("chat_id"), Access.READ)
    data: Json = {
        **chat.json(),
        "accent_color_id": chat.id % 7 if chat.id > 0 else 0,
        "max_reaction_count": 11,
        "accepted_gift_types": _GIFTS,
    }
    if chat.pinned:
        data["pinned_message"] = chat.pinned[-1].json_for(bot.id)
    return data


METHODS: Final[dict[str, Method]] = {"getChat": get_chat}
