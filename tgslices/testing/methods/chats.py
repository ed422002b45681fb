"""Asking about chats and their members, and changing them.

Source: tdlib/telegram-bot-api ``Client.cpp:15040-15340``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tgslices.testing.actions.membership import leave, set_member
from tgslices.testing.actions.service_messages import rename
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.chat_looks import shown_person, shown_settings
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import find_business_chat
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.members import promotion_refusal, restriction_refusal
from tgslices.testing.rules.people import lasting_until
from tgslices.testing.rules.rights import ADMIN_RIGHTS, ANONYMOUS
from tgslices.testing.state.accounts import BotAccount, Member, User, member_json
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.settings import ChatAction
from tgslices.testing.wire.json_text import Json

_GIFTS: Final = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)
_ACTIONS: Final = frozenset(
    {
        "cancel",
        "choose_sticker",
        "find_location",
        "record_audio",
        "record_video",
        "record_video_note",
        "record_voice",
        "typing",
        "upload_audio",
        "upload_document",
        "upload_photo",
        "upload_video",
        "upload_video_note",
        "upload_voice",
    }
)

_MAX_TITLE: Final = 128
"""Characters of a title; the rest is cut off. Source: tdlib/td ``ChatManager.cpp:8315``, ``clean_name``"""

_ACTION_LASTS: Final = timedelta(seconds=5)
"""Source: https://core.telegram.org/bots/api#sendchataction"""


def get_chat(call: Call) -> Json:
    """The ``ChatFullInfo``."""
    chat = call.chat(Access.READ)
    data: Json = {
        **chat.json(),
        "accent_color_id": chat.id % 7 if chat.id > 0 else 0,
        "max_reaction_count": 11,
        "accepted_gift_types": _GIFTS,
    }
    if chat.pinned:
        data["pinned_message"] = chat.pinned[-1].json_for(call.bot.id)
    if chat.discussion is not None:
        data["linked_chat_id"] = chat.discussion.id
    if chat.user is not None:
        data |= shown_person(chat.user, call.world.clock.unix_time())
    return data | shown_settings(chat)


def find_member(call: Call, access: Access) -> tuple[Chat, User]:
    """The chat and the user that the arguments name; the user need not be a member.

    Raises:
        ApiError: one of them is unknown.
    """
    user_id = call.arguments.integer("user_id")
    if user_id <= 0:
        raise bad_request("Invalid user_id specified")
    chat = call.chat(access)
    user = call.world.users.get(user_id)
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    call.world.expire(chat)
    return chat, user


def get_chat_member(call: Call) -> Json:
    """The ``ChatMember``; a stranger's status is ``left``."""
    chat, user = find_member(call, Access.READ)
    return _shown_member(chat, chat.members.get(user.id, Member(user, "left")))


def _shown_member(chat: Chat, member: Member) -> Json:
    """The ``ChatMember`` with its title or tag."""
    data, settings = member_json(member), chat.settings
    title, tag = settings.titles.get(member.user.id), settings.tags.get(member.user.id)
    if title and member.is_administrator:
        data["custom_title"] = title
    elif tag and member.status in {"member", "restricted"}:
        data["tag"] = tag
    return data


def get_chat_administrators(call: Call) -> list[Json]:
    """The owner and the administrators, without other bots.

    Source: https://core.telegram.org/bots/api#getchatadministrators
    """
    chat = call.chat(Access.READ)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    with_bots = call.arguments.flag("return_bots")
    return [
        _shown_member(chat, member)
        for member in chat.members.values()
        if member.is_administrator and (with_bots or not member.user.is_bot or member.user is call.bot)
    ]


def get_chat_member_count(call: Call) -> int:
    """The number of members, the bot included."""
    chat = call.chat(Access.READ)
    return sum(member.is_inside for member in chat.members.values())


def require_right(chat: Chat, bot: BotAccount, right: str, text: str) -> None:
    """Check that the bot is an administrator with this right.

    Raises:
        ApiError: it is not; the error has this text.
    """
    if right not in chat.rights_of(bot.id):
        raise bad_request(text)


