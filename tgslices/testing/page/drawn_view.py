"""One chat as one person sees it on the page: pure, from the view that tests look at to what the browser draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tgslices.testing.content.details import as_text
from tgslices.testing.page.places import name_of
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.rules.keyboards import Markup
from tgslices.testing.rules.people import absence, writing_prohibition
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json

MAX_MESSAGES: Final = 300
"""Of one chat; older ones are there and not drawn."""


def views_of(world: World, chat: Chat) -> Iterator[ChatView]:
    """The views of those who have this chat in their list: who is inside, or was and keeps some of it."""
    for user in _users_of(chat):
        if user.is_bot or user.deactivated:
            continue
        view = ChatView(world, user, chat, waits=False)
        if view.presence().is_inside or view.stored():
            yield view


def _users_of(chat: Chat) -> list[User]:
    """Everybody who may have the chat in their list, each once."""
    if chat.user is not None:
        return [user for user in (chat.user, chat.owner) if user is not None]
    members = {number: member.user for number, member in chat.members.items()}
    return [*(members | chat.writers).values()]


def drawn_view(view: ChatView, messages: Sequence[StoredMessage]) -> Json:
    """What a page draws of a chat for one person, whose messages these are, in their order on the screen.

    ``unwritable`` says why the person cannot write here.
    """
    chat, serials = view.chat, [message.serial for message in messages]
    asked, keyboard = view.asked_reply(), view.shown_markup()
    return {
        "person": view.person.id,
        "place": name_of(chat),
        "serials": serials,
        "keyboard": None if keyboard is None else _keyboard(keyboard),
        "asked": None if asked is None else {"serial": asked.serial, "placeholder": _placeholder(asked)},
        "pinned": next((message.serial for message in reversed(chat.pinned) if message.serial in serials), None),
        "topics": _topics(view),
        "commands": [command for bot in _bots(chat) for command in view.commands(bot)],
        "unwritable": _unwritable(view),
    }


def empty_view(place: str, person: User, commands: list[Json]) -> Json:
    """The same for a chat that nobody has opened yet."""
    return {"person": person.id, "place": place, "serials": [], "commands": commands}


def _bots(chat: Chat) -> list[BotAccount]:
    return [member.user for member in chat.members.values() if member.is_inside and isinstance(member.user, BotAccount)]


def _keyboard(markup: Markup) -> Json:
    rows: Any = markup.fields["keyboard"]
    lists = [row for row in rows if isinstance(row, list)] if isinstance(rows, list) else []
    return {"rows": [[_key(key) for key in row] for row in lists], "placeholder": _placeholder(markup)}


def _key(key: Any) -> Json:
    """A button of a reply keyboard: what it reads, and what it shares, a contact or a location."""
    if not isinstance(key, dict):
        return {"text": as_text(key), "shares": None}
    shares = next((kind for kind in ("contact", "location") if key.get(f"request_{kind}")), None)
    return {"text": as_text(key.get("text")), "shares": shares}


def _placeholder(markup: Markup) -> str:
    return as_text(markup.fields.get("input_field_placeholder"))


def _topics(view: ChatView) -> list[Json] | None:
    """The topics of a forum, the general one first, or who wrote to a channel, for those who answer; None elsewhere."""
    chat = view.chat
    if chat.is_run_by(view.person.id):
        return [{"id": writer.id, "name": writer.first_name, "is_closed": False} for writer in chat.writers.values()]
    if not chat.is_forum:
        return None
    settings = chat.settings
    general = {"id": None, "name": settings.general_topic_name, "is_closed": settings.is_general_topic_closed}
    others = [
        {"id": topic.thread_id, "name": topic.name, "is_closed": topic.is_closed} for topic in chat.topics.values()
    ]
    return [general, *others]


def _unwritable(view: ChatView) -> str | None:
    """Why the person cannot write here, as a sentence; None if they can."""
    presence = view.presence()
    prohibition = writing_prohibition(presence, "text")
    if prohibition is None:
        return None
    if presence.chat_type == "channel" and absence(presence) is None:
        return "Only administrators who may post write in this channel."
    return f"You cannot write here, because {prohibition.why.replace('they are', 'you are').replace('they', 'you')}."
