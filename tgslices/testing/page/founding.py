"""What comes into being on the page: people, bots, chats of every kind, and business connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from tgslices.testing.page.fields import BadCommand, Command, name_in, number_in, numbers_in, text_in
from tgslices.testing.page.places import business_name, group_name
from tgslices.testing.page.talking import Talking
from tgslices.testing.rules.rights import all_rights
from tgslices.testing.stage import Stage
from tgslices.testing.state.accounts import BotAccount, Member, User
from tgslices.testing.state.chats import Chat
from tgslices.testing.wire.json_text import Json

KINDS: Final = ("group", "supergroup", "forum", "channel")
"""The chats that a person can found. A forum is a supergroup with topics."""

_BOT_NAME_ENDS: Final = "bot"
"""Source: https://core.telegram.org/bots/features#creating-a-new-bot ("must end in 'bot'")"""


class AddBot(Protocol):
    """The emulator's way to register a bot."""

    def __call__(self, username: str, *, first_name: str | None = None) -> BotAccount:
        """Register a bot with a random token."""


class Founding:
    """Makes what a command asks for."""

    def __init__(self, stage: Stage, talking: Talking, add_bot: AddBot) -> None:
        """Arrange this stage; ``talking`` finds the people that commands name."""
        self._stage = stage
        self._talking = talking
        self._add_bot = add_bot
        self.commands: Mapping[str, Callable[[Command], Awaitable[Json | None]]] = {
            "person": self._person,
            "bot": self._bot,
            "group": self._group,
            "business": self._business,
        }

    async def _person(self, command: Command) -> Json:
        username = text_in(command, "username", default="").strip().removeprefix("@")
        person = self._stage.add_person(name_in(command, "name"), username=username or None)
        return {"person": person.id}

    async def _bot(self, command: Command) -> Json:
        username = name_in(command, "username").removeprefix("@")
        if not username.lower().endswith(_BOT_NAME_ENDS):
            raise BadCommand("The username of a bot ends in 'bot'.")
        name = text_in(command, "name", default="").strip()
        bot = self._add_bot(username, first_name=name or None)
        return {"bot": bot.id, "token": bot.token}

    async def _group(self, command: Command) -> Json:
        kind = text_in(command, "kind", default="group")
        if kind not in KINDS:
            raise BadCommand(f"A chat is one of {', '.join(KINDS)}.")
        members = [self._talking.who({"person": number}) for number in numbers_in(command, "members")]
        people = [user for user in members if not user.is_bot]
        if not people:
            raise BadCommand("A chat needs at least one person.")
        founder = people[0]
        chat = self._chat(kind, name_in(command, "title"), people)
        chat.members[founder.id] = Member(founder, "creator", all_rights(chat.type))
        for bot in (user for user in members if user.is_bot):
            self._let_in(chat, bot, founder)
        if command.get("has_direct_messages") and kind == "channel":
            self._stage.add_direct_messages(chat)
        return {"place": group_name(chat.id)}

    def _chat(self, kind: str, title: str, people: Sequence[User]) -> Chat:
        if kind == "group":
            return self._stage.add_group(title, members=people)
        if kind == "channel":
            return self._stage.add_channel(title, members=people)
        return self._stage.add_supergroup(title, members=people, is_forum=kind == "forum")

    def _let_in(self, chat: Chat, bot: User, founder: User) -> None:
        """Add a bot; channels have bots as administrators only."""
        if chat.type == "channel":
            self._stage.promote(chat, bot, by=founder)
        else:
            self._stage.join(chat, bot, by=founder)

    async def _business(self, command: Command) -> Json:
        """Connect a bot to an account, and let a customer find the account."""
        owner, customer = self._talking.who(command, "owner"), self._talking.who(command, "customer")
        bot = self._talking.who({"person": number_in(command, "bot")})
        if owner is customer or owner.is_bot or customer.is_bot or not isinstance(bot, BotAccount):
            raise BadCommand("A business account, another person as its customer and a bot are needed.")
        world = self._stage.world
        is_connected = any(one.owner is owner and one.bot is bot for one in world.connections.values())
        if not is_connected:
            self._stage.connect_business(owner, bot)
        world.business_chat(customer, owner)
        return {"place": business_name(owner.id, customer.id)}
