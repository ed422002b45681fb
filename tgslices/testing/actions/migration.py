"""Migration of basic groups to supergroups."""

from __future__ import annotations

from dataclasses import replace

from tgslices.testing.actions.delivery import announce
from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World


def migrate(world: World, group: Chat, actor: User) -> tuple[Chat, list[StoredMessage]]:
    """Make the supergroup; returns it with the two service messages about it, before anybody is told.

    Old messages keep their chat and numbers. Number 1 of the new chat is the service message.
    Raises:
        ValueError: it is no basic group, or one that has migrated before.
    Source: https://core.telegram.org/bots/api#message (``migrate_to_chat_id``)
    """
    if group.type != "group" or group.migrated_to is not None:
        what = "a basic group that has migrated" if group.migrated_to is not None else f"a {group.type} chat"
        raise ValueError(f"{what} cannot migrate: only a basic group can, once; add_group(...) makes one")
    members = [replace(member) for member in group.members.values() if member.is_inside]
    supergroup = world.add_chat("supergroup", str(group.title), members)
    left = world.store(group, actor, "migrate_to_chat_id", {"migrate_to_chat_id": supergroup.id})
    arrived = world.store(supergroup, actor, "migrate_from_chat_id", {"migrate_from_chat_id": group.id})
    group.migrated_to = supergroup.id
    return supergroup, [left, arrived]


def announce_migration(world: World, messages: list[StoredMessage]) -> None:
    """Tell the bots of both chats. Telegram does not promise that this comes before other news of the new chat."""
    for message in messages:
        announce(world, message)