def leave_chat(call: Call) -> bool:
    """Leave a group or channel."""
    chat = call.chat(Access.READ)
    if chat.type == "private":
        raise bad_request("Can't leave private chats")
    if chat.parent is not None:
        raise bad_request("Can't leave channel direct messages chats; leave the parent chat instead")
    leave(call.world, chat, call.bot, call.bot)
    return True


def ban_chat_member(call: Call) -> bool:
    """Ban a member. Outside of basic groups, or with ``revoke_messages``, all messages of the member go, too.

    The ban ends at ``until_date``; in basic groups it never ends.
    """
    chat, user = find_member(call, Access.WRITE)
    check(restriction_refusal(chat.type, is_self=user is call.bot))
    require_right(chat, call.bot, "can_restrict_members", "not enough rights to restrict/unrestrict chat member")
    member = chat.members.get(user.id)
    if member is not None and member.status == "creator":
        raise bad_request("can't remove chat owner")
    if member is not None and member.is_administrator:
        raise bad_request("user is an administrator of the chat")
    until_date = 0 if chat.type == "group" else call.arguments.integer("until_date")
    until_date = lasting_until(until_date, call.world.clock.unix_time())
    leave(call.world, chat, user, call.bot, is_kicked=True, until_date=until_date)
    if call.arguments.flag("revoke_messages") or chat.type in {"supergroup", "channel"}:
        call.world.remove([m for m in chat.messages.values() if m.sender_id == user.id])
    return True


def unban_chat_member(call: Call) -> bool:
    """Lift a ban. Without ``only_if_banned`` a member who is not banned is removed instead."""
    chat, user = find_member(call, Access.WRITE)
    if chat.type not in {"supergroup", "channel"}:
        raise bad_request("method is available for supergroup and channel chats only")
    require_right(chat, call.bot, "can_restrict_members", "not enough rights to restrict/unrestrict chat member")
    member = chat.members.get(user.id, Member(user, "left"))
    if member.status == "kicked":
        set_member(call.world, chat, Member(user, "left"), call.bot)
    elif member.is_inside and not call.arguments.flag("only_if_banned"):
        leave(call.world, chat, user, call.bot)
    return True


def promote_chat_member(call: Call) -> bool:
    """Make a member an administrator with these rights, or a plain member without any."""
    chat, user = find_member(call, Access.WRITE)
    rights = frozenset(right for right in (*ADMIN_RIGHTS, ANONYMOUS) if call.arguments.flag(right))
    check(promotion_refusal(chat.type, is_self=user is call.bot, rights=rights))
    require_right(chat, call.bot, "can_promote_members", "not enough rights")
    set_member(call.world, chat, Member(user, "administrator" if rights else "member", rights), call.bot)
    return True


def set_chat_title(call: Call) -> bool:
    """Set a chat's title. The service message about it comes back to the bot."""
    chat = call.chat(Access.WRITE)
    title = call.arguments.text("title").strip()[:_MAX_TITLE]
    if chat.type == "private":
        raise bad_request("can't change private chat title")
    require_right(chat, call.bot, "can_change_info", "not enough rights to change chat title")
    if not title:
        raise bad_request("Title must be non-empty")
    rename(call.world, chat, title, call.bot)
    return True


def send_chat_action(call: Call) -> bool:
    """Let people see for a while that something is on its way."""
    name = call.arguments.text("action").lower()
    if name not in _ACTIONS:
        raise bad_request("Wrong parameter action in request")
    if call.arguments.text("business_connection_id"):
        chat = find_business_chat(call, call.connection())
    else:
        chat = call.chat(Access.WRITE)
    end = call.world.clock.timestamp() + (0 if name == "cancel" else _ACTION_LASTS.total_seconds())
    chat.actions[call.bot.id] = ChatAction(name, end, call.world.next_serial())
    call.world.changes.notify()
    return True


METHODS: Final[dict[str, Method]] = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "leaveChat": leave_chat,
    "banChatMember": ban_chat_member,
    "unbanChatMember": unban_chat_member,
    "promoteChatMember": promote_chat_member,
    "setChatTitle": set_chat_title,
    "sendChatAction": send_chat_action,
}
