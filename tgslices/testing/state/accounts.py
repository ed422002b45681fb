"""Accounts: people and bots, their membership of chats, and business connections. They only hold data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tgslices.testing.rules.rights import ADMIN_RIGHTS, ANONYMOUS, PERMISSIONS
from tgslices.testing.state.files import StoredFile
from tgslices.testing.state.handling import Handling
from tgslices.testing.state.settings import BotSettings
from tgslices.testing.state.updates import UpdateQueue
from tgslices.testing.state.webhook import Webhook
from tgslices.testing.wire.json_text import Json


class IdBox:
    """A row of message identifiers, from 1 on."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        """The next number."""
        self.last += 1
        return self.last


@dataclass(slots=True, eq=False)
class User:
    """A Telegram account, of a person or a bot.

    ``profile_photos`` come newest first. ``box`` numbers its private chats and basic groups, all in one row.
    ``emoji_status`` is a ``custom_emoji_id`` until a Unix time, 0 for good; ``bio`` and it are empty for none.
    """

    id: int
    first_name: str
    username: str | None = None
    last_name: str | None = None
    language_code: str | None = None
    is_bot: bool = False
    deactivated: bool = False
    profile_photos: list[StoredFile] = field(default_factory=list, repr=False)
    box: IdBox = field(default_factory=IdBox)
    bio: str = ""
    emoji_status: str = ""
    emoji_status_until: int = 0

    def json(self) -> Json:
        """The Bot API's ``User``."""
        data: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.last_name is not None:
            data["last_name"] = self.last_name
        if self.username is not None:
            data["username"] = self.username
        if self.language_code is not None:
            data["language_code"] = self.language_code
        return data


@dataclass(slots=True, eq=False, kw_only=True)
class BotAccount(User):
    """A bot's account: its token, settings, updates, their handlers and webhook."""

    token: str = field(repr=False)
    updates: UpdateQueue = field(repr=False)
    handling: Handling = field(repr=False)
    reads_all_group_messages: bool = True
    settings: BotSettings = field(default_factory=BotSettings, repr=False)
    webhook: Webhook | None = field(default=None, repr=False)
    on_webhook: Callable[[], None] | None = field(default=None, repr=False)

    def use_webhook(self, webhook: Webhook | None) -> None:
        """Deliver the updates to this webhook; to none for None."""
        self.webhook = webhook
        if self.on_webhook is not None:
            self.on_webhook()


@dataclass(slots=True, eq=False)
class Member:
    """A user's membership of a chat: ``status`` and ``rights`` by the Bot API's names.

    ``until_date`` is the end of a ban or restriction in Unix time, 0 for never. A restriction outlasts leaving, which
    makes ``is_member`` false. ``last_serial`` is the last message that a user got before leaving.
    """

    user: User
    status: str = "member"
    rights: frozenset[str] = frozenset()
    until_date: int = 0
    is_member: bool = True
    last_serial: int | None = None

    @property
    def is_inside(self) -> bool:
        """Whether the user gets new messages."""
        return self.status not in {"left", "kicked"} and self.is_member

    @property
    def is_administrator(self) -> bool:
        """Whether the user was appointed, or owns the chat."""
        return self.status in {"creator", "administrator"}


@dataclass(slots=True, eq=False)
class BusinessConnection:
    """A bot's access to the private chats of a person."""

    id: str
    owner: User
    bot: BotAccount
    date: int
    rights: frozenset[str]
    is_enabled: bool = True

    def json(self) -> Json:
        """The Bot API's ``BusinessConnection``."""
        return {
            "id": self.id,
            "user": self.owner.json(),
            "user_chat_id": self.owner.id,
            "date": self.date,
            "rights": dict.fromkeys(sorted(self.rights), True),
            "is_enabled": self.is_enabled,
        }


def member_json(member: Member) -> Json:
    """The Bot API's ``ChatMember``."""
    data: Json = {"status": member.status, "user": member.user.json()}
    if member.status == "creator":
        data[ANONYMOUS] = ANONYMOUS in member.rights
    elif member.status == "administrator":
        data |= {"can_be_edited": False, ANONYMOUS: ANONYMOUS in member.rights}
        data |= {right: right in member.rights for right in ADMIN_RIGHTS}
    elif member.status == "restricted":
        data |= {"is_member": member.is_member, "until_date": member.until_date}
        data |= {permission: permission in member.rights for permission in PERMISSIONS}
    elif member.status == "kicked":
        data["until_date"] = member.until_date
    return data
