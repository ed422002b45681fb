"""Games and their scores.

Source: https://core.telegram.org/bots/api#sendgame ff. What the servers behind say of scores is MTProto's.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.games import game_content
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.editing import find_inline_message, is_inline
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.rules.access import Access
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.wire.json_text import Json


def send_game(call: Call) -> Json:
    """Send a game, with a button to play it unless buttons are given. Every short name is a game."""
    return send(call, "game", game_content(call.arguments.required("game_short_name")))


def _find(call: Call) -> StoredMessage:
    message = _find_message(call)
    if message.kind != "game":
        raise bad_request("message with game not found")
    call.user()
    return message


def _find_message(call: Call) -> StoredMessage:
    if is_inline(call.arguments):
        return find_inline_message(call)
    return call.message(access=Access.EDIT)


def set_game_score(call: Call) -> Json | bool:
    """Keep a player's score; a smaller one needs ``force``. The message does not show it to bots."""
    score, force = call.arguments.integer("score", -1), call.arguments.flag("force")
    if score < 0:
        raise bad_request("score must be non-negative")
    message = _find(call)
    player = call.user()
    scores = message.scores
    old = scores.get(player.id, 0)
    if (score == old and player.id in scores) or (score < old and not force):
        raise bad_request("BOT_SCORE_NOT_MODIFIED")
    scores[player.id] = score
    call.world.changes.notify()
    return True if is_inline(call.arguments) else message.json_for(call.bot.id)


def get_game_high_scores(call: Call) -> list[Json]:
    """The scores of a game, the best first."""
    scores = _find(call).scores
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return [
        {"position": position, "user": call.world.users[user_id].json(), "score": score}
        for position, (user_id, score) in enumerate(ranked, start=1)
    ]


METHODS: Final[dict[str, Method]] = {
    "sendGame": send_game,
    "setGameScore": set_game_score,
    "getGameHighScores": get_game_high_scores,
}
