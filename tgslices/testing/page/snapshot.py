"""The world as the page shows it: pure. A flat mapping of names to JSON, so that two of them can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from tgslices.testing.content.wording import text_of_content
from tgslices.testing.http.call_log import ApiRequest, CallLog
from tgslices.testing.page.drawn_message import drawn_message, marks
from tgslices.testing.page.drawn_view import MAX_MESSAGES, drawn_view, empty_view, views_of
from tgslices.testing.page.places import existing_chats, group_name, name_of, people, private_name
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json

MAX_CALLS: Final = 200
"""Of the log, getUpdates apart, which has as many of its own."""

MAX_TEXT: Final = 4000
"""Characters of an answer in the log."""

_NUMBERS: Final = re.compile(r"\[\n[\d\s,-]+\]")

Snapshot = dict[str, Json]


def snapshot(world: World, log: CallLog) -> Snapshot:
    """Everything that a tab shows of the world, whoever is played on it.

    The names are ``bot:``, ``person:``, ``place:``, ``view:<person>/<place>``, ``message:<place>:``,
    ``draft:<place>:``, ``tap:`` and ``call:``, each with a number or name behind it.
    """
    found: Snapshot = {f"bot:{bot.id}": _bot(bot) for bot in world.bots.values()}
    for person in people(world):
        found[f"person:{person.id}"] = {"id": person.id, "name": person.first_name, "username": person.username}
        for bot in world.bots.values():
            found.update(_private(world, bot, person))
    for chat in existing_chats(world):
        if chat.bot is None:
            found[f"place:{name_of(chat)}"] = _place(chat)
        found.update(_views(world, chat))
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


def _bot(bot: BotAccount) -> Json:
    return {"id": bot.id, "name": bot.first_name, "username": bot.username}


def _private(world: World, bot: BotAccount, person: User) -> Iterator[tuple[str, Json]]:
    """The private chat of a person and a bot, whether it was opened or not."""
    name = private_name(bot.id, person.id)
    title = bot.first_name
    place = {"name": name, "id": person.id, "kind": "private", "title": title, "bots": [bot.id], "people": [person.id]}
    yield f"place:{name}", place
    if (bot.id, person.id) not in world.private_chats:
        unopened = ChatView(world, person, Chat(person.id, "private", user=person, bot=bot))
        yield f"view:{person.id}/{name}", empty_view(name, person, unopened.commands(bot))


def _place(chat: Chat) -> Json:
    """A group, a channel, or a chat of a business account."""
    inside = [member.user for member in chat.members.values() if member.is_inside]
    return {
        "name": name_of(chat),
        "id": chat.id,
        "kind": _kind(chat),
        "title": chat.title or chat.json().get("first_name"),
        "bots": [user.id for user in inside if user.is_bot],
        "people": [user.id for user in inside if not user.is_bot],
        "moved_to": None if chat.migrated_to is None else group_name(chat.migrated_to),
        "owner": None if chat.owner is None else chat.owner.id,
        "customer": None if chat.owner is None or chat.user is None else chat.user.id,
        "roles": {user.id: chat.status_of(user.id) for user in inside} if chat.owner is None else {},
        "appointers": [user.id for user in inside if "can_promote_members" in chat.rights_of(user.id)],
    }


def _kind(chat: Chat) -> str:
    if chat.owner is not None:
        return "business"
    return "direct" if chat.parent is not None else chat.type


def _views(world: World, chat: Chat) -> Iterator[tuple[str, Json]]:
    """The chat as each person sees it, and every message that somebody sees, or that is among the last."""
    name = name_of(chat)
    drawn = {message.serial: message for message in list(chat.messages.values())[-MAX_MESSAGES:]}
    for view in views_of(world, chat):
        messages = view.stored()[-MAX_MESSAGES:]
        drawn |= {message.serial: message for message in messages}
        yield f"view:{view.person.id}/{name}", drawn_view(view, messages)
    for message in drawn.values():
        yield f"message:{name}:{message.serial}", drawn_message(message)
    for draft in chat.drafts_at(world.clock.unix_time()):
        text, entities = text_of_content(draft.content)
        what = {"serial": draft.serial, "text": text, "entities": marks(entities), "expires": draft.expires_at}
        yield f"draft:{name}:{draft.serial}", what


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
        "date": request.date,
        "chat": _chat_id(request),
        "arguments": _cut(_laid_out(request.arguments)),
        "status": request.status,
        "description": request.description,
        "answer": _readable(request.answer),
        "via_webhook": request.via_webhook,
    }


def _chat_id(request: ApiRequest) -> int | None:
    """The chat that a call names by its number; None for no chat and for names of chats."""
    found = request.arguments.get("chat_id")
    return found if type(found) is int else None


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
