"""Contents of messages with games."""

from __future__ import annotations

from typing import Final

from tgslices.testing.wire.json_text import Json

_PICTURE: Final = {
    "file_id": "emulated-game",
    "file_unique_id": "emulated-game",
    "width": 640,
    "height": 360,
    "file_size": 1,
}


def game_content(name: str) -> Json:
    """The content of a message with this game and its button."""
    play = {"text": f"Play {name}", "callback_game": {}}
    game: Json = {"title": name, "description": name, "photo": [_PICTURE]}
    return {"game": game, "reply_markup": {"inline_keyboard": [[play]]}}
