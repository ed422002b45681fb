"""Settings of bots and chats."""

from __future__ import annotations

from dataclasses import dataclass, field

from tgslices.testing.state.files import StoredFile
from tgslices.testing.wire.json_text import Json


@dataclass(slots=True, eq=False)
class BotSettings:
    """The profile of a bot. Texts go by name and language (``""`` for all), commands by scope and language."""

    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_buttons: dict[int, Json] = field(default_factory=dict)
    default_rights: dict[bool, Json] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class InviteLink:
    """A link into a chat; ``fields`` are further ones of the Bot API's ``ChatInviteLink``, ``uses`` count who came."""

    link: str
    creator: Json
    is_primary: bool = False
    is_revoked: bool = False
    fields: Json = field(default_factory=dict)
    uses: int = 0

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
    """The settings of a chat. ``permissions`` belong to all plain members; None means every permission.

    ``titles`` of administrators and ``tags`` of members go by the user's number. ``banned_senders`` are chats that
    nobody may write as.
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
class ChatAction:
    """What a bot is said to be doing, such as ``typing``; ``expires_at`` is Unix time.

    A message of the bot with a larger ``serial`` ends it.
    """

    name: str
    expires_at: float
    serial: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft that a bot shows. ``content`` is like the content of a message, ``expires_at`` is Unix time.

    A message of the bot with a larger ``serial`` replaces it.
    """

    kind: str
    content: Json
    expires_at: int
    serial: int
