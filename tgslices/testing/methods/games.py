"""Games and their scores.

Source: https://core.telegram.org/bots/api#sendgame ff. What the servers behind say of scores is MTProto's.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.games import game_content
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.editing import find_inline_message, is_inline
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.rules.access import Access
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json


def send_game(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Send a game, with a button to play it if no buttons are given; every short name is known here."""
    name = arguments.text("game_short_name")
    if not name:
        raise bad_request('Parameter "game_short_name" is required')
    return send(world, bot, arguments, "game", game_content(name))


def _find(world: World, bot: BotAccount, arguments: Arguments) -> StoredMessage:
    message = _find_message(world, bot, arguments)
    if message.kind != "game":
        raise bad_request("message with game not found")
    if arguments.integer("user_id") not in world.users:
        raise bad_request("user not found")
    return message


def _find_message(world: World, bot: BotAccount, arguments: Arguments) -> StoredMessage:
    if is_inline(arguments):
        return find_inline_message(world, bot, arguments)
    chat = world.reach(bot, arguments.text("chat_id"), Access.EDIT)
    message = chat.find(bot.id, arguments.message_id())
    if message is None:
        raise bad_request("message not found")
    return message


def set_game_score(world: World, bot: BotAccount, arguments: Arguments) -> Json | bool:
    """Note a score; a smaller one only with ``force``. Clients write it under the game, bots see nothing of that."""
    score, force = arguments.integer("score", -1), arguments.flag("force")
    if score < 0:
        raise bad_request("score must be non-negative")
    message = _find(world, bot, arguments)
    player = world.users[arguments.integer("user_id")]
    scores = message.scores
    old = scores.get(player.id, 0)
    if (score == old and player.id in scores) or (score < old and not force):
        raise bad_request("BOT_SCORE_NOT_MODIFIED")
    scores[player.id] = score
    world.changes.notify()
    return True if is_inline(arguments) else message.json_for(bot.id)


def get_game_high_scores(world: World, bot: BotAccount, arguments: Arguments) -> list[Json]:
    """The scores of a game, the best first."""
    scores = _find(world, bot, arguments).scores
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return [
        {"position": position, "user": world.users[user_id].json(), "score": score}
        for position, (user_id, score) in enumerate(ranked, start=1)
    ]


METHODS: Final[dict[str, Method]] = {
    "sendGame": send_game,
    "setGameScore": set_game_score,
    "getGameHighScores": get_game_high_scores,
}
