"""Changes of membership: joining, leaving, promotion and bans, with the messages and updates about them.

Source: https://core.telegram.org/bots/api#chatmember and https://core.telegram.org/bots/api#chatmemberupdated
"""

from __future__ import annotations

from dataclasses import replace

from tgslices.testing.actions.service_messages import post_service
from tgslices.testing.state.accounts import BotAccount, Member, User, member_json
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


def set_member(world: World, chat: Chat, member: Member, actor: User, link: Json | None = None) -> None:
    """Set a user's membership of a chat. The update goes to the bot itself and to administrator bots.

    ``link`` is the ``ChatInviteLink`` by which the user came in.
    """
    world.expire(chat)
    old = chat.members.get(member.user.id, Member(member.user, "left"))
    if not member.is_inside and member.last_serial is None:
        member.last_serial = next(reversed(chat.messages), 0) if old.is_inside else old.last_serial
    chat.members[member.user.id] = member
    payload: Json = {
        "chat": chat.json(),
        "from": actor.json(),
        "date": world.clock.unix_time(),
        "old_chat_member": member_json(old),
        "new_chat_member": member_json(member),
        **({} if link is None else {"invite_link": link}),
    }
    for other in list(chat.members.values()):
        if not isinstance(other.user, BotAccount):
            continue
        if other.user is member.user:
            other.user.updates.put("my_chat_member", payload, queue_key=chat.id)
        elif other.is_administrator:
            other.user.updates.put("chat_member", payload, queue_key=chat.id)
    world.changes.notify()


def join(world: World, chat: Chat, user: User, actor: User, link: Json | None = None) -> None:
    """Let a user in: ``actor`` is who invited them, or the user, perhaps by a link. A restriction lasts."""
    world.expire(chat)
    old = chat.members.get(user.id, Member(user, "left"))
    is_restricted = old.status == "restricted"
    member = replace(old, is_member=True, last_serial=None) if is_restricted else Member(user)
    set_member(world, chat, member, actor, link)
    if chat.type != "channel":
        post_service(world, chat, actor, "new_chat_members", {"new_chat_members": [user.json()]})


def leave(world: World, chat: Chat, user: User, actor: User, *, is_kicked: bool = False, until_date: int = 0) -> None:
    """Let a user leave, or ban them. They still see the message about it."""
    world.expire(chat)
    old = chat.members.get(user.id, Member(user, "left"))
    if chat.type != "channel" and old.is_inside:
        post_service(world, chat, actor, "left_chat_member", {"left_chat_member": user.json()})
    if is_kicked:
        gone = Member(user, "kicked", until_date=until_date)
    elif old.status == "restricted":
        gone = replace(old, is_member=False)
    else:
        gone = Member(user, "left")
    set_member(world, chat, gone, actor)


def block(world: World, chat: Chat, *, is_blocked: bool) -> None:
    """Block the bot of a private chat, or unblock it. The bot is told of a change.

    Source: https://core.telegram.org/bots/api#update (``my_chat_member``: "only when the bot is blocked or unblocked")
    """
    bot, person = chat.bot, chat.user
    if bot is not None and person is not None and chat.is_blocked != is_blocked:
        set_member(world, chat, Member(bot, "kicked" if is_blocked else "member"), person)
