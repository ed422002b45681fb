"""Invite links and requests to join.

Source: https://core.telegram.org/bots/api#createchatinvitelink ff.
"""

from __future__ import annotations

import hashlib
from typing import Final

from tgslices.testing.actions.invitations import close_private_chat
from tgslices.testing.actions.membership import join
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.settings import InviteLink
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

_NUMBERS: Final = ("expire_date", "member_limit", "subscription_period", "subscription_price")


def _inviting(call: Call) -> Chat:
    chat = call.chat(Access.WRITE)
    if chat.type == "private":
        raise bad_request("Can't invite members to a private chat")
    if "can_invite_users" not in chat.rights_of(call.bot.id):
        raise bad_request("not enough rights to manage chat invite link")
    return chat


def _new_link(call: Call, chat: Chat, fields: Json, *, is_primary: bool = False) -> InviteLink:
    digest = hashlib.sha256(f"{chat.id}:{call.world.next_serial()}".encode()).hexdigest()[:16]
    link = InviteLink(f"https://t.me/+{digest}", call.bot.json(), is_primary=is_primary, fields=fields)
    chat.settings.links[link.link] = link
    call.world.changes.notify()
    return link


def _fields(arguments: Arguments) -> Json:
    fields: Json = {name: arguments.integer(name) for name in _NUMBERS if arguments.integer(name)}
    if arguments.text("name"):
        fields["name"] = arguments.text("name")
    if arguments.flag("creates_join_request"):
        if "member_limit" in fields:
            raise bad_request("member limit can't be specified for links requiring administrator approval")
        fields["creates_join_request"] = True
    return fields


def create_chat_invite_link(call: Call) -> Json:
    """Add a link into a chat."""
    return _new_link(call, _inviting(call), _fields(call.arguments)).json()


def export_chat_invite_link(call: Call) -> str:
    """Replace the bot's primary link."""
    chat = _inviting(call)
    for link in chat.settings.links.values():
        if link.is_primary and link.creator["id"] == call.bot.id:
            link.is_revoked = True
    return _new_link(call, chat, {}, is_primary=True).link


def _find(call: Call) -> InviteLink:
    chat = _inviting(call)
    link = chat.settings.links.get(call.arguments.text("invite_link"))
    if link is None or link.creator["id"] != call.bot.id:
        raise bad_request("INVITE_HASH_EXPIRED")
    return link


def edit_chat_invite_link(call: Call) -> Json:
    """Change one of the bot's links that is not primary. Fields that are not named go."""
    link = _find(call)
    if link.is_primary or link.is_revoked:
        raise bad_request("CHAT_INVITE_PERMANENT" if link.is_primary else "INVITE_HASH_EXPIRED")
    kept = {name: value for name, value in link.fields.items() if name.startswith("subscription_")}
    link.fields = kept | _fields(call.arguments)
    call.world.changes.notify()
    return link.json()


def revoke_chat_invite_link(call: Call) -> Json:
    """Revoke a link. A new one replaces a primary one."""
    link = _find(call)
    link.is_revoked = True
    if link.is_primary:
        _new_link(call, _inviting(call), {}, is_primary=True)
    call.world.changes.notify()
    return link.json()


def _take_request(call: Call) -> tuple[Chat, User]:
    chat = _inviting(call)
    waiting = chat.settings.join_requests
    user_id = call.arguments.integer("user_id")
    if user_id not in call.world.users:
        raise bad_request("Invalid user_id specified")
    if user_id not in waiting:
        member = chat.members.get(user_id)
        is_inside = member is not None and member.is_inside
        raise bad_request("USER_ALREADY_PARTICIPANT" if is_inside else "HIDE_REQUESTER_MISSING")
    waiting.remove(user_id)
    user = call.world.users[user_id]
    close_private_chat(call.world, chat, user)
    return chat, user


def approve_chat_join_request(call: Call) -> bool:
    """Let a user in who asked to join."""
    chat, user = _take_request(call)
    join(call.world, chat, user, user)
    return True


def decline_chat_join_request(call: Call) -> bool:
    """Refuse a user who asked to join."""
    _take_request(call)
    call.world.changes.notify()
    return True


METHODS: Final[dict[str, Method]] = {
    "createChatInviteLink": create_chat_invite_link,
    "createChatSubscriptionInviteLink": create_chat_invite_link,
    "exportChatInviteLink": export_chat_invite_link,
    "editChatInviteLink": edit_chat_invite_link,
    "editChatSubscriptionInviteLink": edit_chat_invite_link,
    "revokeChatInviteLink": revoke_chat_invite_link,
    "approveChatJoinRequest": approve_chat_join_request,
    "declineChatJoinRequest": decline_chat_join_request,
}
