"""Restrictions of one member, of all members, and of sender chats.

Source: https://core.telegram.org/bots/api#restrictchatmember ff. and tdlib/telegram-bot-api ``Client.cpp:12190-12260``.
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.actions.membership import set_member
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.chats import find_member, require_right
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.members import restriction_refusal
from tgslices.testing.rules.people import lasting_until
from tgslices.testing.rules.rights import PERMISSIONS, permissions_of
from tgslices.testing.state.accounts import Member
from tgslices.testing.state.chats import Chat
from tgslices.testing.wire.arguments import Arguments

_RESTRICTING: Final = "not enough rights to restrict/unrestrict chat member"

_MAX_TITLE: Final = 16
"""Characters of an administrator's title or a member's tag."""


def read_permissions(arguments: Arguments) -> frozenset[str]:
    """The ``ChatPermissions`` that are true, or are implied.

    Raises:
        ApiError: the permissions are missing.
    """
    given: Any = arguments.json("permissions", "permissions")
    if not isinstance(given, dict):
        raise bad_request('Parameter "permissions" is required' if given is None else "Object expected as permissions")
    return permissions_of(given, are_independent=arguments.flag("use_independent_chat_permissions"))


def restrict_chat_member(call: Call) -> bool:
    """Leave a user only these permissions, until a date or for good. All permissions lift the restriction.

    The restriction holds for a user outside of the chat, too, and lasts when the user joins.
    """
    permissions = read_permissions(call.arguments)
    chat, user = find_member(call, Access.WRITE)
    if chat.type != "supergroup":
        raise bad_request("method is available only for supergroups")
    check(restriction_refusal(chat.type, is_self=user is call.bot))
    require_right(chat, call.bot, "can_restrict_members", _RESTRICTING)
    member = chat.members.get(user.id)
    if member is not None and member.is_administrator:
        owner = member.status == "creator"
        raise bad_request("can't remove chat owner" if owner else "user is an administrator of the chat")
    is_member = member is not None and member.is_inside
    if permissions.issuperset(PERMISSIONS):
        changed = Member(user, "member" if is_member else "left")
    else:
        until_date = lasting_until(call.arguments.integer("until_date"), call.world.clock.unix_time())
        changed = Member(user, "restricted", permissions, until_date, is_member)
    set_member(call.world, chat, changed, call.bot)
    return True


def set_chat_permissions(call: Call) -> bool:
    """Set the permissions of plain members, bots included."""
    permissions = read_permissions(call.arguments)
    chat = _group(call)
    require_right(chat, call.bot, "can_restrict_members", "not enough rights to change chat permissions")
    chat.settings.permissions = permissions
    call.world.changes.notify()
    return True


def _group(call: Call) -> Chat:
    chat = call.chat(Access.WRITE)
    if chat.type not in {"group", "supergroup"}:
        raise bad_request("method is available only for groups and supergroups")
    return chat


def set_chat_administrator_custom_title(call: Call) -> bool:
    """Set an administrator's title."""
    chat, user = find_member(call, Access.WRITE)
    require_right(chat, call.bot, "can_promote_members", "not enough rights to change custom title of the user")
    member = chat.members.get(user.id)
    if chat.type != "supergroup":
        raise bad_request("method is available only for supergroups")
    if member is None or not member.is_administrator:
        raise bad_request("user is not an administrator")
    chat.settings.titles[user.id] = call.arguments.text("custom_title").strip()[:_MAX_TITLE]
    call.world.changes.notify()
    return True


def set_chat_member_tag(call: Call) -> bool:
    """Set or remove a member's tag."""
    chat, user = find_member(call, Access.WRITE)
    require_right(chat, call.bot, "can_manage_tags", "not enough rights to change member tag")
    chat.settings.tags[user.id] = call.arguments.text("tag").strip()[:_MAX_TITLE]
    call.world.changes.notify()
    return True


def ban_chat_sender_chat(call: Call) -> bool:
    """Ban a channel as the sender of messages."""
    _sender_chats(call).add(call.arguments.integer("sender_chat_id"))
    return True


def unban_chat_sender_chat(call: Call) -> bool:
    """Lift the ban of a channel."""
    _sender_chats(call).discard(call.arguments.integer("sender_chat_id"))
    return True


def _sender_chats(call: Call) -> set[int]:
    if call.arguments.integer("sender_chat_id") >= 0:
        raise bad_request("sender_chat_id must be a channel or a supergroup")
    chat = call.chat(Access.WRITE)
    require_right(chat, call.bot, "can_restrict_members", _RESTRICTING)
    return chat.settings.banned_senders


METHODS: Final[dict[str, Method]] = {
    "restrictChatMember": restrict_chat_member,
    "setChatPermissions": set_chat_permissions,
    "setChatAdministratorCustomTitle": set_chat_administrator_custom_title,
    "setChatMemberTag": set_chat_member_tag,
    "banChatSenderChat": ban_chat_sender_chat,
    "unbanChatSenderChat": unban_chat_sender_chat,
}
