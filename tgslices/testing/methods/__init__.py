"""The Bot API's methods: from a bot and its arguments to a result, or an `ApiError`.

`METHODS` knows every one by its name in small letters, as the server looks them up.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.methods import (
    albums,
    bots,
    business,
    callbacks,
    chat_looks,
    chats,
    checklists,
    contacts,
    deleting,
    dice,
    drafts,
    editing,
    ephemeral,
    files,
    forwarding,
    games,
    general_topic,
    generic,
    gifts,
    inquiries,
    invitations,
    locations,
    media,
    messages,
    payments,
    pins,
    polls,
    profile,
    reactions,
    restrictions,
    rich,
    stickers,
    topics,
    web_apps,
)
from tgslices.testing.methods.method import Method

_MODULES: Final = (
    generic.METHODS,  # first, so that a method with a real effect takes its place
    albums.METHODS,
    chat_looks.METHODS,
    bots.METHODS,
    business.METHODS,
    callbacks.METHODS,
    chats.METHODS,
    checklists.METHODS,
    contacts.METHODS,
    deleting.METHODS,
    dice.METHODS,
    drafts.METHODS,
    editing.METHODS,
    ephemeral.METHODS,
    files.METHODS,
    forwarding.METHODS,
    games.METHODS,
    general_topic.METHODS,
    gifts.METHODS,
    inquiries.METHODS,
    invitations.METHODS,
    locations.METHODS,
    media.METHODS,
    messages.METHODS,
    payments.METHODS,
    pins.METHODS,
    polls.METHODS,
    profile.METHODS,
    reactions.METHODS,
    restrictions.METHODS,
    rich.METHODS,
    stickers.METHODS,
    topics.METHODS,
    web_apps.METHODS,
)

METHODS: Final[dict[str, tuple[str, Method]]] = {
    name.lower(): (name, method) for methods in _MODULES for name, method in methods.items()
}
"""Name in small letters: the proper name and the function."""
