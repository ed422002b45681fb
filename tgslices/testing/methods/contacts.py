"""Sending what is neither text nor a file: places, contacts and dice.

Source: https://core.telegram.org/bots/api#sendlocation ff. and tdlib/telegram-bot-api ``Client.cpp:11410-11470,
13060-13230``.
"""

from __future__ import annotations

import random
from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.state.accounts import BotAccount, Json
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments

DICE_SIDES: Final = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}
"""Source: https://core.telegram.org/bots/api#dice"""


def read_location(arguments: Arguments) -> Json:
    """The ``Location``.

    Raises:
        ApiError: a coordinate is missing, or there is no such place. Source: tdlib/td ``Location.cpp:166``.
    """
    location: Json = {}
    for name, limit in (("latitude", 90), ("longitude", 180)):
        if not arguments.text(name).strip():
            raise bad_request(f"{name} is empty")
        location[name] = arguments.decimal(name)
        if not abs(location[name]) <= limit:  # which NaN is not, either
            raise bad_request("Invalid location specified")
    for name in ("live_period", "heading", "proximity_alert_radius"):
        if number := arguments.integer(name):
            location[name] = number
    return location


def send_location(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Send a point on the map."""
    return send(world, bot, arguments, "location", {"location": read_location(arguments)})


def send_venue(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Send a place with a name."""
    location = read_location(arguments)
    venue: Json = {"location": location, "title": arguments.text("title"), "address": arguments.text("address")}
    return send(world, bot, arguments, "venue", {"venue": venue, "location": location})


def send_contact(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Send a telephone number."""
    if not arguments.text("phone_number"):
        raise bad_request("Phone number must be non-empty")
    if not arguments.text("first_name"):
        raise bad_request("First name must be non-empty")
    fields = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: arguments.text(name) for name in fields if arguments.text(name)}
    return send(world, bot, arguments, "contact", {"contact": contact})


def send_dice(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Send a dice that shows a random value."""
    emoji = arguments.text("emoji") or "🎲"
    if emoji not in DICE_SIDES:
        raise bad_request("DICE_EMOJI_INVALID")
    value = random.randint(1, DICE_SIDES[emoji])  # noqa: S311 - nothing is secret about a dice
    return send(world, bot, arguments, "dice", {"dice": {"emoji": emoji, "value": value}})


METHODS: Final[dict[str, Method]] = {
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendContact": send_contact,
    "sendDice": send_dice,
}
