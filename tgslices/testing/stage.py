"""Arranging a world: people, chats, memberships, business connections, and messages that are there already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tgslices.testing.actions.business import ALL_BUSINESS_RIGHTS, announce_connection, connect
from tgslices.testing.actions.membership import join, leave, set_member
from tgslices.testing.actions.migration import announce_migration, migrate
from tgslices.testing.actions.polls import close_due
from tgslices.testing.actions.topics import create_topic
from tgslices.testing.people.allowed import CheckedChat
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.people.person import Person
from tgslices.testing.rules.rights import PERMISSIONS, all_rights
from tgslices.testing.state.accounts import BotAccount, Member, User
from tgslices.testing.state.chats import Chat, StoredMessage, Topic
from tgslices.testing.state.clock import Clock
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


class Stage:
    """The parts of a world that a test arranges. ``world`` is open to inspection; a view may stand for its chat."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.clock.on_move = lambda: close_due(world)

    @property
    def clock(self) -> Clock:
        """The clock that dates messages; `Clock.move` moves it."""
        return self.world.clock

    # Who there is, and where.

    def add_person(self, first_name: str, **names: Any) -> Person:
        """A new person; ``username``, ``last_name`` and ``language_code`` may be named."""
        return Person(self.world, first_name, **names)

    def add_group(self, title: str, *, members: Sequence[User] = (), admins: Sequence[User] = ()) -> Chat:
        """A basic group. No bot is told of its creation; ``admins`` have every right."""
        return self._add_chat("group", title, members, admins)

    def add_supergroup(
        self,
        title: str,
        *,
        members: Sequence[User] = (),
        admins: Sequence[User] = (),
        username: str | None = None,
        is_forum: bool = False,
    ) -> Chat:
        """A supergroup. Its members count its messages together; number 1 is taken by the creation of the chat."""
        chat = self._add_chat("supergroup", title, members, admins, username)
        chat.is_forum = is_forum
        chat.box.next()
        return chat

    def add_channel(
        self, title: str, *, members: Sequence[User] = (), admins: Sequence[User] = (), username: str | None = None
    ) -> Chat:
        """A channel. Bots get its posts only as its administrators; number 1 is taken by its creation."""
        chat = self._add_chat("channel", title, members, admins, username)
        chat.box.next()
        return chat

    def add_direct_messages(self, channel: Chat | ChatView) -> Chat:
        """The direct messages chat of a channel. Anybody may write there, in a topic of their own.

        Bots run it as the channel's administrators with ``can_manage_direct_messages``.
        Source: https://core.telegram.org/bots/api#directmessagestopic
        """
        return self.world.add_direct_messages(_chat(channel))

    def _add_chat(
        self, kind: str, title: str, members: Iterable[User], admins: Iterable[User], username: str | None = None
    ) -> Chat:
        everyone = {user.id: Member(user) for user in members}
        for user in admins:
            everyone[user.id] = Member(user, "administrator", all_rights(kind))
        return self.world.add_chat(kind, title, everyone.values(), username)

    def link_discussion(self, channel: Chat | ChatView, group: Chat | ChatView) -> None:
        """Let a channel's posts be discussed in a group: every new post is forwarded there by Telegram."""
        _chat(channel).discussion, _chat(group).discussion = _chat(group), _chat(channel)

    def add_topic(self, chat: Chat | ChatView, name: str, *, by: User) -> Topic:
        """A topic of a forum. It has the number of its creation message, which bots are told of."""
        return create_topic(self.world, _chat(chat), by, name, 0x6FB9F0)

    # What becomes of them.

    def promote(self, chat: Chat | ChatView, user: User, *, by: User | None = None, **rights: bool) -> None:
        """Make a user an administrator with the rights that are true; with every right if none is named."""
        place = _chat(chat)
        chosen = frozenset(name for name, value in rights.items() if value) if rights else all_rights(place.type)
        set_member(self.world, place, Member(user, "administrator", chosen), by or self._somebody(place, user))

    def demote(self, chat: Chat | ChatView, user: User, *, by: User | None = None) -> None:
        """Make a user a plain member."""
        place = _chat(chat)
        set_member(self.world, place, Member(user), by or self._somebody(place, user))

    def restrict(self, chat: Chat | ChatView, user: User, *, by: User | None = None, **permissions: bool) -> None:
        """Restrict a user: permissions named as false go."""
        place = _chat(chat)
        left = frozenset(name for name in PERMISSIONS if permissions.get(name, True))
        set_member(self.world, place, Member(user, "restricted", left), by or self._somebody(place, user))

    def join(self, chat: Chat | ChatView, user: User, *, by: User | None = None) -> None:
        """Add a user to a chat; ``by`` is who invited them, if anybody.

        Raises:
            NotAllowed: the user is banned and comes uninvited.
        """
        place = _chat(chat)
        if by is None:
            CheckedChat(self.world, user, place).check_joining()
        join(self.world, place, user, by or user)

    def leave(self, chat: Chat | ChatView, user: User) -> None:
        """Let a user leave."""
        leave(self.world, _chat(chat), user, user)

    def kick(self, chat: Chat | ChatView, user: User, *, by: User | None = None) -> None:
        """Ban a user for good."""
        place = _chat(chat)
        leave(self.world, place, user, by or self._somebody(place, user), is_kicked=True)

    def migrate(self, group: Chat | ChatView, *, by: User | None = None, tell: bool = True) -> Chat:
        """Turn a basic group into a supergroup and return the supergroup.

        With ``tell=False`` the bots hear of it by `tell_migration`. Telegram does not promise that this comes before
        other news of the new chat.
        """
        place = _chat(group)
        supergroup, messages = migrate(self.world, place, by or self._somebody(place, None))
        if tell:
            announce_migration(self.world, messages)
        return supergroup

    def tell_migration(self, group: Chat | ChatView, supergroup: Chat) -> None:
        """Tell the bots of a migration that was made with ``tell=False``."""
        kinds = {"migrate_to_chat_id", "migrate_from_chat_id"}
        both = [*_chat(group).messages.values(), *supergroup.messages.values()]
        announce_migration(self.world, [message for message in both if message.kind in kinds])

    def _somebody(self, chat: Chat, other_than: User | None) -> User:
        """A likely actor: an administrator, else any member, a person rather than a bot."""
        users = sorted(chat.members.values(), key=lambda m: (m.user.is_bot, not m.is_administrator))
        found = next((member.user for member in users if member.user is not other_than), other_than)
        if found is None:
            raise ValueError(f"there is nobody in {chat.title!r} who could have done this: name somebody with by=")
        return found

    def connect_business(self, owner: User, bot: BotAccount, **rights: bool) -> str:
        """Connect a bot to the private chats of an account; returns the name of the connection.

        The bot gets the rights that are true (``BusinessBotRights``); without any named, all about messages and looks.
        """
        chosen = frozenset(name for name, value in rights.items() if value) if rights else ALL_BUSINESS_RIGHTS
        return connect(self.world, owner, bot, chosen).id

    def disconnect_business(self, connection_id: str) -> None:
        """End a connection; the bot is told."""
        connection = self.world.connections[connection_id]
        connection.is_enabled = False
        announce_connection(connection)

    # What was there before.

    def plant_message(
        self,
        chat: Chat | ChatView,
        sender: User,
        *,
        text: str | None = None,
        date: datetime | None = None,
        kind: str = "text",
        content: Json | None = None,
    ) -> StoredMessage:
        """Add a message without an update or a call.

        ``date`` may lie in the past; ``kind`` is a ``ContentType``; ``content`` holds further fields of ``Message``.
        """
        fields: Json = dict(content or {})
        if kind == "dice":
            fields.setdefault("dice", {"emoji": "🎲", "value": 4})
        if text is not None:
            fields["text" if kind == "text" else "caption"] = text
        moment = None if date is None else int(date.timestamp())
        return self.world.store(_chat(chat), sender, kind, fields, date=moment)


def _chat(chat: Chat | ChatView) -> Chat:
    return chat.chat if isinstance(chat, ChatView) else chat
