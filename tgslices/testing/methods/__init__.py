"""The Bot API's methods: from a bot and its arguments to a result, or an `ApiError`.

`METHODS` knows every one by its name in small letters, as the server looks them up.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.methods import bots, callbacks, chats, deleting, editing, messages
from tgslices.testing.methods.method import Method

_ALL: Final[dict[str, Method]] = {
    **bots.METHODS,
    **callbacks.METHODS,
    **chats.METHODS,
    **deleting.METHODS,
    **editing.METHODS,
    **messages.METHODS,
}

METHODS: Final[dict[str, tuple[str, Method]]] = {name.lower(): (name, method) for name, method in _ALL.items()}
"""Name in small letters: the proper name and the function."""
