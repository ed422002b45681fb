"""Stickers that the server always has: the icons of topics. A small, made set.

Source: https://core.telegram.org/bots/api#getforumtopiciconstickers
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.wire.json_text import Json

_SET: Final = "Topics"
_EMOJIS: Final = "📰💡⚡🎙🔝🗣🆒❗📝📆📁🔎📣🔥❤❓📈📉💎💰"


def _icon(number: int, emoji: str) -> Json:
    return {
        "file_id": f"emulated-icon-{number}",
        "file_unique_id": f"emulated-icon-{number}",
        "type": "custom_emoji",
        "width": 100,
        "height": 100,
        "is_animated": False,
        "is_video": False,
        "emoji": emoji,
        "set_name": _SET,
        "custom_emoji_id": str(5_434_144_690_511_290_129 + number),
        "needs_repainting": True,
    }


TOPIC_ICONS: Final = tuple(_icon(number, emoji) for number, emoji in enumerate(_EMOJIS))
