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
        "file_id": f"emulated-icon-{number:02}",
        "file_unique_id": f"emulatedIcon{number:03}",
        "file_size": 30_000,
        "type": "custom_emoji",
        "width": 512,
        "height": 512,
        "is_animated": True,
        "is_video": False,
        "emoji": emoji,
        "set_name": _SET,
        "custom_emoji_id": str(5_434_144_690_511_290_129 + number),
        "needs_repainting": True,
        "thumbnail": {
            "file_id": f"emulated-thumbnail-{number:02}",
            "file_unique_id": f"emulatedThumb{number:03}",
            "file_size": 4_000,
            "width": 128,
            "height": 128,
        },
    }


TOPIC_ICONS: Final = tuple(_icon(number, emoji) for number, emoji in enumerate(_EMOJIS))
