"""Sending dice.

Source: https://core.telegram.org/bots/api#senddice
"""

from __future__ import annotations

import random
from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.wire.json_text import Json

DICE_SIDES: Final = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}
"""Source: https://core.telegram.org/bots/api#dice"""


def send_dice(call: Call) -> Json:
    """Send a dice that shows a random value."""
    emoji = call.arguments.text("emoji") or "🎲"
    if emoji not in DICE_SIDES:
        raise bad_request("DICE_EMOJI_INVALID")
    value = random.randint(1, DICE_SIDES[emoji])  # noqa: S311 - nothing is secret about a dice
    return send(call, "dice", {"dice": {"emoji": emoji, "value": value}})


METHODS: Final[dict[str, Method]] = {"sendDice": send_dice}
