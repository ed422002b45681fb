"""Polls as bots send, copy and close them. Votes are in `tgslices.testing.actions.polls`.

Source: https://core.telegram.org/bots/api#sendpoll and tdlib/telegram-bot-api ``Client.cpp:6380-6430, 13127-13230``.
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.actions.polls import closed_poll, tell_of_poll
from tgslices.testing.content.files import given_file
from tgslices.testing.content.input_media import read_input_media
from tgslices.testing.content.media import MEDIA, media_content
from tgslices.testing.content.text import read_text_of
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.editing import apply, find_target, new_content, read_new_buttons, with_markup
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.editing import markup_refusal
from tgslices.testing.rules.polls import MAX_OPEN_PERIOD, place_refusal, texts_refusal
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import fields_of, float_field, text_field
from tgslices.testing.wire.json_text import Json


def send_poll(call: Call) -> Json:
    """Send a poll or quiz without votes."""
    question = _read_text(call.arguments, "question", may_be_empty=False)
    options = _read_options(call)
    check(texts_refusal(question["question"], [option["text"] for option in options]))
    kind = call.arguments.text("type") or "regular"
    if kind not in {"regular", "quiz"}:
        raise bad_request("Unsupported poll type specified")
    poll: Json = {
        "id": _new_id(call.world),
        **question,
        "options": options,
        "total_voter_count": 0,
        "is_closed": call.arguments.flag("is_closed"),
        "is_anonymous": _flag(call.arguments, "is_anonymous", is_default=True),
        "type": kind,
        "allows_multiple_answers": call.arguments.flag("allows_multiple_answers"),
        "allows_revoting": _flag(call.arguments, "allows_revoting", is_default=kind != "quiz"),
        "members_only": call.arguments.flag("members_only"),
        **_read_text(call.arguments, "description"),
        **_read_end(call),
        **_read_media(call, "media"),
    }
    if kind == "quiz":
        poll |= _read_answer(call.arguments, len(poll["options"])) | _read_text(call.arguments, "explanation")
        poll |= _read_media(call, "explanation_media")
    _check_place(call, poll)
    return send(call, "poll", {"poll": poll})


def _new_id(world: World) -> str:
    return str(5_000_000_000 + world.next_serial())


def _flag(arguments: Arguments, name: str, *, is_default: bool) -> bool:
    return arguments.flag(name) if arguments.text(name) else is_default


def _check_place(call: Call, poll: Json) -> None:
    if call.arguments.text("business_connection_id"):
        return
    chat = call.chat(Access.WRITE)
    is_anonymous, members_only = poll["is_anonymous"], poll["members_only"]
    is_direct = chat.parent is not None
    check(place_refusal(chat.type, is_anonymous=is_anonymous, members_only=members_only, is_direct=is_direct))


def _read_text(arguments: Arguments, name: str, *, may_be_empty: bool = True) -> Json:
    """One of the texts of a poll, each of which has entities and a mode of its own."""
    entities = f"{name}_entities"
    given: Json = {
        name: arguments.text(name),
        "parse_mode": arguments.text(f"{name}_parse_mode"),
        entities: arguments.json(entities, "message entities") if arguments.text(entities) else None,
    }
    return read_text_of(given, name, entities, may_be_empty=may_be_empty)


def _read_options(call: Call) -> list[Json]:
    options = call.arguments.json("options")
    if not isinstance(options, list):
        raise bad_request("Expected an Array of String as options")
    return [
        {"persistent_id": str(number), **_read_option(call, option), "voter_count": 0}
        for number, option in enumerate(options, start=1)
    ]


def _read_option(call: Call, option: Any) -> Json:
    given: Json = {"text": option} if isinstance(option, str) else fields_of(option, "Expected an Object as an option")
    marked = {**given, "parse_mode": given.get("text_parse_mode")}
    read = read_text_of(marked, "text", "text_entities", may_be_empty=False)
    return read | ({"media": _media(call, given["media"])} if given.get("media") else {})


def _read_media(call: Call, name: str) -> Json:
    """What is shown beside a text of the poll; empty if there is nothing."""
    given = call.arguments.json(name, "InputPollMedia")
    return {} if given is None else {name: _media(call, given)}


def _media(call: Call, given: Any) -> Json:
    """The Bot API's ``PollMedia``. Source: tdlib/telegram-bot-api ``Client.cpp:11780-11837``."""
    fields = fields_of(given)
    kind = text_field(fields, "type", is_required=True)
    if kind in {"location", "venue"}:
        place: Json = {name: float_field(fields, name, is_required=True) for name in ("latitude", "longitude")}
        if kind == "location":
            return {kind: place}
        return {kind: {"location": place} | {name: text_field(fields, name) for name in ("title", "address")}}
    if kind == "sticker":
        reference = text_field(fields, "media", is_required=True)
        file = given_file(call.world, call.arguments.attached(reference), reference, "sticker")
        return {kind: media_content(MEDIA[kind], file, {})[kind]}
    name, content = read_input_media(call.world, call.arguments, given)
    return {name: content[name]}


def _read_end(call: Call) -> Json:
    """The time at which a poll closes by itself."""
    period = call.arguments.clamped("open_period", 0, 0, MAX_OPEN_PERIOD)
    moment = call.arguments.integer("close_date")
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
    closed = closed_poll(poll)
    apply(call, target, new_content(target.message, with_markup({"poll": closed}, inline), ("poll",)))
    tell_of_poll(call.bot, closed)
    return closed


METHODS: Final[dict[str, Method]] = {"sendPoll": send_poll, "stopPoll": stop_poll}
