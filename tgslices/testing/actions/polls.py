"""Votes in polls, their end, and the updates about both.

Source: https://core.telegram.org/bots/api#pollanswer and https://core.telegram.org/bots/api#update (``poll``)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tgslices.testing.rules.polls import is_over
from tgslices.testing.state.accounts import BotAccount, User
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


def await_end(world: World, message: StoredMessage) -> None:
    """Let a poll close by itself when its time has come: by the real clock, or when the emulator's is moved."""
    poll: Json = message.content["poll"]
    if poll["is_closed"] or "close_date" not in poll:
        return
    world.timed_polls.append(message)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    loop.call_later(max(0.0, poll["close_date"] - world.clock.timestamp()) + _LATER, close_due, world)


_LATER = 0.01
"""Seconds, so that the time has come for certain."""


def close_due(world: World) -> None:
    """Close every poll whose time has come. Source: tdlib/td ``PollManager.cpp:1789``, ``on_close_poll_timeout``."""
    now = world.clock.unix_time()
    due = [message for message in world.timed_polls if is_over(message.content["poll"]["close_date"], now)]
    if not due:
        return
    world.timed_polls = [message for message in world.timed_polls if message not in due]
    for message in due:
        poll = message.content["poll"]
        if message.is_deleted or poll["is_closed"]:
            continue
        message.content = {**message.content, "poll": closed_poll(poll)}
        bot = world.bot_by_id(message.bot_id)
        if bot is not None:
            tell_of_poll(bot, message.content["poll"])
    world.changes.notify()


def closed_poll(poll: Json) -> Json:
    """The same poll, closed."""
    return {**poll, "is_closed": True}


def tell_of_poll(bot: BotAccount, poll: Json) -> None:
    """Tell a bot how a poll of its stands."""
    bot.updates.put("poll", poll, queue_key=("poll", poll["id"]))


def _counted(poll: Json, votes: Sequence[Sequence[int]]) -> Json:
    counts = [sum(number in chosen for chosen in votes) for number in range(len(poll["options"]))]
    options = [{**option, "voter_count": count} for option, count in zip(poll["options"], counts, strict=True)]
    return {**poll, "options": options, "total_voter_count": len(votes)}


def _tell(world: World, message: StoredMessage, poll: Json, user: User, chosen: Sequence[int]) -> None:
    bot = world.bot_by_id(message.sender_id)
    if bot is None:
        return
    tell_of_poll(bot, poll)
    if not poll["is_anonymous"]:
        answer: Json = {
            "poll_id": poll["id"],
            "user": user.json(),
            "option_ids": list(chosen),
            "option_persistent_ids": [poll["options"][number].get("persistent_id", "") for number in chosen],
        }
        bot.updates.put("poll_answer", answer, queue_key=("poll", poll["id"]))
