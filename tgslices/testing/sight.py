"""What a person sees of one chat, and waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from tgslices.testing.accounts import User
from tgslices.testing.entities import Chat, StoredMessage
from tgslices.testing.world import World


@dataclass(frozen=True, slots=True)
class VisibleMessage:
    """One message as it looks now.

    ``message_id`` is its number for the (first) bot of the chat, 0 for an ephemeral one; ``text`` is the text or
    caption, empty for neither; ``buttons`` are the rows of inline buttons by their captions; ``date`` is aware and in
    UTC; ``stored`` is the message itself, to edit, delete or reply to.
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
        number = str(self.message_id) if self.message_id else f"e{self.stored.ephemeral_id}"
        return f"{number:>5}  {self.sender}: {shown}{rows}"


def inline_rows(message: StoredMessage) -> list[list[dict[str, object]]]:
    """The rows of inline buttons under a message; ``[]`` for none."""
    rows: list[list[dict[str, object]]] = message.content.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


def seen(message: StoredMessage) -> VisibleMessage:
    """A message as it looks."""
    content = message.content
    author = content.get("from") or content["chat"]
    return VisibleMessage(
        message_id=message.message_id,
        from_id=author["id"],
        sender=author.get("first_name") or str(author.get("title")),
        text=content.get("text") or content.get("caption") or "",
        kind=message.kind,
        buttons=tuple(tuple(str(button["text"]) for button in row) for row in inline_rows(message)),
        date=datetime.fromtimestamp(message.date, UTC),
        stored=message,
    )


class Sight:
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

    def stored(self) -> list[StoredMessage]:
        """The messages that the person sees now, oldest first, as the server keeps them."""
        self._world.expire(self.chat)
        me = self.person.id
        return [m for m in self.chat.messages.values() if m.receiver_id is None or me in {m.receiver_id, m.sender_id}]

    def visible(self) -> list[VisibleMessage]:
        """The messages that the person sees now, oldest first; service messages included."""
        return [seen(message) for message in self.stored()]

    def texts(self) -> list[str]:
        """The visible texts and captions, oldest first; empty strings for messages that have neither."""
        return [message.text for message in self.visible()]

    def keyboard(self) -> list[list[str]]:
        """The reply keyboard that is shown now, by rows of captions; ``[]`` for none.

        Source: https://core.telegram.org/bots/api#replykeyboardmarkup
        """
        for message in reversed(self.stored()):
            markup = message.markup or {}
            if "keyboard" in markup:
                rows = markup["keyboard"]
                return [[str(b["text"] if isinstance(b, dict) else b) for b in row] for row in rows]
            if "remove_keyboard" in markup:
                return []
        return []

    def __str__(self) -> str:
        """The chat as the person sees it, one line per message."""
        chat = self.chat
        other = chat.bot or (chat.user if self.person is not chat.user else chat.owner)
        name = chat.title or (other.first_name if other is not None else "chat")
        lines = [str(message) for message in self.visible()] or ["       (nothing is visible)"]
        return "\n".join([f"--- {name}, as {self.person.first_name} sees it ---", *lines])

    async def until(self, condition: Callable[[Self], object], *, timeout: float = 5.0) -> Self:  # noqa: ASYNC109
        """Wait until the condition holds, looking again after every change; ``timeout`` is in seconds of real time.

        A condition that raises `LookupError` does not hold yet (``view.texts()[-1]`` of an empty chat).

        Raises:
            AssertionError: it did not hold in time; the text shows the chat as the person sees it.
        """

        def holds() -> bool:
            try:
                return bool(condition(self))
            except LookupError:
                return False

        try:
            await asyncio.wait_for(self._world.changes.until(holds), timeout)
        except TimeoutError:
            raise AssertionError(f"not so within {timeout:g} s:\n{self}") from None
        return self
