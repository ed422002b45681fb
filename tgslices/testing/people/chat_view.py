"""One person's view of a chat, with everything that the person does there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tgslices.testing.actions.business import delete_in_business_chat
from tgslices.testing.actions.delivery import announce, announce_tap
from tgslices.testing.actions.service_messages import pin
from tgslices.testing.content.files import keep_file
from tgslices.testing.content.media import MEDIA, media_content
from tgslices.testing.content.text import MAX_CAPTION, MAX_TEXT
from tgslices.testing.people.interacting import AnyMessage, ChatInteractions, stored_of
from tgslices.testing.people.seeing import inline_rows
from tgslices.testing.people.topics import TopicName, topic_number
from tgslices.testing.rules.senders import sender_fields
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.taps import Tap
from tgslices.testing.text.finding import found_entities
from tgslices.testing.wire.arguments import Upload
from tgslices.testing.wire.json_text import Json

__tracebackhide__ = True  # pytest leaves the frames of this module out


def _text_content(text: str, name: str = "text") -> Json:
    """What a client sends of a text. Raises ValueError for one that no client sends, TypeError for what is none."""
    most = MAX_TEXT if name == "text" else MAX_CAPTION
    if not isinstance(text, str):
        raise TypeError(f"a person types a text, not {text!r}")
    if len(text) > most or (name == "text" and not text.strip()):
        raise ValueError(f"no client sends {name} of {len(text)} characters: from 1 to {most}, and not blanks alone")
    entities = found_entities(text)
    return {name: text, f"{'caption_' if name == 'caption' else ''}entities": entities} if entities else {name: text}


class ChatView(ChatInteractions):
    """One chat as one person sees it and acts in it. Bots are told as Telegram tells them.

    The person is slower than a bot whose dispatcher runs in `running`: whatever they do, they let handlers that are at
    work finish first, and then those of what they did. What a handler raises is raised to them.
    """

    async def types(
        self,
        text: str,
        *,
        reply_to: AnyMessage | None = None,
        topic: TopicName | None = None,
        sender: Chat | None = None,
    ) -> StoredMessage:
        """Send a text, with the entities that Telegram finds in it.

        ``topic`` is a topic, its name, or its number: in a channel's direct messages that of the user who writes. A
        reply stands in the topic of what it replies to, unless another is named. ``sender`` is a chat that the person
        runs and writes as: a channel, or this group itself for an anonymous administrator.

        Raises:
            NotAllowed: the person may not write here; the text says why and shows the chat.
            AssertionError: there is no such topic; the text lists those that there are.
        """
        return await self.sends("text", _text_content(text), reply_to=reply_to, topic=topic, sender=sender)

    async def sends(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        reply_to: AnyMessage | None = None,
        topic: TopicName | None = None,
        sender: Chat | None = None,
    ) -> StoredMessage:
        """Send a message of any kind: ``content`` holds its fields as in the Bot API's ``Message``.

        Raises:
            NotAllowed: the person may not send such a message here; the text says why and shows the chat.
        """
        return await self.does(lambda: self._send(kind, content, reply_to=reply_to, topic=topic, sender=sender))

    def _send(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        reply_to: AnyMessage | None = None,
        topic: TopicName | None = None,
        sender: Chat | None = None,
    ) -> StoredMessage:
        replied = None if reply_to is None else stored_of(reply_to)
        number = topic_number(self.chat, topic, replied)
        self.check_writing(kind, self.chat.topics.get(number))
        fields = dict(content) | self.chat.topic_json(number)
        if sender is not None:
            self.check_writing_as(sender)
            fields |= sender_fields(self.chat.json(), sender.json())
        message = self._world.store(self.chat, self.person, kind, fields, reply_to=replied)
        announce(self._world, message)
        return message

    async def sends_file(
        self, kind: str = "photo", *, caption: str = "", name: str = "file.bin", data: bytes = b"data"
    ) -> StoredMessage:
        """Send a file as a photo, video, document or another kind with a file. A bot can download it."""
        return await self.sends(kind, self._file_content(kind, caption, name, data))

    async def sends_album(self, kinds: Sequence[str] = ("photo", "photo"), *, caption: str = "") -> list[StoredMessage]:
        """Send files as one album, with the caption under the first. Each makes an update of its own."""
        mark = self._world.next_album()
        contents = [
            self._file_content(kind, "" if number else caption, f"{kind}{number}.bin", b"data")
            for number, kind in enumerate(kinds)
        ]
        return await self.does(
            lambda: [
                self._send(kind, content | {"media_group_id": mark})
                for kind, content in zip(kinds, contents, strict=True)
            ]
        )

    def _file_content(self, kind: str, caption: str, name: str, data: bytes) -> Json:
        file = keep_file(self._world, Upload(name, "application/octet-stream", data), kind)
        return media_content(MEDIA[kind], file, _text_content(caption, "caption"))

    async def sends_ephemeral(self, bot: BotAccount, text: str) -> StoredMessage:
        """Send an ephemeral message to a bot of the group. Only the person and the bot see it.

        Raises:
            NotAllowed: the person may not write here.
        """
        return await self.does(lambda: self._send_ephemeral(bot, text))

    def _send_ephemeral(self, bot: BotAccount, text: str) -> StoredMessage:
        self.check_writing("text")
        message = self._world.store_ephemeral(self.chat, self.person, bot, "text", _text_content(text))
        announce(self._world, message)
        return message

    async def edits(self, message: AnyMessage, text: str) -> StoredMessage:
        """Change the text of a message. The bots get it as an edited message.

        Raises:
            NotAllowed: the person may not edit it.
        """
        return await self.does(lambda: self._edit(stored_of(message), text))

    def _edit(self, stored: StoredMessage, text: str) -> StoredMessage:
        self.check_editing(stored)
        kept = {name: value for name, value in stored.content.items() if name not in {"text", "entities"}}
        self._world.change(stored, kept | _text_content(text))
        announce(self._world, stored, edited=True)
        return stored

    async def deletes(self, *messages: AnyMessage) -> None:
        """Delete messages for everybody. Bots are not told, unless they are connected to a business account.

        Raises:
            NotAllowed: the person may not delete one of them; all stay.
        """
        await self.does(lambda: self._delete([stored_of(message) for message in messages]))

    def _delete(self, gone: list[StoredMessage]) -> None:
        for message in gone:
            self.check_deleting(message)
        if self.chat.owner is not None:
            delete_in_business_chat(self._world, gone)
        else:
            self._world.remove(gone)

    async def pins(self, message: AnyMessage) -> StoredMessage:
        """Pin a message; returns the service message about it.

        Raises:
            NotAllowed: the person may not pin it.
        """
        return await self.does(lambda: self._pin(stored_of(message)))

    def _pin(self, stored: StoredMessage) -> StoredMessage:
        self.check_pinning(stored)
        return pin(self._world, stored, self.person)

    async def taps(
        self, text: str | None = None, *, callback_data: str | None = None, is_accessible: bool = True
    ) -> Tap:
        """Tap the newest visible inline button with this caption or this callback data; the bot gets a callback query.

        With ``is_accessible=False`` the query has an ``InaccessibleMessage``, as for a message that Telegram does not
        hand out any more.

        Raises:
            AssertionError: there is no such button; the text shows the chat.
            NotAllowed: the person is not in the chat.
        """
        return await self.does(lambda: self._tap(text, callback_data, is_accessible=is_accessible))

    def _tap(self, text: str | None, callback_data: str | None, *, is_accessible: bool) -> Tap:
        for message in reversed(self.stored()):
            for button in (button for row in inline_rows(message) for button in row):
                data = button.get("callback_data")
                if data is not None and text in {None, button["text"]} and callback_data in {None, data}:
                    return self._tap_on(message, str(data), is_accessible=is_accessible)
        wanted = text if text is not None else f"callback_data={callback_data!r}"
        raise AssertionError(f"no visible button {wanted!r}:\n{self}{self.hints()}")

    def _tap_on(self, message: StoredMessage, data: str, *, is_accessible: bool) -> Tap:
        self.check_acting("tap a button")
        bot = self._world.bot_by_id(message.bot_id)
        if bot is None:
            raise AssertionError(f"the message with this button was not sent by a bot:\n{self}")
        tap = self._world.tap(self.person, message, bot, data)
        tap.is_accessible = is_accessible
        tap.connection_id = self.connection_of(bot)
        announce_tap(tap)
        return tap

    def connection_of(self, bot: BotAccount) -> str | None:
        """The id of the connection by which a bot sees this chat of a business account; None for other chats."""
        for connection in self._world.connections.values():
            if connection.bot is bot and self.chat.owner is not None and connection.owner is self.chat.owner:
                return connection.id
        return None

    async def presses(self, text: str) -> StoredMessage:
        """Press a button of the reply keyboard, which sends its caption.

        Raises:
            AssertionError: no such button is shown.
        """
        return await self.does(lambda: self._press(text))

    def _press(self, text: str) -> StoredMessage:
        self.use_key(text)
        return self._send("text", _text_content(text))

    def use_key(self, text: str) -> None:
        """Note that the person pressed a button of the reply keyboard; what it sends is left to the caller.

        Raises:
            AssertionError: no such button is shown.
        """
        shown = self.shown_markup()
        if shown is None or not any(text in row for row in self.keyboard()):
            raise AssertionError(f"no button {text!r} in the reply keyboard {self.keyboard()}:\n{self}{self.hints()}")
        self.chat.messages[shown.serial].used_by |= {self.person.id}
