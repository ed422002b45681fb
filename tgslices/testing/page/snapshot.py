"""The world as the page shows it: pure. A flat mapping of names to JSON, so that two of them can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from tgslices.testing.content.wording import text_of_content
from tgslices.testing.http.call_log import ApiRequest, CallLog
from tgslices.testing.page.places import existing_chats, group_name, name_of, people, private_name
from tgslices.testing.page.shown import shown_message
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json, read_json

MAX_MESSAGES: Final = 300
"""Of one chat; older ones are there and not drawn."""

MAX_CALLS: Final = 200
"""Of the log, getUpdates apart, which has as many of its own."""

MAX_TEXT: Final = 4000
"""Characters of an answer in the log."""

_NUMBERS: Final = re.compile(r"\[\n[\d\s,-]+\]")

Snapshot = dict[str, Json]


def snapshot(world: World, log: CallLog) -> Snapshot:
    """Everything that a tab shows of the world, whoever is played on it.

    The names are ``bot:``, ``person:``, ``place:``, ``message:<place>:``, ``draft:<place>:``, ``tap:`` and ``call:``,
    each with a number or name behind it.
    """
    found: Snapshot = {}
    for bot in world.bots.values():
        found[f"bot:{bot.id}"] = _bot(world, bot)
    for person in people(world):
        found[f"person:{person.id}"] = {"id": person.id, "name": person.first_name, "username": person.username}
        for bot in world.bots.values():
            name = private_name(bot.id, person.id)
            found[f"place:{name}"] = _private(name, bot, person.id)
    for chat in existing_chats(world):
        found.update(_chat(world, chat))
    for tap in islice(reversed(world.taps.values()), MAX_CALLS):
        found[f"tap:{tap.id}"] = {
            "id": tap.id,
            "person": tap.user.id,
            "serial": tap.message.serial,
            "data": tap.data,
            "is_answered": tap.is_answered,
            "answer": tap.answer,
            "is_alert": tap.is_alert,
        }
    found.update(_calls(log))
    return found


def _bot(world: World, bot: BotAccount) -> Json:
    return {"id": bot.id, "name": bot.first_name, "username": bot.username, "commands": commands_of(world, bot)}


def commands_of(world: World, bot: BotAccount) -> list[Json]:
    """The commands that a bot shows to people in general, those for private chats first; ``[]`` for none."""
    by_audience = bot.settings.commands
    for kind in ("all_private_chats", "default"):
        for (scope, _), commands in sorted(by_audience.items()):
            if read_json(scope)["type"] == kind and commands:
                return commands
    return []


def _private(name: str, bot: BotAccount, person_id: int) -> Json:
    return {
        "name": name,
        "id": person_id,
        "kind": "private",
        "title": bot.first_name,
        "bots": [bot.id],
        "people": [person_id],
    }


def _chat(world: World, chat: Chat) -> Iterator[tuple[str, Json]]:
    name = name_of(chat)
    inside = [member.user for member in chat.members.values() if member.is_inside]
    if chat.bot is None:
        yield (
            f"place:{name}",
            {
                "name": name,
                "id": chat.id,
                "kind": "business" if chat.owner is not None else chat.type,
                "title": chat.title or chat.json().get("first_name"),
                "bots": [user.id for user in inside if user.is_bot],
                "people": [user.id for user in inside if not user.is_bot],
                "moved_to": None if chat.migrated_to is None else group_name(chat.migrated_to),
                "owner": None if chat.owner is None else chat.owner.id,
                "customer": None if chat.owner is None or chat.user is None else chat.user.id,
                "topics": _topics(world, chat),
                "roles": {user.id: chat.status_of(user.id) for user in inside} if chat.owner is None else {},
                "appointers": [user.id for user in inside if "can_promote_members" in chat.rights_of(user.id)],
            },
        )
    pinned = chat.pinned[-1].serial if chat.pinned else None
    for message in list(chat.messages.values())[-MAX_MESSAGES:]:
        shown = shown_message(message, message.reactions, message.votes)
        if message.serial == pinned:
            shown["pinned"] = True
        yield f"message:{name}:{message.serial}", shown
    for draft in chat.drafts_at(world.clock.unix_time()):
        text, entities = text_of_content(draft.content)
        what = {"serial": draft.serial, "text": text, "entities": entities, "expires": draft.expires_at}
        yield f"draft:{name}:{draft.serial}", what


def _topics(world: World, chat: Chat) -> list[Json] | None:
    """The topics of a forum, the general one first; None for any other chat."""
    if not chat.is_forum:
        return None
    settings = chat.settings
    general = {"id": None, "name": settings.general_topic_name, "is_closed": settings.is_general_topic_closed}
    others = [
        {"id": topic.thread_id, "name": topic.name, "is_closed": topic.is_closed} for topic in chat.topics.values()
    ]
    return [general, *others]


def _calls(log: CallLog) -> Iterator[tuple[str, Json]]:
    left = {True: MAX_CALLS, False: MAX_CALLS}
    for number in range(len(log) - 1, -1, -1):
        request = log[number]
        is_poll = request.method == "getUpdates"
        if not left[is_poll]:
            if not any(left.values()):
                return
            continue
        left[is_poll] -= 1
        yield f"call:{log.first + number}", _call(log.first + number, request)


def _call(number: int, request: ApiRequest) -> Json:
    return {
        "number": number,
        "bot": request.bot_id,
        "method": request.method,
        "arguments": _cut(_laid_out(request.arguments)),
        "status": request.status,
        "description": request.description,
        "answer": _readable(request.answer),
        "via_webhook": request.via_webhook,
    }


def _readable(body: bytes) -> str:
    if len(body) > MAX_TEXT:
        return _cut(body[: MAX_TEXT + 1].decode("utf-8", "replace"))
    try:
        return _laid_out(json.loads(body))
    except ValueError:
        return body.decode("utf-8", "replace")


def _laid_out(data: object) -> str:
    """JSON for people: one field a line, and lists of numbers in one."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return _NUMBERS.sub(lambda found: "".join(found[0].split()).replace(",", ", "), text)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Json | None:
    """What makes ``new`` of ``old``: ``{"set": {...}, "gone": [...]}``; None if they are the same."""
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    gone = [name for name in old if name not in new]
    return {"set": changed, "gone": gone} if changed or gone else None
