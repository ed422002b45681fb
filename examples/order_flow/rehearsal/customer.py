"""A scripted customer, who remembers what each line of the chat belongs to."""

from __future__ import annotations

from typing import Final

from examples.order_flow.rehearsal.verdict import Line, Part
from tgslices.testing import ChatView, StoredMessage, VisibleMessage

PATIENCE: Final = 120.0
"""Seconds to wait for anything that should happen soon: a new process takes its time on a busy machine."""


class Customer:
    """A person in the private chat with the bot."""

    def __init__(self, chat: ChatView) -> None:
        """Begin with an empty memory."""
        self.chat = chat
        self.said: dict[int, Line] = {}

    async def says(
        self,
        text: str,
        part: Part = Part.ORDER,
        *,
        answered_in: Part | None = None,
        reply_to: VisibleMessage | None = None,
    ) -> VisibleMessage:
        """Type a line and wait for the bot's answer, which belongs to the same part unless told otherwise.

        Raises:
            AssertionError: there was no answer; the text shows the chat.
        """
        await self.types(text, part, reply_to=reply_to)
        return await self.is_answered(answered_in or part)

    async def types(
        self, text: str, part: Part = Part.ORDER, *, reply_to: VisibleMessage | None = None
    ) -> StoredMessage:
        """Type a line, and do not wait."""
        message = await self.chat.types(text, reply_to=reply_to)
        self.said[message.message_id] = Line(part, f"{message.message_id:>5}  {self.chat.person.first_name}: {text}")
        return message

    async def is_answered(self, part: Part = Part.ORDER) -> VisibleMessage:
        """Wait for the bot's next message.

        Raises:
            AssertionError: there was none; the text shows the chat.
        """
        await self.chat.until(lambda _: self._unknown(), timeout=PATIENCE)
        answers = self._unknown()
        for answer in answers:
            self.said[answer.message_id] = Line(part, str(answer))
        return answers[-1]

    async def taps(self, caption: str, *, then: str) -> None:
        """Tap an inline button and wait until the bot has answered the tap, and some message reads as expected.

        Raises:
            AssertionError: there is no such button, or it did not come to that; the text shows the chat.
        """
        tap = await self.chat.taps(caption)
        await self.chat.until(lambda chat: tap.is_answered and then in "\n".join(chat.texts()), timeout=PATIENCE)

    def _unknown(self) -> list[VisibleMessage]:
        return [message for message in self.chat.visible() if message.message_id not in self.said]

    def visible(self) -> dict[int, str]:
        """The messages that are there now, by number."""
        return {message.message_id: str(message) for message in self.chat.visible()}

    def left_of(self, part: Part) -> list[int]:
        """The numbers of a part's messages that are there now."""
        return [number for number in self.visible() if number in self.said and self.said[number].part is part]

    def count(self, part: Part) -> int:
        """How many messages a part has had."""
        return sum(line.part is part for line in self.said.values())
