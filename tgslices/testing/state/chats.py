"""Chats, topics and messages. They only hold data.

JSON objects are kept as the Bot API shows them, ready to be sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tgslices.testing.rules.rights import ANONYMOUS
from tgslices.testing.state.accounts import BotAccount, IdBox, Member, User
from tgslices.testing.state.settings import ChatAction, ChatSettings, Draft
from tgslices.testing.wire.json_text import Json

COMMON_VIEW = 0
"""The key of the numbering that everybody shares, in supergroups and channels."""


@dataclass(slots=True, eq=False)
class Topic:
    """A topic of a forum. It has the number of its creation message."""

    thread_id: int
    name: str
    icon_color: int
    icon_custom_emoji_id: str | None = None
    is_closed: bool = False

    def json(self) -> Json:
        """The Bot API's ``ForumTopic``."""
        data: Json = {"message_thread_id": self.thread_id, "name": self.name, "icon_color": self.icon_color}
        if self.icon_custom_emoji_id:
            data["icon_custom_emoji_id"] = self.icon_custom_emoji_id
        return data


@dataclass(slots=True, eq=False)
class Chat:
    """A chat with its members and messages, in the order they were sent.

    ``type`` is Telegram's. The sides of a private chat are ``user`` and ``bot``; in the chat of a business account they
    are ``user`` (the customer) and ``owner``. ``pinned`` holds messages, oldest first.

    ``open_until`` is how long a bot may write to somebody who only asked to join, in Unix time; 0 without such a limit.
    ``discussion`` is the group in which a channel's posts are discussed, and the channel of such a group.

    A channel's chat for direct messages is a supergroup with a ``parent``, whose ``members`` it shares. ``writers`` are
    the users who wrote there; each has a topic of the user's own number.
    """

    id: int
    type: str
    title: str | None = None
    username: str | None = None
    user: User | None = None
    bot: BotAccount | None = None
    owner: User | None = None
    is_forum: bool = False
    parent: Chat | None = None
    migrated_to: int | None = None
    deleted: bool = False
    protected: bool = False
    open_until: int = 0
    discussion: Chat | None = None
    settings: ChatSettings = field(default_factory=ChatSettings, repr=False)
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, StoredMessage] = field(default_factory=dict, repr=False)
    ephemeral: dict[int, StoredMessage] = field(default_factory=dict, repr=False)
    topics: dict[int, Topic] = field(default_factory=dict, repr=False)
    drafts: dict[int, Draft] = field(default_factory=dict, repr=False)
    actions: dict[int, ChatAction] = field(default_factory=dict, repr=False)
    writers: dict[int, User] = field(default_factory=dict, repr=False)
    pinned: list[StoredMessage] = field(default_factory=list, repr=False)
    box: IdBox = field(default_factory=IdBox, repr=False)
    index: dict[int, dict[int, StoredMessage]] = field(default_factory=dict, repr=False)
    _json: Json | None = None

    def json(self) -> Json:
        """The Bot API's ``Chat``; the same object until `touch`, so do not change it."""
        if self._json is None:
            self._json = self._make_json()
        return self._json

    def touch(self) -> None:
        """Drop the kept JSON after a change of the title or name."""
        self._json = None

    def _make_json(self) -> Json:
        data: Json = {"id": self.id, "type": self.type}
        if self.user is not None:
            data["first_name"] = self.user.first_name
            for name in ("last_name", "username"):
                if getattr(self.user, name) is not None:
                    data[name] = getattr(self.user, name)
            return data
        data["title"] = self.title
        if self.username is not None:
            data["username"] = self.username
        if self.is_forum:
            data["is_forum"] = True
        if self.parent is not None:
            data["is_direct_messages"] = True
        return data

    def topic_json(self, topic_id: int) -> Json:
        """The fields of ``Message`` for a message in this topic; empty for 0."""
        if topic_id == 0:
            return {}
        if self.parent is not None:
            return {"direct_messages_topic": {"topic_id": topic_id, "user": self.writers[topic_id].json()}}
        return {"message_thread_id": topic_id, "is_topic_message": True}

    @property
    def has_topics(self) -> bool:
        """Whether there can be topics: in forums, and in private chats with bots.

        Source: https://core.telegram.org/bots/api#createforumtopic
        """
        return self.is_forum or self.bot is not None

    def is_run_by(self, user_id: int) -> bool:
        """Whether a user answers the direct messages here. Source: https://core.telegram.org/bots/api#chat"""
        return self.parent is not None and "can_manage_direct_messages" in self.rights_of(user_id)

    def shows_itself_for(self, user_id: int) -> bool:
        """Whether what a user sends shows the chat as its sender. Source: tdlib/td ``is_anonymous_administrator``"""
        return self.type == "channel" or (self.type == "supergroup" and ANONYMOUS in self.rights_of(user_id))

    @property
    def is_blocked(self) -> bool:
        """Whether the person of this private chat has blocked the bot."""
        return self.bot is not None and self.status_of(self.bot.id) == "kicked"

    @property
    def is_numbered_by_accounts(self) -> bool:
        """Whether every account numbers the messages for itself, in one row with its other such chats."""
        return self.type in {"private", "group"}

    def numberings(self) -> Iterator[tuple[int, IdBox]]:
        """The boxes that number a new message, each with the key of its numbering."""
        if self.owner is not None:
            yield COMMON_VIEW, self.owner.box
        elif self.bot is not None:
            yield self.bot.id, self.bot.box
        elif self.type == "group":
            yield COMMON_VIEW, self.box
            for member in self.members.values():
                if member.user.is_bot and member.is_inside:
                    yield member.user.id, member.user.box
        else:
            yield COMMON_VIEW, self.box

    def view_key(self, bot_id: int) -> int:
        """The key of the numbering that this bot sees."""
        return bot_id if self.is_numbered_by_accounts and self.owner is None else COMMON_VIEW

    def find(self, bot_id: int, message_id: int) -> StoredMessage | None:
        """The message that this bot knows by this number, or None."""
        numbered = self.index.get(self.view_key(bot_id))
        return numbered.get(message_id) if numbered is not None else None

    def drafts_at(self, unix_time: int) -> list[Draft]:
        """The drafts that are shown at this time, oldest first. A later message of the bot ends a draft, as age does.

        Source: https://core.telegram.org/bots/api#sendmessagedraft (a preview, for what sendMessage makes last)
        """
        if not self.drafts or self.bot is None:
            return []
        last = next((m.serial for m in reversed(self.messages.values()) if m.sender_id == self.bot.id), 0)
        return [draft for draft in self.drafts.values() if draft.expires_at > unix_time and draft.serial > last]

    def actions_at(self, now: float) -> list[str]:
        """What bots are said to be doing at this time; a bot's next message ends it, as age does.

        Source: https://core.telegram.org/bots/api#sendchataction
        """
        going_on = []
        for bot_id, action in self.actions.items():
            own = (m.serial for m in reversed(self.messages.values()) if bot_id in {m.sender_id, m.business_bot_id})
            if now < action.expires_at and next(own, 0) < action.serial:
                going_on.append(action.name)
        return going_on

    def rights_of(self, user_id: int) -> frozenset[str]:
        """The rights of an administrator, or the permissions of a restricted member; empty for others."""
        member = self.members.get(user_id)
        return member.rights if member is not None else frozenset()

    def status_of(self, user_id: int) -> str:
        """``ChatMember.status``; ``"left"`` for a stranger."""
        member = self.members.get(user_id)
        return member.status if member is not None else "left"


