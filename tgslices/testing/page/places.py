"""Names for chats that a page can hold on to: the number alone is not enough, two bots share a private chat's."""

from __future__ import annotations

from collections.abc import Iterator

from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.wire import identifiers


def private_name(bot_id: int, person_id: int) -> str:
    """The name of the private chat of a person and a bot, whether it exists or not."""
    return f"p{bot_id}-{person_id}"


def business_name(owner_id: int, customer_id: int) -> str:
    """The name of the chat of a business account with its customer."""
    return f"b{owner_id}-{customer_id}"


def group_name(chat_id: int) -> str:
    """The name of a group, supergroup or channel."""
    return f"g{chat_id}"


def name_of(chat: Chat) -> str:
    """The name of a chat."""
    if chat.user is None:
        return group_name(chat.id)
    if chat.owner is not None:
        return business_name(chat.owner.id, chat.user.id)
    return private_name(chat.bot.id if chat.bot is not None else 0, chat.user.id)


def people(world: World) -> Iterator[User]:
    """People who can be played, in the order they came."""
    return (user for user in world.users.values() if not user.is_bot and not user.deactivated)


def existing_chats(world: World) -> Iterator[Chat]:
    """Every chat that there is; groups that have become supergroups included."""
    yield from world.private_chats.values()
    yield from world.chats.values()
    yield from world.business_chats.values()


def find_chat(world: World, name: str) -> Chat | None:
    """The chat of this name, or None. The private chat of a person and a bot comes into being when it is asked for."""
    if name.startswith("p"):
        bot_id, _, person_id = name[1:].partition("-")
        bot, person = world.users.get(identifiers.integer(bot_id)), world.users.get(identifiers.integer(person_id))
        if isinstance(bot, BotAccount) and person is not None and not person.is_bot:
            return world.private_chat(person, bot)
        return None
    return next((chat for chat in existing_chats(world) if name_of(chat) == name), None)
