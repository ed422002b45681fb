"""What a person does in a chat of the page: writes, sends, taps, reacts, votes, pays."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tgslices.testing.actions.delivery import announce_tap
from tgslices.testing.content.files import keep_file
from tgslices.testing.content.media import MEDIA, media_content
from tgslices.testing.page.drawn_view import views_of
from tgslices.testing.page.fields import BadCommand, Command, degrees_in, number_in, numbers_in, text_in, typed_in
from tgslices.testing.page.places import find_chat
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.people.seeing import inline_rows
from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.text.finding import found_entities
from tgslices.testing.wire.arguments import Upload
from tgslices.testing.wire.json_text import Json

PATIENCE: Final = 10.0
"""Seconds that a person waits for a bot to agree to a payment."""


class Talking:
    """Acts as the person that a command names, in the place that it names."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.commands: Mapping[str, Callable[[Command], Awaitable[Json | None]]] = {
            "type": self._type,
            "edit": self._edit,
            "delete": self._delete,
            "pin": self._pin,
            "react": self._react,
            "vote": self._vote,
            "tap": self._tap,
            "pay": self._pay,
            "share": self._share,
        }

    # Who, where, and which.

    def who(self, command: Command, name: str = "person") -> User:
        """The person or bot of this number.

        Raises:
            BadCommand: there is none.
        """
        user = self._world.users.get(number_in(command, name))
        if user is None:
            raise BadCommand("There is no such person or bot.")
        return user

    def chat(self, command: Command) -> Chat:
        """The chat.

        Raises:
            BadCommand: there is none.
        """
        chat = find_chat(self._world, text_in(command, "place"))
        if chat is None:
            raise BadCommand("There is no such chat.")
        return chat

    def view(self, command: Command) -> ChatView:
        """The chat as the person sees it.

        Raises:
            BadCommand: the person is not inside, or the chat has moved.
        """
        person = self.who(command)
        chat = self.chat(command)
        view = next((view for view in views_of(self._world, chat) if view.person is person), None)
        if view is None:
            raise BadCommand(f"{person.first_name} is not in this chat.")
        if chat.migrated_to is not None:
            raise BadCommand("This group has become a supergroup: go on there.")
        return view

    def _message(self, view: ChatView, command: Command, name: str = "serial") -> StoredMessage:
        serial = number_in(command, name)
        found = next((message for message in view.stored() if message.serial == serial), None)
        if found is None:
            raise BadCommand("This message is gone.")
        return found

    def _topic(self, view: ChatView, command: Command, reply_to: StoredMessage | None = None) -> int | None:
        """The topic to write into; among direct messages that of the message that is answered, if none is named."""
        answers_people = view.chat.is_run_by(view.person.id)
        if command.get("topic") is None:
            number = reply_to.topic_id if answers_people and reply_to is not None else 0
            if answers_people and not number:
                raise BadCommand("Choose above whom to write to, or reply to a message.")
            return number or None
        number = number_in(command, "topic")
        if number not in (view.chat.writers if answers_people else view.chat.topics):
            raise BadCommand("This topic is gone.")
        return number

    # What they do.

    async def _type(self, command: Command) -> None:
        view = self.view(command)
        text = typed_in(command)
        reply_to = None if command.get("reply") is None else self._message(view, command, "reply")
        topic = self._topic(view, command, reply_to)
        if command.get("is_key"):
            self._use_key(view, text_in(command, "text"))
        await view.types(text, reply_to=reply_to, topic=topic)

    def _use_key(self, view: ChatView, text: str) -> None:
        try:
            view.use_key(text)
        except AssertionError:
            raise BadCommand("This button is gone.") from None

    async def send_file(self, command: Command, upload: Upload) -> None:
        """Send a file as a message; ``album`` is a mark that the files of one album share.

        Raises:
            BadCommand: there is no such kind, person or place.
            ApiError: the file is empty or too large.
        """
        kind = MEDIA.get(text_in(command, "kind"))
        if kind is None:
            raise BadCommand("Files are sent as photo, video, audio, document or the like.")
        view = self.view(command)
        text = text_in(command, "caption", default="")
        given = {"caption": text, "caption_entities": found_entities(text)}
        given |= {name: command[name] for name in ("duration", "emoji") if name in command}
        content = media_content(kind, keep_file(self._world, upload, kind.kind), given)
        if album := text_in(command, "album", default=""):
            content["media_group_id"] = album
        await view.sends(kind.kind, content, topic=self._topic(view, command))

    async def _edit(self, command: Command) -> None:
        view = self.view(command)
        message = self._message(view, command)
        if message.sender_id != view.person.id or message.kind != "text":
            raise BadCommand("Only texts of one's own can be edited.")
        await view.edits(message, typed_in(command))

    async def _delete(self, command: Command) -> None:
        view = self.view(command)
        await view.deletes(self._message(view, command))

    async def _pin(self, command: Command) -> None:
        view = self.view(command)
        await view.pins(self._message(view, command))

    async def _react(self, command: Command) -> None:
        view = self.view(command)
        emoji = text_in(command, "emoji")
        await view.reacts(self._message(view, command), *([emoji] if emoji else []))

    async def _vote(self, command: Command) -> None:
        view = self.view(command)
        message = self._message(view, command)
        try:
            await view.votes(message, *numbers_in(command, "options"))
        except ValueError as error:
            raise BadCommand(f"{str(error).capitalize()}.") from None

    async def _tap(self, command: Command) -> Json:
        view = self.view(command)
        view.check_acting("tap a button")
        message = self._message(view, command)
        try:
            button = inline_rows(message)[number_in(command, "row")][number_in(command, "column")]
        except IndexError:
            raise BadCommand("This button is gone.") from None
        bot = self._world.bot_by_id(message.bot_id)
        if bot is None or "callback_data" not in button:
            raise BadCommand("This button does not ask a bot.")
        tap = self._world.tap(view.person, message, bot, str(button["callback_data"]))
        tap.connection_id = view.connection_of(bot)
        announce_tap(tap)
        return {"tap": tap.id}

    async def _pay(self, command: Command) -> None:
        view = self.view(command)
        try:
            await view.pays(self._message(view, command), timeout=PATIENCE)
        except AssertionError as error:
            reason = str(error).partition("\n")[0]
            told = f"The bot did not agree in {PATIENCE:g} seconds." if reason.startswith("not so") else reason
            raise BadCommand(f"{told[0].upper()}{told[1:]}") from None

    async def _share(self, command: Command) -> None:
        view = self.view(command)
        kind = text_in(command, "kind")
        shared = {"contact": self._contact, "location": self._location}.get(kind)
        if shared is None:
            raise BadCommand("A contact or a location can be shared.")
        content = shared(command)
        if "key" in command:
            self._use_key(view, text_in(command, "key"))
        await view.sends(kind, {kind: content}, topic=self._topic(view, command))

    def _contact(self, command: Command) -> Json:
        """The contact of a person, one's own unless another is named."""
        whose = self.who(command, "user" if "user" in command else "person")
        phone = text_in(command, "phone", default="+10005550100").strip()
        if not re.fullmatch(r"\+?[\d ]{3,24}", phone):
            raise BadCommand("A phone number has 3 to 24 digits.")
        return {"phone_number": phone, "first_name": whose.first_name, "user_id": whose.id}

    def _location(self, command: Command) -> Json:
        latitude = degrees_in(command, "latitude", 90, 59.437)
        return {"latitude": latitude, "longitude": degrees_in(command, "longitude", 180, 24.7536)}
