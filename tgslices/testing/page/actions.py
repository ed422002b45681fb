"""What a person does on the page, done in the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from tgslices.testing.accounts import BotAccount, Json, User
from tgslices.testing.arguments import Upload
from tgslices.testing.delivery import press
from tgslices.testing.entities import Chat, StoredMessage
from tgslices.testing.files import keep_file
from tgslices.testing.methods.media import MEDIA, media_content
from tgslices.testing.page.places import find_chat
from tgslices.testing.page.switches import Mode, Switches
from tgslices.testing.sight import inline_rows
from tgslices.testing.stage import Stage
from tgslices.testing.view import ChatView

MAX_NAME: Final = 64
"""Source: https://core.telegram.org/method/account.updateProfile"""

MAX_TEXT: Final = 4096
"""UTF-16 units are what Telegram counts; for a person's typing characters will do."""

Command = Mapping[str, Any]


class BadCommand(Exception):
    """What was asked for cannot be done; the text says why, for the person at the page."""


class Actions:
    """Does one command after the other; each is a JSON object that names itself under ``do``."""

    def __init__(self, stage: Stage, switches: Switches, clear_log: Callable[[], None]) -> None:
        """Act in this world."""
        self._stage = stage
        self._world = stage.world
        self._switches = switches
        self._clear_log = clear_log
        self._known: dict[str, Callable[[Command], Awaitable[Json | None]]] = {
            "type": self._type,
            "edit": self._edit,
            "delete": self._delete,
            "pin": self._pin,
            "tap": self._tap,
            "share": self._share,
            "person": self._person,
            "group": self._group,
            "join": self._join,
            "leave": self._leave,
            "fault": self._fault,
            "clock": self._clock,
            "clear log": self._clear,
        }

    async def perform(self, command: object) -> Json:
        """Do it; returns what the page wants to know of it, ``{}`` for nothing.

        Raises:
            BadCommand: it cannot be done.
        """
        if not isinstance(command, dict):
            raise BadCommand("A command is a JSON object.")
        action = self._known.get(str(command.get("do")))
        if action is None:
            raise BadCommand(f"There is nothing called {command.get('do')!r} to do.")
        result = await action(command)
        self._world.changes.notify()
        return result or {}

    async def send_file(self, command: Command, upload: Upload) -> None:
        """Send a file as a message; ``album`` is a mark that the files of one album share.

        Raises:
            BadCommand: there is no such kind, person or place.
            ApiError: the file is empty or too large.
        """
        kind = MEDIA.get(_text(command, "kind"))
        if kind is None:
            raise BadCommand("Files are sent as photo, video, audio, document or the like.")
        view = self._view(command)
        caption = {"caption": _text(command, "caption", default="")}
        content = media_content(kind, keep_file(self._world, upload), caption)
        if album := _text(command, "album", default=""):
            content["media_group_id"] = album
        await view.sends(kind.kind, content)

    # Who, where, and which.

    def _who(self, command: Command, name: str = "person") -> User:
        user = self._world.users.get(_number(command, name))
        if user is None:
            raise BadCommand("There is no such person or bot.")
        return user

    def _view(self, command: Command) -> ChatView:
        person = self._who(command)
        chat = self._chat(command)
        insiders = {user.id for user in (chat.user, chat.owner) if user is not None} if chat.user else chat.members
        if person.id not in insiders or not (chat.user or chat.members[person.id].is_inside):
            raise BadCommand(f"{person.first_name} is not in this chat.")
        if chat.migrated_to is not None:
            raise BadCommand("This group has become a supergroup: go on there.")
        return ChatView(self._world, person, chat)

    def _chat(self, command: Command) -> Chat:
        chat = find_chat(self._world, _text(command, "place"))
        if chat is None:
            raise BadCommand("There is no such chat.")
        return chat

    def _message(self, view: ChatView, serial: int) -> StoredMessage:
        found = next((message for message in view.stored() if message.serial == serial), None)
        if found is None:
            raise BadCommand("This message is gone.")
        return found

    # Messages.

    async def _type(self, command: Command) -> None:
        view = self._view(command)
        replied = command.get("reply")
        reply_to = None if replied is None else self._message(view, _number(command, "reply"))
        await view.types(_typed(command), reply_to=reply_to)

    async def _edit(self, command: Command) -> None:
        view = self._view(command)
        message = self._message(view, _number(command, "serial"))
        if message.sender_id != view.person.id or message.kind != "text":
            raise BadCommand("Only texts of one's own can be edited.")
        await view.edits(message, _typed(command))

    async def _delete(self, command: Command) -> None:
        view = self._view(command)
        await view.deletes(self._message(view, _number(command, "serial")))

    async def _pin(self, command: Command) -> None:
        view = self._view(command)
        await view.pins(self._message(view, _number(command, "serial")))

    async def _tap(self, command: Command) -> Json:
        view = self._view(command)
        message = self._message(view, _number(command, "serial"))
        try:
            button = inline_rows(message)[_number(command, "row")][_number(command, "column")]
        except IndexError:
            raise BadCommand("This button is gone.") from None
        bot = self._world.bot_by_id(message.content.get("sender_business_bot", {}).get("id", message.sender_id))
        if bot is None or "callback_data" not in button:
            raise BadCommand("This button does not ask a bot.")
        tap = self._world.tap(view.person, message, bot, str(button["callback_data"]))
        tap.connection_id = self._connection(view.chat, bot)
        press(tap)
        return {"tap": tap.id}

    def _connection(self, chat: Chat, bot: BotAccount) -> str | None:
        connections = self._world.connections.values()
        mine = (c.id for c in connections if c.bot is bot and chat.owner is not None and c.owner is chat.owner)
        return next(mine, None)

    async def _share(self, command: Command) -> None:
        view = self._view(command)
        person = view.person
        shared: dict[str, Json] = {
            "contact": {"phone_number": "+10005550100", "first_name": person.first_name, "user_id": person.id},
            "location": {"latitude": 59.437, "longitude": 24.7536},
        }
        kind = _text(command, "kind")
        if kind not in shared:
            raise BadCommand("A contact or a location can be shared.")
        await view.sends(kind, {kind: shared[kind]})

    # Who there is, and where.

    async def _person(self, command: Command) -> Json:
        username = _text(command, "username", default="").strip().removeprefix("@")
        person = self._stage.add_person(_name(command, "name"), username=username or None)
        return {"person": person.id}

    async def _group(self, command: Command) -> Json:
        members = [self._who({"person": number}) for number in _numbers(command, "members")]
        if not any(not user.is_bot for user in members):
            raise BadCommand("A group needs at least one person.")
        founder = next(user for user in members if not user.is_bot)
        title = _name(command, "title")
        add = self._stage.add_supergroup if command.get("is_super") else self._stage.add_group
        chat = add(title, members=[user for user in members if not user.is_bot], admins=[founder])
        for bot in (user for user in members if user.is_bot):
            self._stage.join(chat, bot, by=founder)
        return {"place": f"g{chat.id}"}

    async def _join(self, command: Command) -> None:
        chat = self._chat(command)
        user = self._who(command, "user")
        if chat.user is not None or chat.status_of(user.id) not in {"left", "kicked"}:
            raise BadCommand(f"{user.first_name} cannot be added here.")
        self._stage.join(chat, user, by=self._who(command))

    async def _leave(self, command: Command) -> None:
        view = self._view(command)
        if view.chat.user is not None:
            raise BadCommand("A private chat cannot be left.")
        self._stage.leave(view.chat, view.person)

    # What goes wrong, and when.

    async def _fault(self, command: Command) -> None:
        try:
            mode = Mode(_text(command, "mode"))
            self._switches.turn(_text(command, "name"), mode, _text(command, "method", default="").strip() or None)
        except (KeyError, ValueError):
            raise BadCommand("There is no such switch.") from None

    async def _clock(self, command: Command) -> None:
        hours = _number(command, "hours")
        if not 0 < hours <= 24 * 366:
            raise BadCommand("The clock goes forward, by up to a year at a time.")
        self._stage.clock.move(timedelta(hours=hours))
        for chat in [*self._world.chats.values(), *self._world.private_chats.values()]:
            self._world.expire(chat)

    async def _clear(self, command: Command) -> None:
        self._clear_log()


_MISSING: Final = object()


def _text(command: Command, name: str, *, default: object = _MISSING) -> str:
    value = command.get(name, default)
    if not isinstance(value, str):
        raise BadCommand(f"{name!r} must be a text.")
    return value


def _number(command: Command, name: str) -> int:
    value = command.get(name)
    if type(value) is not int:
        raise BadCommand(f"{name!r} must be a whole number.")
    return value


def _numbers(command: Command, name: str) -> list[int]:
    value = command.get(name)
    if not isinstance(value, list) or not all(type(number) is int for number in value):
        raise BadCommand(f"{name!r} must be a list of whole numbers.")
    return value


def _typed(command: Command) -> str:
    text = _text(command, "text").strip()
    if not text:
        raise BadCommand("Type something first.")
    if len(text) > MAX_TEXT:
        raise BadCommand(f"A message holds {MAX_TEXT} characters, and this has {len(text)}.")
    return text


def _name(command: Command, name: str) -> str:
    text = _text(command, name).strip()
    if not 0 < len(text) <= MAX_NAME:
        raise BadCommand(f"A name has 1 to {MAX_NAME} characters.")
    return text
