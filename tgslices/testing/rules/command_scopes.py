"""Which of a bot's commands a person is shown in a chat.

Source: https://core.telegram.org/bots/api#determining-list-of-commands
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tgslices.testing.wire.json_text import Json


def scope_key(kind: str, **named: int | str) -> str:
    """A ``BotCommandScope`` as one text, which is the same for equal scopes."""
    return json.dumps({"type": kind, **{name: str(value) for name, value in named.items()}})


def scopes_for(*, chat_type: str, chat_id: int, user_id: int, is_administrator: bool) -> Iterator[str]:
    """The scopes that concern a person in a chat, the narrowest first."""
    if chat_type == "private":
        yield scope_key("chat", chat_id=chat_id)
        yield scope_key("all_private_chats")
    else:
        yield scope_key("chat_member", chat_id=chat_id, user_id=user_id)
        if is_administrator:
            yield scope_key("chat_administrators", chat_id=chat_id)
        yield scope_key("chat", chat_id=chat_id)
        if is_administrator:
            yield scope_key("all_chat_administrators")
        yield scope_key("all_group_chats")
    yield scope_key("default")


def commands_for(
    given: Mapping[tuple[str, str], list[Json]],
    *,
    chat_type: str,
    chat_id: int,
    user_id: int,
    is_administrator: bool,
    language: str,
) -> list[Json]:
    """The commands (``BotCommand``) of the narrowest scope that has some, those of the language first; else ``[]``.

    ``given`` holds them by scope (`scope_key`) and language, ``""`` for every other language.
    """
    scopes = scopes_for(chat_type=chat_type, chat_id=chat_id, user_id=user_id, is_administrator=is_administrator)
    for scope in scopes:
        for spoken in (language, ""):
            if found := given.get((scope, spoken)):
                return found
    return []
