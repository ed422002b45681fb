"""A person who gives the bot time: after a deed, until its handlers are through, and until something shows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from copy import copy
from datetime import timedelta
from inspect import iscoroutinefunction
from typing import Final, Self, TypeVar

from tgslices.testing.handler_errors import noted
from tgslices.testing.people.hints import hints
from tgslices.testing.people.seeing import SeenChat, VisibleMessage
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World

__tracebackhide__ = True  # pytest leaves the frames of this module out

PATIENCE: Final = timedelta(seconds=5)
"""How long a person waits for handlers."""

Done = TypeVar("Done")


class WaitingChat(SeenChat):
    """One chat through the eyes of one person, who waits."""

    def __init__(self, world: World, person: User, chat: Chat, *, waits: bool = True) -> None:
        """``waits`` is False for a person who never waits for handlers, and hears nothing of their errors."""
        super().__init__(world, person, chat)
        self._waits = waits

    @property
    def without_waiting(self) -> Self:
        """The same chat, whose person does not wait for handlers: for one that waits for what comes later.

        Nobody waits for what is done there later, either. Errors of handlers are left for others to be told of.
        """
        view = copy(self)
        view._waits = False
        return view

    async def does(self, act: Callable[[], Done]) -> Done:
        """Do something as a person does it, who is slower than the bot.

        Handlers at work are waited for, ``act`` is called, and the handlers of its updates are waited for.

        Raises:
            AssertionError: handlers were not through within `PATIENCE`.
            Exception: a handler raised this.
        """
        await self._let_the_bots_finish(None)
        before = {bot: bot.updates.next_id for bot in self._world.bots.values()}
        result = act()
        own = {bot: set(range(first, bot.updates.next_id)) for bot, first in before.items()}
        await asyncio.sleep(0)
        if self._waits:
            await self._let_the_bots_finish(own)
        else:
            for bot, updates in own.items():
                bot.handling.let_go(updates)
        return result

    async def _let_the_bots_finish(self, own: dict[BotAccount, set[int]] | None) -> None:
        """Wait for the handlers of these updates; of all that people wait for, for None."""
        if not self._waits:
            return
        if not await self._world.changes.within(PATIENCE.total_seconds(), lambda: not self._left(own)):
            left = ", ".join(self._left(own))
            raise AssertionError(
                f"the bot was not through with {left} within {PATIENCE.total_seconds():g} s. If its handler waits for "
                f"something that comes later, do not wait for it: chat.without_waiting, or "
                f"run(dispatcher, people_wait=False).\n{self}"
            )
        self._tell()

    def _left(self, own: dict[BotAccount, set[int]] | None) -> list[str]:
        """What handlers that people wait for have still to do, in words."""
        return [
            bot.handling.at_work.get(number, f"update {number}")
            for bot in self._world.bots.values()
            if bot.handling.people_wait and bot.handling.is_listening
            for number in bot.handling.awaited(bot.updates.pending)
            if own is None or number in own[bot]
        ]

    def _tell(self) -> None:
        """Raise what handlers have raised, unless somebody was told."""
        if errors := [error for bot in self._world.bots.values() for error in bot.handling.told()]:
            raise noted(errors)

    async def until(self, condition: Callable[[Self], object], *, timeout: float = 5.0) -> Self:  # noqa: ASYNC109
        """Wait until the condition holds; ``timeout`` is in seconds of real time.

        Every change of the world has it asked, and so does a short time, because it may concern the bot's own data.
        A condition that raises `LookupError` does not hold yet (``view.texts()[-1]`` of an empty chat).

        Raises:
            TypeError: the condition is no plain function.
            AssertionError: the condition did not hold in time; the text shows the chat as the person sees it.
            Exception: a handler raised this meanwhile, or before.
        """
        if not callable(condition) or iscoroutinefunction(condition):
            raise TypeError(f"the condition is {condition!r}: pass a plain function of the chat, or sees('...')")
        await self._wait_for(lambda: condition(self), timeout, lambda: f"not so within {timeout:g} s")
        return self

    async def sees(
        self,
        text: str | re.Pattern[str] | None = None,
        *,
        kind: str | None = None,
        timeout: float = 5.0,  # noqa: ASYNC109
    ) -> VisibleMessage:
        """Wait until a message shows with this text, and return it, the newest of several.

        ``text`` is the whole text, or a pattern that is found in it. ``kind`` is a ``ContentType``; without a text any
        message of that kind will do. ``timeout`` is in seconds of real time.

        Raises:
            AssertionError: no such message showed in time; the text shows the chat as the person sees it.
            Exception: a handler raised this meanwhile, or before.
        """
        found: list[VisibleMessage] = []

        def shows() -> bool:
            found[:] = [message for message in self.visible() if _is_like(message, text, kind)]
            return bool(found)

        wanted = " ".join(repr(part) if part is text else f"<{part}>" for part in (text, kind) if part is not None)
        await self._wait_for(shows, timeout, lambda: f"{self.person.first_name} did not see {wanted} in {timeout:g} s")
        return found[-1]

    async def sees_only(self, texts: Sequence[str], *, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until the visible texts are these, oldest first, and no other: `texts` of a chat.

        Raises:
            AssertionError: they were others all the time; the text shows the chat as the person sees it.
            Exception: a handler raised this meanwhile, or before.
        """
        wanted = list(texts)
        await self._wait_for(
            lambda: self.texts() == wanted,
            timeout,
            lambda: f"{self.person.first_name} did not see only {wanted} in {timeout:g} s, but {self.texts()}",
        )

    async def _wait_for(self, condition: Callable[[], object], seconds: float, missed: Callable[[], str]) -> None:
        def holds() -> bool:
            if self._waits and any(bot.handling.has_failed for bot in self._world.bots.values()):
                return True
            try:
                return bool(condition())
            except LookupError:
                return False

        came = await self._world.changes.within(seconds, holds)
        if self._waits:
            self._tell()
        if not came:
            raise AssertionError(f"{missed()}:\n{self}{self.hints()}")

    def hints(self) -> str:
        """Why a bot may not have done what was expected, a line each, each after a line break; empty for nothing."""
        return hints(self._world.bots.values())


def _is_like(message: VisibleMessage, text: str | re.Pattern[str] | None, kind: str | None) -> bool:
    if kind is not None and message.kind != kind:
        return False
    if isinstance(text, re.Pattern):
        return text.search(message.text) is not None
    return text is None or message.text == text
