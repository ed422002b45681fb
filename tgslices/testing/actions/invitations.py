"""Requests to join a chat.

Source: https://core.telegram.org/bots/api#chatjoinrequest
"""

from __future__ import annotations

from tgslices.testing.actions.membership import join
from tgslices.testing.rules.invitations import ANSWER_WINDOW
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.settings import InviteLink
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


def close_private_chat(world: World, chat: Chat, user: User) -> None:
    """Let the bots that decide about a request write to the user no more, unless the user knows them otherwise."""
    for member in chat.members.values():
        private = world.private_chats.get((member.user.id, user.id))
        if private is not None and private.open_until:
            private.open_until = world.clock.unix_time() - 1


def follow_link(world: World, chat: Chat, user: User, link: InviteLink) -> None:
    """Let a user in by a link, or have them ask if it is one for requests. Nothing is checked."""
    if link.fields.get("creates_join_request"):
        ask_to_join(world, chat, user, link)
        return
    link.uses += 1
    join(world, chat, user, user, link.json())


def ask_to_join(world: World, chat: Chat, user: User, link: InviteLink | None = None) -> None:
    """Keep a user's request to join, and tell the bots that may decide."""
    chat.settings.join_requests.add(user.id)
    for member in chat.members.values():
        if isinstance(member.user, BotAccount) and "can_invite_users" in member.rights:
            _open_private_chat(world, member.user, user)
            payload: Json = {
                "chat": chat.json(),
                "from": user.json(),
                "user_chat_id": user.id,
                "date": world.clock.unix_time(),
                **({} if link is None else {"invite_link": link.json()}),
            }
            member.user.updates.put("chat_join_request", payload, queue_key=chat.id)
    world.changes.notify()


def _open_private_chat(world: World, bot: BotAccount, user: User) -> None:
    """Let a bot write to a user who asks to join, for a while, if they do not know each other."""
    known = world.private_chats.get((bot.id, user.id))
    if known is None or known.open_until:
        until = world.clock.unix_time() + int(ANSWER_WINDOW.total_seconds())
        world.private_chat(user, bot).open_until = until
