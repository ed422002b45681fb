"""People in a chat: access, permissions, and the reasons of prohibitions.

Source: https://core.telegram.org/bots/api#chatpermissions, #chatmemberrestricted, #chatmemberbanned and
#chatmemberadministrator; for members' rights tdlib/td ``DialogManager.cpp:1509-1535, 2899-2924`` and
``DialogParticipant.cpp``, ``DialogParticipantStatus::apply_restrictions``, at 022d602.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from tgslices.testing.rules.deletion import Candidate, Standing, can_delete_message, can_revoke_message
from tgslices.testing.rules.kinds import is_service
from tgslices.testing.rules.sending import PERMISSION_OF

MIN_TERM: Final = timedelta(seconds=30)
MAX_TERM: Final = timedelta(days=366)
"""A ban or restriction that ends sooner or later than this lasts for ever.

Source: https://core.telegram.org/bots/api#restrictchatmember (``until_date``)
"""

_IGNORED_IN_PUBLIC: Final = frozenset({"can_pin_messages", "can_change_info"})
"""Source: https://core.telegram.org/bots/api#chatpermissions ("Ignored in public supergroups")"""


@dataclass(frozen=True, slots=True)
class Presence:
    """A person's place in a chat.

    ``status`` is the Bot API's ``ChatMember.status`` and ``until_date`` its Unix time, 0 for good. ``rights`` are the
    rights of an administrator or the permissions of a restricted member, ``chat_permissions`` those of all members.
    """

    chat_type: str
    status: str = "member"
    is_inside: bool = True
    rights: frozenset[str] = frozenset()
    chat_permissions: frozenset[str] = frozenset()
    until_date: int = 0
    is_public: bool = False
    has_blocked_the_bot: bool = False
    is_upgraded: bool = False

    @property
    def is_administrator(self) -> bool:
        """Whether the person was appointed, or owns the chat."""
        return self.status in {"creator", "administrator"}

    def permits(self, permission: str) -> bool:
        """Whether a ``ChatPermissions`` field holds for this person; a restricted one has no more than all have."""
        if self.is_administrator:
            return True
        if permission not in self.chat_permissions or (self.is_public and permission in _IGNORED_IN_PUBLIC):
            return False
        return self.status != "restricted" or permission in self.rights


@dataclass(frozen=True, slots=True)
class Prohibition:
    """The reason of a prohibition, in words that follow "because", and the remedy for a test."""

    why: str
    remedy: str


def lasting_until(until_date: int, now: int) -> int:
    """The end of a ban or restriction that is made now, in Unix time; 0 for never."""
    lasts = MIN_TERM.total_seconds() <= until_date - now <= MAX_TERM.total_seconds()
    return until_date if lasts else 0


def is_over(until_date: int, now: int) -> bool:
    """Whether a ban or restriction with this end is over."""
    return 0 < until_date <= now


def can_see_chat(presence: Presence) -> bool:
    """Whether the person sees the chat at all.

    A private supergroup or channel shows to members only, a public one to everybody but the banned. Former members of
    a basic group keep the messages that came while they were inside.
    Source: https://core.telegram.org/method/messages.getHistory (``CHANNEL_PRIVATE``)
    """
    if presence.chat_type in {"private", "group"} or presence.is_inside:
        return True
    return presence.is_public and presence.status != "kicked"


def absence(presence: Presence) -> Prohibition | None:
    """Why the person can do nothing in the chat, or None."""
    if presence.is_upgraded:
        return Prohibition("this group has become a supergroup", "Look at the chat that api.migrate(...) returned")
    if presence.status == "kicked":
        term = _term("banned here", presence.until_date)
        return Prohibition(term, _ending("Let an administrator unban them", presence.until_date))
    if not presence.is_inside:
        return Prohibition("they are not in this chat", "Let them in first: api.join(chat, person)")
    return None


def writing_prohibition(presence: Presence, kind: str) -> Prohibition | None:
    """Why no message of this kind can be sent, or None.

    Source: https://core.telegram.org/method/messages.sendMessage (``YOU_BLOCKED_USER``, ``CHAT_WRITE_FORBIDDEN``)
    """
    if presence.chat_type == "private":
        blocked = Prohibition("they have blocked the bot", "Unblock it first: person.unblocks(bot)")
        return blocked if presence.has_blocked_the_bot else None
    out = absence(presence)
    if out is not None:
        return out
    if presence.chat_type == "channel":
        return _lacking(presence, "can_post_messages")
    if is_service(kind):
        return None
    return _not_permitted(presence, PERMISSION_OF.get(kind, ("can_send_messages", ""))[0])


