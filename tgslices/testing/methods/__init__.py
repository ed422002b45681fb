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
    chats,
    deleting,
    editing,
    ephemeral,
    files,
    forwarding,
    media,
    messages,
    pins,
    things,
    topics,
)
from tgslices.testing.methods.method import Method

_MODULES: Final = (
    albums.METHODS,
    bots.METHODS,
    business.METHODS,
    callbacks.METHODS,
    chats.METHODS,
    deleting.METHODS,
    editing.METHODS,
    ephemeral.METHODS,
    files.METHODS,
    forwarding.METHODS,
    media.METHODS,
    messages.METHODS,
    pins.METHODS,
    things.METHODS,
    topics.METHODS,
)

METHODS: Final[dict[str, tuple[str, Method]]] = {
    name.lower(): (name, method) for methods in _MODULES for name, method in methods.items()
}
"""Name in small letters: the proper name and the function."""
