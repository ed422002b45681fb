"""Requests to join a chat.

Source: https://core.telegram.org/bots/api#chatjoinrequest
"""

from __future__ import annotations

from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


def ask_to_join(world: World, chat: Chat, user: User) -> None:
    """Keep a user's request to join, and tell the bots that may decide."""
    chat.settings.join_requests.add(user.id)
    for member in chat.members.values():
        if isinstance(member.user, BotAccount) and "can_invite_users" in member.rights:
            payload: Json = {
                "chat": chat.json(),
                "from": user.json(),
                "user_chat_id": user.id,
                "date": world.clock.unix_time(),
            }
            member.user.updates.put("chat_join_request", payload, queue_key=chat.id)
    world.changes.notify()
