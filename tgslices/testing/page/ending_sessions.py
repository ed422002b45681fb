"""Sessions cleared and closed from the inspector, as the bot itself would do it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tgslices.errors import TgslicesError
from tgslices.results import ClearResult
from tgslices.testing.page.fields import BadCommand, Command, text_in
from tgslices.testing.page.inspector import InspectedSession, Inspector
from tgslices.testing.wire.json_text import Json


class EndingSessions:
    """Ends the sessions that the inspector shows, where it knows their manager."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self.commands: Mapping[str, Callable[[Command], Awaitable[Json | None]]] = {
            "clear session": self._clear,
            "close session": self._close,
        }

    async def _clear(self, command: Command) -> Json:
        try:
            return {"told": in_words(await self._session(command).clear())}
        except TgslicesError as error:
            raise BadCommand(str(error)) from None

    async def _close(self, command: Command) -> Json:
        try:
            count = await self._session(command).close()
        except TgslicesError as error:
            raise BadCommand(str(error)) from None
        return {"told": f"Closed; {count} {'message stays' if count == 1 else 'messages stay'} in the chat."}

    def _session(self, command: Command) -> InspectedSession:
        session = self._inspector.session(text_in(command, "session"))
        if session is None:
            raise BadCommand("This session is not open any more, or the page can only read it.")
        return session


def in_words(result: ClearResult) -> str:
    """How a clear ended, in one line: the outcomes that came about, with their counts."""
    outcomes = {
        "deleted": result.accepted,
        "refused": result.refused,
        "too old": result.expired,
        "put off": result.deferred,
        "out of reach": result.unreachable,
        "pending": result.pending,
    }
    told = [f"{len(messages)} {name}" for name, messages in outcomes.items() if messages]
    return f"Cleared: {', '.join(told)}." if told else "There was nothing to clear."
