"""What a person sees of one chat, and does there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tgslices.testing.delivery import announce, press
from tgslices.testing.entities import Chat, Json, StoredMessage, Tap, User
from tgslices.testing.methods.text import utf16_length
from tgslices.testing.world import World

_COMMAND: Final = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?")


@dataclass(frozen=True, slots=True)
class VisibleMessage:
    """One message as it looks now.

    ``text`` is the text or caption, empty for neither; ``buttons`` are the rows of inline buttons by their captions;
    ``date`` is aware and in UTC; ``stored`` is the message itself, to edit, delete or reply to.
    """

    message_id: int
    from_id: int
    sender: str
    text: str
    kind: str
    buttons: tuple[tuple[str, ...], ...]
    date: datetime
    stored: StoredMessage

    def __str__(self) -> str:
        """One line of the chat."""
        shown = self.text if self.kind == "text" else f"<{self.kind}> {self.text}".rstrip()
        rows = "".join("  " + " ".join(f"[{button}]" for button in row) for row in self.buttons)
        return f"{self.message_id:>5}  {self.sender}: {shown}{rows}"


def command_entities(text: str) -> list[Json]:
    """The ``bot_command`` entities of a typed text, in order; offsets in UTF-16 units."""
    return [
        {
            "type": "bot_command",
            "offset": utf16_length(text[: match.start()]),
            "length": utf16_length(match.group()),
        }
        for match in _COMMAND.finditer(text)
    ]


class ChatView:
    """One chat through the eyes of one person. Everything is seen as it is at the time of the call."""

    def __init__(self, world: World, person: User, chat: Chat) -> None:
        """Look at this chat as this person."""
        self._world = world
        self.person = person
        self.chat = chat

    @property
    def id(self) -> int:
        """The chat's number in the Bot API."""
        return self.chat.id

    def visible(self) -> list[VisibleMessage]:
        """The messages that the person sees now, oldest first."""
        return [self._shown(message) for message in self._stored()]

    def _stored(self) -> Iterable[StoredMessage]:
        me = self.person.id
        return [m for m in self.chat.messages.values() if m.receiver_id is None or me in {m.receiver_id, m.sender_id}]

    def _shown(self, message: StoredMessage) -> VisibleMessage:
        content = message.content
        keyboard = content.get("reply_markup", {}).get("inline_keyboard", ())
        return VisibleMessage(
            message_id=message.message_id,
            from_id=content["from"]["id"] if "from" in content else content["chat"]["id"],
            sender=content["from"]["first_name"] if "from" in content else str(content["chat"].get("title")),
            text=content.get("text") or content.get("caption") or "",
            kind=message.kind,
            buttons=tuple(tuple(button["text"] for button in row) for row in keyboard),
            date=datetime.fromtimestamp(message.date, UTC),
            stored=message,
        )

    def texts(self) -> list[str]:
        """The visible texts and captions, oldest first; empty strings for messages that have neither."""
        return [message.text for message in self.visible()]

    def __str__(self) -> str:
        """The chat as the person sees it, one line per message."""
        name = self.chat.title or (self.chat.bot.first_name if self.chat.bot else "chat")
        lines = [str(message) for message in self.visible()] or ["       (nothing is visible)"]
        return "\n".join([f"--- {name}, as {self.person.first_name} sees it ---", *lines])

    async def types(self, text: str, *, reply_to: StoredMessage | VisibleMessage | None = None) -> StoredMessage:
        """Send a text; the bots that are there get it as an update. Returns the stored message."""
        content: Json = {"text": text}
        entities = command_entities(text)
        if entities:
            content["entities"] = entities
        return await self.sends("text", content, reply_to=reply_to)

    async def sends(
        self, kind: str, content: dict[str, Any], *, reply_to: StoredMessage | VisibleMessage | None = None
    ) -> StoredMessage:
        """Send a message of any kind: ``content`` holds its fields as in the Bot API's ``Message``."""
        replied = reply_to.stored if isinstance(reply_to, VisibleMessage) else reply_to
        message = self._world.store(self.chat, self.person, kind, content, reply_to=replied)
        announce(self._world, message)
        await asyncio.sleep(0)
        return message

    async def edits(self, message: StoredMessage | VisibleMessage, text: str) -> StoredMessage:
        """Change a text of one's own; the bots get it as an edited message."""
        stored = message.stored if isinstance(message, VisibleMessage) else message
        if stored.sender_id != self.person.id:
            raise AssertionError(f"{self.person.first_name} can only edit own messages, and this is none:\n{self}")
        kept = {name: value for name, value in stored.content.items() if name not in {"text", "entities"}}
        entities = command_entities(text)
        stored.content = kept | {"text": text} | ({"entities": entities} if entities else {})
        self._world.touch(stored)
        announce(self._world, stored, edited=True)
        await asyncio.sleep(0)
        return stored

    async def deletes(self, message: StoredMessage | VisibleMessage) -> None:
        """Delete a message for everybody; bots are not told, but for business connections."""
        stored = message.stored if isinstance(message, VisibleMessage) else message
        self._world.remove([stored])
        await asyncio.sleep(0)

    async def taps(self, text: str | None = None, *, callback_data: str | None = None) -> Tap:
        """Tap the newest visible inline button with this caption or this callback data; the bot gets a callback query.

        Raises:
            AssertionError: there is no such button; the text shows the chat.
        """
        for message in reversed(list(self._stored())):
            for row in message.content.get("reply_markup", {}).get("inline_keyboard", ()):
                for button in row:
                    if "callback_data" not in button:
                        continue
                    if text in {None, button["text"]} and callback_data in {None, button["callback_data"]}:
                        return await self._tap(message, button["callback_data"])
        wanted = text if text is not None else f"callback_data={callback_data!r}"
        raise AssertionError(f"no visible button {wanted!r}:\n{self}")

    async def _tap(self, message: StoredMessage, data: str) -> Tap:
        bot = self._world.bot_by_id(message.sender_id)
        if bot is None:
            raise AssertionError(f"the message with this button was not sent by a bot:\n{self}")
        tap = self._world.tap(self.person, message, bot, data)
        press(tap)
        await asyncio.sleep(0)
        return tap

    async def until(self, condition: Callable[[ChatView], object], *, timeout: float = 5.0) -> ChatView:  # noqa: ASYNC109
        """Wait until the condition holds, looking again after every change; ``timeout`` is in seconds of real time.

        A condition that raises `LookupError` does not hold yet (``view.texts()[-1]`` of an empty chat).

        Raises:
            AssertionError: it did not hold in time; the text shows the chat as the person sees it.
        """
        try:
            await asyncio.wait_for(wait_until(self._world, lambda: _holds(condition, self)), timeout)
        except TimeoutError:
            raise AssertionError(f"not so within {timeout:g} s:\n{self}") from None
        return self


def _holds(condition: Callable[[ChatView], object], view: ChatView) -> bool:
    try:
        return bool(condition(view))
    except LookupError:
        return False


def wait_until(world: World, condition: Callable[[], bool]) -> Awaitable[None]:
    """Wait, without a limit, until the condition holds; it is asked again after every change."""

    async def wait() -> None:
        while not condition():
            await world.changes.wait()

    return wait()