def acting_prohibition(presence: Presence, permission: str) -> Prohibition | None:
    """Why something that takes this permission of ``ChatPermissions`` cannot be done, or None."""
    if presence.chat_type == "private":
        return None
    out = absence(presence)
    return out if out is not None or presence.chat_type == "channel" else _not_permitted(presence, permission)


def editing_prohibition(presence: Presence, *, is_own: bool) -> Prohibition | None:
    """Why a message cannot be edited, or None; in a channel an administrator may edit others' posts by a right.

    Source: https://core.telegram.org/bots/api#chatmemberadministrator (``can_edit_messages``)
    """
    if presence.chat_type != "private" and (out := absence(presence)) is not None:
        return out
    if presence.chat_type == "channel":
        return _lacking(presence, "can_post_messages" if is_own else "can_edit_messages")
    return None if is_own else Prohibition("it is somebody else's", "Only one's own messages can be edited")


def deleting_prohibition(presence: Presence, message: Candidate) -> Prohibition | None:
    """Why a message cannot be deleted for everybody, or None. How old it is only matters to bots."""
    if presence.chat_type == "private":
        return None
    out = absence(presence)
    if out is not None:
        return out
    fresh, person = replace(message, age=timedelta(0)), Standing(presence.is_administrator, presence.rights)
    if can_delete_message(fresh, person) and can_revoke_message(fresh, person):
        return None
    if "can_delete_messages" in presence.rights and presence.chat_type != "group":
        return Prohibition(f"nobody can delete a {message.kind!r} message", "Leave it")
    why = "it is a service message" if message.outgoing else "it is somebody else's"
    return Prohibition(f"{why}, and they may not delete such", "Make them an administrator: api.promote(chat, person)")


def pinning_prohibition(presence: Presence, kind: str) -> Prohibition | None:
    """Why a message cannot be pinned, or None: members may, unless the chat's permissions say otherwise."""
    if is_service(kind):
        return Prohibition("service messages cannot be pinned", "Pin another one")
    if presence.chat_type == "private":
        return None
    out = absence(presence)
    if out is not None:
        return out
    if presence.chat_type == "channel":
        return _lacking(presence, "can_edit_messages")
    if presence.is_administrator:
        return None if presence.chat_type == "group" else _lacking(presence, "can_pin_messages")
    return _not_permitted(presence, "can_pin_messages")


def inviting_prohibition(presence: Presence, *, target_status: str) -> Prohibition | None:
    """Why a user cannot be added, or None. Only an administrator adds a banned user.

    Source: https://core.telegram.org/method/channels.inviteToChannel (``USER_KICKED``)
    """
    out = acting_prohibition(presence, "can_invite_users")
    if out is None and target_status == "kicked" and not presence.is_administrator:
        return Prohibition("that one was banned", "Let an administrator add them")
    return out


def appointing_prohibition(presence: Presence, *, target_status: str, is_self: bool) -> Prohibition | None:
    """Why a member cannot be made an administrator, or demoted, or None.

    Source: https://core.telegram.org/bots/api#chatmemberadministrator (``can_promote_members``)
    """
    out = absence(presence)
    if out is not None:
        return out
    if is_self or target_status == "creator":
        return Prohibition("the owner stays the owner", "Choose somebody else")
    if target_status in {"left", "kicked"}:
        return Prohibition("they are not in this chat", "Let them in first")
    return _lacking(presence, "can_promote_members")


def _lacking(presence: Presence, right: str) -> Prohibition | None:
    if presence.status == "creator" or (presence.is_administrator and right in presence.rights):
        return None
    who = "are an administrator without" if presence.is_administrator else "are no administrator with"
    return Prohibition(f"they {who} {right}", f"Give them the right: api.promote(chat, person, {right}=True)")


def _not_permitted(presence: Presence, permission: str) -> Prohibition | None:
    if presence.permits(permission):
        return None
    if presence.status == "restricted" and permission not in presence.rights:
        term = _term("restricted here", presence.until_date)
        remedy = _ending("Let an administrator lift that with restrictChatMember", presence.until_date)
        return Prohibition(f"{term}, without {permission}", remedy)
    if presence.is_public and permission in _IGNORED_IN_PUBLIC:
        return Prohibition(f"members never have {permission} in a public group", "Make them an administrator")
    return Prohibition(
        f"members do not have {permission} here", "Change it with setChatPermissions, or make them an administrator"
    )


def _ending(remedy: str, until_date: int) -> str:
    return f"{remedy}, or move the clock to the end of it" if until_date else remedy


def _term(what: str, until_date: int) -> str:
    if not until_date:
        return f"they are {what}"
    return f"they are {what} until {datetime.fromtimestamp(until_date, UTC):%Y-%m-%d %H:%M:%S} UTC"
