"""What bots and chats have set."""

from __future__ import annotations

from dataclasses import dataclass, field

from tgslices.testing.state.files import StoredFile
from tgslices.testing.wire.json_text import Json


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