@dataclass(slots=True, eq=False)
class StoredMessage:
    """One message. ``content`` is the Bot API's ``Message`` without ``message_id`` and ``reply_to_message``.

    ``sender_id`` is the sending account, which channels do not show; of a business message it is the account itself.
    ``ids`` holds the message's number in each numbering. ``kind`` is named as aiogram's ``ContentType``. ``markup`` is
    a reply keyboard, its removal or a forced reply. ``inline_id`` is the ``inline_message_id``, if it has one.

    An ephemeral message has a ``receiver_id`` and an ``ephemeral_id`` and no other number. Its receiver sees it in the
    place of the message that it ``replaces``.

    ``used_by`` are the users who pressed a button of the reply keyboard. ``reactions``, ``votes`` (positions of
    options) and ``scores`` go by the number of their account.
    """

    serial: int
    chat: Chat
    kind: str
    sender_id: int
    date: int
    content: Json
    ids: dict[int, int] = field(default_factory=dict)
    reply_to: StoredMessage | None = None
    markup: Json | None = None
    receiver_id: int | None = None
    ephemeral_id: int | None = None
    replaces: StoredMessage | None = None
    inline_id: str | None = None
    used_by: frozenset[int] = frozenset()
    reactions: dict[int, list[Json]] = field(default_factory=dict)
    votes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    scores: dict[int, int] = field(default_factory=dict)
    invoice_payload: str = ""
    pinned: StoredMessage | None = None
    is_deleted: bool = False

    @property
    def message_id(self) -> int:
        """The number for the first bot that sees the message. In supergroups and channels all share it."""
        for view_key, number in self.ids.items():
            if view_key != COMMON_VIEW:
                return number
        return self.ids.get(COMMON_VIEW, 0)

    def id_for(self, bot_id: int) -> int:
        """The number for this bot; 0 if it has none."""
        return self.ids.get(self.chat.view_key(bot_id), 0)

    @property
    def bot_id(self) -> int:
        """The account that gets taps: the business account's bot, the bot of an inline result, or the sender."""
        via = self.content.get("via_bot")
        via_id: int | None = via.get("id") if isinstance(via, dict) else None
        return self.business_bot_id or via_id or self.sender_id

    @property
    def topic_id(self) -> int:
        """The number of the topic; 0 for none."""
        direct = self.content.get("direct_messages_topic")
        topic = direct.get("topic_id") if isinstance(direct, dict) else self.content.get("message_thread_id")
        return topic if isinstance(topic, int) else 0

    def origin_for(self, bot_id: int) -> Json:
        """The Bot API's ``MessageOrigin``, as this bot sees it elsewhere."""
        if "forward_origin" in self.content:
            origin: Json = self.content["forward_origin"]
            return origin
        if self.chat.type == "channel":
            post = {"chat": self.chat.json(), "message_id": self.id_for(bot_id)}
            return {"type": "channel", "date": self.date, **post}
        if "sender_chat" in self.content:
            return {"type": "chat", "date": self.date, "sender_chat": self.content["sender_chat"]}
        return {"type": "user", "date": self.date, "sender_user": self.content["from"]}

    def is_from(self, bot_id: int) -> bool:
        """Whether this bot sent the message, for itself or for a business account."""
        if self.chat.owner is not None:
            return self.business_bot_id == bot_id
        return self.sender_id == bot_id

    @property
    def business_bot_id(self) -> int | None:
        """The bot that sent the message for a business account; None if the account itself did."""
        bot = self.content.get("sender_business_bot")
        return bot.get("id") if isinstance(bot, dict) else None

    def json_for(self, bot_id: int, connection_id: str | None = None) -> Json:
        """The Bot API's ``Message`` as this bot gets it, with the message it replies to."""
        data: Json = {"message_id": self.id_for(bot_id), **self.content}
        if connection_id is not None:
            data["business_connection_id"] = connection_id
        if self.reply_to is not None and not self.reply_to.is_deleted:
            data["reply_to_message"] = self.reply_to.bare_for(bot_id)
        if self.pinned is not None:
            pinned = self.pinned
            data["pinned_message"] = pinned.place_for(bot_id) if pinned.is_deleted else pinned.bare_for(bot_id)
        return data

    def bare_for(self, bot_id: int) -> Json:
        """The Bot API's ``Message`` without other messages in it."""
        return {"message_id": self.id_for(bot_id), **self.content}

    def place_for(self, bot_id: int) -> Json:
        """The Bot API's ``InaccessibleMessage``, for a message that the bot cannot get any more."""
        return {"message_id": self.id_for(bot_id), "chat": self.chat.json(), "date": 0}
