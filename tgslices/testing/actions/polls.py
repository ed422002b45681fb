"""Votes in polls, and the updates about them.

Source: https://core.telegram.org/bots/api#pollanswer and https://core.telegram.org/bots/api#update (``poll``)
"""

from __future__ import annotations

from collections.abc import Sequence

from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


def vote(world: World, message: StoredMessage, user: User, chosen: Sequence[int]) -> None:
    """Set a user's vote: positions of options from 0 on, none to take the vote back.

    Raises:
        ValueError: the poll is closed or none, lacks such an option, or takes one answer only.
    """
    poll: Json = message.content.get("poll") or {}
    if not poll or poll["is_closed"]:
        raise ValueError("this is no open poll")
    if not all(0 <= number < len(poll["options"]) for number in chosen):
        raise ValueError(f"this poll has {len(poll['options'])} options, numbered from 0 on")
    if len(set(chosen)) > 1 and not poll["allows_multiple_answers"]:
        raise ValueError("this poll takes one answer")
    votes = message.votes
    votes.pop(user.id, None)
    if chosen:
        votes[user.id] = tuple(sorted(set(chosen)))
    counted = _counted(poll, list(votes.values()))
    message.content = {**message.content, "poll": counted}
    world.changes.notify()
    _tell(world, message, counted, user, votes.get(user.id, ()))


def _counted(poll: Json, votes: Sequence[Sequence[int]]) -> Json:
    counts = [sum(number in chosen for chosen in votes) for number in range(len(poll["options"]))]
    options = [{**option, "voter_count": count} for option, count in zip(poll["options"], counts, strict=True)]
    return {**poll, "options": options, "total_voter_count": len(votes)}


def _tell(world: World, message: StoredMessage, poll: Json, user: User, chosen: Sequence[int]) -> None:
    bot = world.bot_by_id(message.sender_id)
    if bot is None:
        return
    bot.updates.put("poll", poll, queue_key=("poll", poll["id"]))
    if not poll["is_anonymous"]:
        answer: Json = {
            "poll_id": poll["id"],
            "user": user.json(),
            "option_ids": list(chosen),
            "option_persistent_ids": [poll["options"][number].get("persistent_id", "") for number in chosen],
        }
        bot.updates.put("poll_answer", answer, queue_key=("poll", poll["id"]))
