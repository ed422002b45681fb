"""What the server remembers beside chats and messages: what bots have set, and who reacted to what.

It hangs on the world by a weak reference, because only these methods and those who look at it need it. So that a world
can go, nothing here holds an account, a chat or a message: only their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

from tgslices.testing.state.chats import Chat, StoredFile, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json, read_json

Place: TypeAlias = tuple[int, int]
"""Names a chat of a world: its own number, and that of the bot or business account whose private chat it is, or 0."""


@dataclass(slots=True, eq=False)
class BotSettings:
    """What one bot shows of itself. Texts go by language (``""`` for all), commands by scope and language."""

    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_buttons: dict[int, Json] = field(default_factory=dict)
    default_rights: dict[bool, Json] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class InviteLink:
    """A link into a chat; ``fields`` are further ones of the Bot API's ``ChatInviteLink``."""

    link: str
    creator: Json
    is_primary: bool = False
    is_revoked: bool = False
    fields: Json = field(default_factory=dict)

    def json(self) -> Json:
        """The Bot API's ``ChatInviteLink``."""
        return {
            "invite_link": self.link,
            "creator": self.creator,
            "creates_join_request": False,
            "is_primary": self.is_primary,
            "is_revoked": self.is_revoked,
            **self.fields,
        }


@dataclass(slots=True, eq=False)
class ChatSettings:
    """What one chat has beside members and messages. ``permissions`` are those of all members, None for every one.

    ``titles`` are those of administrators and ``tags`` those of members, by the user's number; ``banned_senders`` are
    chats that nobody may write as.
    """

    description: str = ""
    photo: StoredFile | None = None
    permissions: frozenset[str] | None = None
    sticker_set: str = ""
    titles: dict[int, str] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)
    links: dict[str, InviteLink] = field(default_factory=dict)
    join_requests: set[int] = field(default_factory=set)
    banned_senders: set[int] = field(default_factory=set)
    is_general_topic_closed: bool = False
    is_general_topic_hidden: bool = False
    general_topic_name: str = "General"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person sees a bot write; ``content`` is like that of a message, ``expires_at`` is Unix time.

    ``serial`` tells what came before it: a later message of the bot takes its place.
    """

    kind: str
    content: Json
    expires_at: int
    serial: int


@dataclass(slots=True, eq=False)
class Inquiry:
    """A question of a person to a bot that is no message: an inline query, a step of a payment, or an open Web App.

    ``payload`` is its update, and ``answer`` holds the arguments of the bot's answer, None while there is none.
    """

    id: str
    kind: str
    bot_id: int
    user_id: int
    payload: Json
    answer: dict[str, str] | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the bot has answered."""
        return self.answer is not None

    @property
    def is_agreed(self) -> bool:
        """Whether the bot has agreed to a payment, or named ways of delivery."""
        return (self.answer or {}).get("ok", "").lower() in {"true", "1", "yes"}

    @property
    def results(self) -> list[Json]:
        """The results of an inline query, each an ``InlineQueryResult``; ``[]`` before the bot has answered."""
        results: list[Json] = read_json((self.answer or {}).get("results", "[]"))
        return results


@dataclass(slots=True, eq=False)
class Payment:
    """What a user has paid to a bot; ``fields`` are those that ``SuccessfulPayment`` and ``RefundedPayment`` share."""

    bot_id: int
    user_id: int
    fields: Json
    is_refunded: bool = False


@dataclass(slots=True, eq=False)
class StickerSet:
    """A set of stickers, each as the Bot API's ``Sticker``, in order."""

    name: str
    title: str
    kind: str
    owner_id: int
    stickers: list[Json] = field(default_factory=list)

    def json(self) -> Json:
        """The Bot API's ``StickerSet``."""
        return {"name": self.name, "title": self.title, "sticker_type": self.kind, "stickers": self.stickers}


class Memory:
    """All of it, for one world.

    ``reactions``, ``votes`` and ``scores`` go by the message's serial and the user's number, ``payloads`` by the serial
    of the invoice, and ``payments`` by their ``telegram_payment_charge_id``.
    """

    def __init__(self) -> None:
        """Nothing is set."""
        self.inquiries: dict[str, Inquiry] = {}
        self.payments: dict[str, Payment] = {}
        self.sticker_sets: dict[str, StickerSet] = {}
        self.drafts: dict[tuple[Place, int], Draft] = {}
        self.reactions: dict[int, dict[int, list[Json]]] = {}
        self.votes: dict[int, dict[int, tuple[int, ...]]] = {}
        self.scores: dict[int, dict[int, int]] = {}
        self.payloads: dict[int, str] = {}
        self.profile_photos: dict[int, list[StoredFile]] = {}
        self._bots: dict[int, BotSettings] = {}
        self._chats: dict[Place, ChatSettings] = {}

    def bot(self, bot_id: int) -> BotSettings:
        """The settings of a bot, empty at first."""
        return self._bots.setdefault(bot_id, BotSettings())

    def chat(self, chat: Chat) -> ChatSettings:
        """The settings of a chat, empty at first."""
        return self._chats.setdefault(place_of(chat), ChatSettings())


_MEMORIES: Final[WeakKeyDictionary[World, Memory]] = WeakKeyDictionary()


def place_of(chat: Chat) -> Place:
    """What names a chat of a world."""
    other = chat.owner or chat.bot
    return chat.id, other.id if other is not None else 0


def memory_of(world: World) -> Memory:
    """What the server of this world remembers."""
    memory = _MEMORIES.get(world)
    if memory is None:
        memory = _MEMORIES[world] = Memory()
    return memory


def reactions_on(world: World, message: StoredMessage) -> dict[int, list[Json]]:
    """The reactions that a message shows: by the number of who reacted, the Bot API's ``ReactionType`` of each."""
    return dict(memory_of(world).reactions.get(message.serial, {}))


def drafts_in(world: World, chat: Chat) -> list[Draft]:
    """The drafts that a chat shows now, oldest first: not too old, and with no later message of the bot.

    Source: https://core.telegram.org/bots/api#sendmessagedraft (a preview, for what sendMessage makes last)
    """
    here, now = place_of(chat), world.clock.unix_time()
    drafts = [draft for (place, _), draft in memory_of(world).drafts.items() if place == here]
    if not drafts or chat.bot is None:
        return []
    last = next((m.serial for m in reversed(chat.messages.values()) if m.sender_id == chat.bot.id), 0)
    return [draft for draft in drafts if draft.expires_at > now and draft.serial > last]
