"""What is done on the page, done in the world: who there is, what goes wrong, and what time it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from tgslices.testing.page.ending_sessions import EndingSessions
from tgslices.testing.page.fields import BadCommand, Command, name_in, number_in, text_in
from tgslices.testing.page.founding import AddBot, Founding
from tgslices.testing.page.inspector import Inspector
from tgslices.testing.page.switches import Mode, Switches
from tgslices.testing.page.talking import Talking
from tgslices.testing.stage import Stage
from tgslices.testing.wire.json_text import Json


class Commands:
    """Does one command after the other; each is a JSON object that names itself under ``do``."""

    def __init__(
        self,
        stage: Stage,
        add_bot: AddBot,
        switches: Switches,
        inspector: Inspector,
        clear_log: Callable[[], None],
    ) -> None:
        self.talking = Talking(stage.world)
        self._stage = stage
        self._world = stage.world
        self._switches = switches
        self._clear_log = clear_log
        self._known: dict[str, Callable[[Command], Awaitable[Json | None]]] = {
            **self.talking.commands,
            **EndingSessions(inspector).commands,
            **Founding(stage, self.talking, add_bot).commands,
            "topic": self._topic,
            "join": self._join,
            "leave": self._leave,
            "appoint": self._appoint,
            "fault": self._fault,
            "clock": self._clock,
            "clear log": self._clear,
        }

    async def perform(self, command: object) -> Json:
        """Do it; returns what the page wants to know of it, ``{}`` for nothing.

        Raises:
            BadCommand: it cannot be done.
            NotAllowed: the person may not do it.
        """
        if not isinstance(command, dict):
            raise BadCommand("A command is a JSON object.")
        action = self._known.get(str(command.get("do")))
        if action is None:
            raise BadCommand(f"There is nothing called {command.get('do')!r} to do.")
        result = await action(command)
        self._world.changes.notify()
        return result or {}

    # Who there is, and where.

    async def _topic(self, command: Command) -> Json:
        view = self.talking.view(command)
        if not view.chat.is_forum:
            raise BadCommand("Only forums have topics.")
        view.check_acting("make a topic", "can_manage_topics")
        return {"topic": self._stage.add_topic(view, name_in(command, "name"), by=view.person).thread_id}

    async def _join(self, command: Command) -> None:
        view = self.talking.view(command)
        user, member = self.talking.who(command, "user"), view.chat.members.get(number_in(command, "user"))
        if view.chat.user is not None or (member is not None and member.is_inside):
            raise BadCommand(f"{user.first_name} cannot be added here.")
        view.check_inviting(user)
        self._stage.join(view.chat, user, by=view.person)

    async def _appoint(self, command: Command) -> None:
        view, user = self.talking.view(command), self.talking.who(command, "user")
        if view.chat.user is not None:
            raise BadCommand("A private chat has no administrators.")
        view.check_appointing(user)
        change = self._stage.promote if command.get("is_administrator") else self._stage.demote
        change(view.chat, user, by=view.person)

    async def _leave(self, command: Command) -> None:
        view = self.talking.view(command)
        if view.chat.user is not None or view.chat.parent is not None:
            raise BadCommand("Only groups and channels can be left.")
        view.check_acting("leave")
        self._stage.leave(view.chat, view.person)

    # What goes wrong, and when.

    async def _fault(self, command: Command) -> None:
        try:
            mode = Mode(text_in(command, "mode"))
            method = text_in(command, "method", default="").strip() or None
            self._switches.turn(text_in(command, "name"), mode, method)
        except (KeyError, ValueError):
            raise BadCommand("There is no such switch.") from None

    async def _clock(self, command: Command) -> None:
        hours = number_in(command, "hours")
        if not 0 < hours <= 24 * 366:
            raise BadCommand("The clock goes forward, by up to a year at a time.")
        self._stage.clock.move(timedelta(hours=hours))
        for chat in [*self._world.chats.values(), *self._world.private_chats.values()]:
            self._world.expire(chat)

    async def _clear(self, command: Command) -> None:
        self._clear_log()
