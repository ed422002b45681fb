"""Polls as bots send, copy and close them. Votes are in `tgslices.testing.actions.polls`.

Source: https://core.telegram.org/bots/api#sendpoll and tdlib/telegram-bot-api ``Client.cpp:6380-6430, 13127-13230``.
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.content.text import read_text_of
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.editing import apply, find_target, new_content, read_new_buttons, with_markup
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.rules.editing import markup_refusal
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import fields_of
from tgslices.testing.wire.json_text import Json


def send_poll(call: Call) -> Json:
    """Send a poll or quiz without votes."""
    question = _read_text(call.arguments, "question")
    if not question:
        raise bad_request("Poll question must be non-empty")
    kind = call.arguments.text("type") or "regular"
    if kind not in {"regular", "quiz"}:
        raise bad_request("Unsupported poll type specified")
    poll: Json = {
        "id": _new_id(call.world),
        **question,
        "options": _read_options(call.arguments),
        "total_voter_count": 0,
        "is_closed": call.arguments.flag("is_closed"),
        "is_anonymous": not call.arguments.text("is_anonymous") or call.arguments.flag("is_anonymous"),
        "type": kind,
        "allows_multiple_answers": call.arguments.flag("allows_multiple_answers"),
        "allows_revoting": call.arguments.flag("allows_revoting"),
        "members_only": call.arguments.flag("members_only"),
        **_read_text(call.arguments, "description"),
        **_read_end(call),
    }
    if kind == "quiz":
        poll |= _read_answer(call.arguments, len(poll["options"])) | _read_text(call.arguments, "explanation")
    return send(call, "poll", {"poll": poll})


def _new_id(world: World) -> str:
    return str(5_000_000_000 + world.next_serial())


def _read_text(arguments: Arguments, name: str) -> Json:
    """One of the texts of a poll, each of which has entities and a mode of its own."""
    entities = f"{name}_entities"
    given: Json = {
        name: arguments.text(name),
        "parse_mode": arguments.text(f"{name}_parse_mode"),
        entities: arguments.json(entities, "message entities") if arguments.text(entities) else None,
    }
    return read_text_of(given, name, entities)


def _read_options(arguments: Arguments) -> list[Json]:
    options = arguments.json("options")
    if not isinstance(options, list):
        raise bad_request("Expected an Array of String as options")
    if len(options) < 1:
        raise bad_request("Poll must have at least 1 option")
    return [
        {"persistent_id": str(number), **_read_option(option), "voter_count": 0}
        for number, option in enumerate(options, start=1)
    ]


def _read_option(option: Any) -> Json:
    given: Json = {"text": option} if isinstance(option, str) else fields_of(option, "Expected an Object as an option")
    read = read_text_of({**given, "parse_mode": given.get("text_parse_mode")}, "text", "text_entities")
    if not read:
        raise bad_request("Poll options must be non-empty")
    return read


def _read_end(call: Call) -> Json:
    """The time at which a poll closes by itself. The emulator leaves it open."""
    period, moment = call.arguments.integer("open_period"), call.arguments.integer("close_date")
    if period > 0:
        return {"open_period": period, "close_date": call.world.clock.unix_time() + period}
    return {"close_date": moment} if moment > 0 else {}


def _read_answer(arguments: Arguments, options: int) -> Json:
    right = arguments.json("correct_option_ids", "correct option identifiers")
    if right is None and arguments.text("correct_option_id"):
        right = [arguments.integer("correct_option_id")]
    if not isinstance(right, list) or not right:
        raise bad_request("Wrong correct option ID specified")
    if not all(type(number) is int and 0 <= number < options for number in right):
        raise bad_request("Wrong correct option ID specified")
    return {"correct_option_id": right[0], "correct_option_ids": right}


def copied_poll(world: World, poll: Json) -> Json:
    """A copy of a poll: open, without votes, with an identifier of its own.

    Source: tdlib/td ``PollManager.cpp``, ``dup_poll``.
    """
    options = [{**option, "voter_count": 0} for option in poll["options"]]
    fresh = {**poll, "id": _new_id(world), "options": options, "total_voter_count": 0, "is_closed": False}
    if "open_period" in poll:
        fresh["close_date"] = world.clock.unix_time() + poll["open_period"]
    return fresh


def stop_poll(call: Call) -> Json:
    """Close a poll and return it. The bot gets it as an update, too, as after every vote."""
    target = find_target(call, markup_refusal)
    inline = read_new_buttons(call, target)
    poll = target.message.content.get("poll")
    if poll is None:
        raise bad_request("message with poll to stop not found")
    if poll["is_closed"]:
        raise bad_request("poll has already been closed")
    closed: Json = {**poll, "is_closed": True}
    apply(call, target, new_content(target.message, with_markup({"poll": closed}, inline), ("poll",)))
    call.bot.updates.put("poll", closed, queue_key=("poll", poll["id"]))
    return closed


METHODS: Final[dict[str, Method]] = {"sendPoll": send_poll, "stopPoll": stop_poll}
