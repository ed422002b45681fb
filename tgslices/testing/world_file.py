"""A world from a file: the bots, people, chats and messages that a TOML file names, made in an emulator."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tgslices.errors import TgslicesError
from tgslices.testing.people.person import Person
from tgslices.testing.server import BotApi
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat

_TABLES: Final[Mapping[str, Mapping[str, type]]] = {
    "bot": {"username": str, "name": str, "token": str, "reads_all_group_messages": bool},
    "person": {"name": str, "username": str, "last_name": str, "language_code": str},
    "chat": {
        "title": str, "kind": str, "username": str, "members": list, "admins": list, "topics": list,
        "direct_messages": bool,
    },
    "business": {"owner": str, "customer": str, "bot": str},
    "message": {"chat": str, "sender": str, "text": str},
}  # fmt: skip
"""The tables of a file in the order in which they are made, each with its fields."""

_REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "bot": frozenset({"username"}),
    "person": frozenset({"name"}),
    "chat": frozenset({"title", "kind"}),
    "business": frozenset({"owner", "customer", "bot"}),
    "message": frozenset({"chat", "sender", "text"}),
}

KINDS: Final = ("group", "supergroup", "forum", "channel")
"""The kinds of chats that a file may have."""


class WorldFileError(TgslicesError, ValueError):
    """A file that describes no world. ``place`` is the table and its number, such as ``"chat 2"``, or empty."""

    def __init__(self, path: Path, place: str, reason: str) -> None:
        super().__init__(path, place, reason)
        self.path = path
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.path), self.place, self.reason) if part)


def load_world(api: BotApi, path: Path) -> list[BotAccount]:
    """Make what a file names; returns its bots. Every person has a private chat with every bot.

    Raises:
        OSError: the file cannot be read.
        WorldFileError: it is no TOML, or names what there is not.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:  # of TOML, or of UTF-8
        raise WorldFileError(path, "", f"this is no TOML: {error}") from None
    unknown = sorted(tables.keys() - _TABLES.keys())
    if unknown:
        raise WorldFileError(path, "", f"there is no table [[{unknown[0]}]]; the tables are {', '.join(_TABLES)}")
    world = _Making(api)
    for table in _TABLES:
        for place, fields in _rows(path, table, tables.get(table, [])):
            try:
                world.make[table](fields)
            except ValueError as error:
                raise WorldFileError(path, place, str(error)) from None
    return world.bots


def _rows(path: Path, table: str, rows: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise WorldFileError(path, table, f"write [[{table}]], in double brackets, before each")
    for number, row in enumerate(rows, 1):
        place = f"{table} {number}"
        for name, value in row.items():
            wanted = _TABLES[table].get(name)
            if wanted is None:
                raise WorldFileError(path, place, f"there is no {name!r}; there are {', '.join(_TABLES[table])}")
            texts = value if isinstance(value, list) else []
            if not isinstance(value, wanted) or not all(isinstance(text, str) for text in texts):
                kind = {str: "a text", bool: "true or false", list: "a list of texts"}[wanted]
                raise WorldFileError(path, place, f"{name!r} must be {kind}")
        if missing := sorted(_REQUIRED[table] - row.keys()):
            raise WorldFileError(path, place, f"{missing[0]!r} is missing")
        yield place, row


class _Making:
    """Makes one row after another in an emulator. Whatever a row names has to be there; `ValueError` says so."""

    def __init__(self, api: BotApi) -> None:
        self.bots: list[BotAccount] = []
        self._api = api
        self._users: dict[str, User] = {}
        self._chats: dict[str, Chat] = {}
        self.make: Mapping[str, Callable[[dict[str, Any]], None]] = {
            "bot": self._bot,
            "person": self._person,
            "chat": self._chat,
            "business": self._business,
            "message": self._message,
        }

    def _named(self, name: str, user: User) -> None:
        if name in self._users:
            raise ValueError(f"there are two called {name!r}, and other tables could not tell them apart")
        self._users[name] = user

    def _user(self, name: str) -> User:
        if name not in self._users:
            raise ValueError(f"there is no person or bot called {name!r}, but {', '.join(self._users) or 'nobody'}")
        return self._users[name]

    def _one(self, name: str, kind: type[User]) -> Any:
        user = self._user(name)
        if isinstance(user, kind):
            return user
        raise ValueError(f"{name!r} is {'a bot' if user.is_bot else 'a person'}")

    def _bot(self, row: dict[str, Any]) -> None:
        reads = row.get("reads_all_group_messages", True)
        bot = self._api.add_bot(
            row["username"], first_name=row.get("name"), token=row.get("token"), reads_all_group_messages=reads
        )
        self._named(row["username"], bot)
        self.bots.append(bot)

    def _person(self, row: dict[str, Any]) -> None:
        names = {name: row[name] for name in ("username", "last_name", "language_code") if name in row}
        person = self._api.add_person(row["name"], **names)
        self._named(row["name"], person)
        for bot in self.bots:
            person.private_chat(bot)

    def _chat(self, row: dict[str, Any]) -> None:
        kind, title = row["kind"], row["title"]
        if kind not in KINDS:
            raise ValueError(f"'kind' must be one of {', '.join(KINDS)}")
        if title in self._chats:
            raise ValueError(f"there are two chats called {title!r}, and messages could not tell them apart")
        members, admins = ([self._user(user) for user in row.get(name, ())] for name in ("members", "admins"))
        username = row.get("username")
        if kind == "group":
            chat = self._api.add_group(title, members=members, admins=admins)
        elif kind == "channel":
            chat = self._api.add_channel(title, members=members, admins=admins, username=username)
        else:
            is_forum = kind == "forum"
            chat = self._api.add_supergroup(title, members=members, admins=admins, username=username, is_forum=is_forum)
        self._chats[title] = chat
        self._add_parts(chat, row)

    def _add_parts(self, chat: Chat, row: dict[str, Any]) -> None:
        if row.get("topics") and not chat.is_forum:
            raise ValueError("only a forum has topics")
        if row.get("direct_messages") and chat.type != "channel":
            raise ValueError("only a channel has direct messages")
        for name in row.get("topics", ()):
            by = next((member.user for member in chat.members.values() if member.is_administrator), None)
            if by is None:
                raise ValueError("'admins' must name whoever makes the topics")
            self._api.add_topic(chat, name, by=by)
        if row.get("direct_messages"):
            self._api.add_direct_messages(chat)

    def _business(self, row: dict[str, Any]) -> None:
        owner, customer = self._one(row["owner"], Person), self._one(row["customer"], Person)
        if owner is customer:
            raise ValueError("the customer must be somebody else than the owner")
        self._api.connect_business(owner, self._one(row["bot"], BotAccount))
        customer.business_chat(owner)

    def _message(self, row: dict[str, Any]) -> None:
        """A message that was there before: no bot is told. A chat is named by its title, a private one by its bot."""
        sender, name = self._user(row["sender"]), row["chat"]
        if name in self._chats:
            self._api.plant_message(self._chats[name], sender, text=row["text"])
        elif isinstance(sender, Person) and isinstance(self._users.get(name), BotAccount):
            self._api.plant_message(sender.private_chat(self._one(name, BotAccount)), sender, text=row["text"])
        else:
            raise ValueError(f"there is no chat called {name!r}, but {', '.join(self._chats) or 'none'}")
