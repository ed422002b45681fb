"""A bot's profile: commands, name, descriptions, menu button, default rights.

Source: https://core.telegram.org/bots/api#setmycommands ff. and https://core.telegram.org/bots/api#botcommandscope
"""

from __future__ import annotations

import re
from typing import Any, Final

from tgslices.testing.content.buttons import menu_link
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.command_scopes import scope_key
from tgslices.testing.rules.rights import ADMIN_RIGHTS, CHANNEL_RIGHTS, GROUP_RIGHTS
from tgslices.testing.wire.fields import FieldError, fields_of, object_field, text_field
from tgslices.testing.wire.json_text import Json

_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_MAX_COMMANDS: Final = 100
_MAX_COMMAND: Final = 32
_MAX_ABOUT: Final = 256
"""Characters of a command and of its description. Source: tdlib/td ``BotCommand.cpp:183-207``"""

_SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}
"""The scopes of commands, and what each names."""

_TEXTS: Final = {"name": 64, "description": 512, "short_description": 120}
"""The texts of a profile, and their limits in characters."""


def _audience(call: Call) -> tuple[str, str]:
    """The scope, written down as JSON, and the language."""
    scope = call.arguments.json("scope", "BotCommandScope") or {"type": "default"}
    kind = str(scope.get("type")) if isinstance(scope, dict) else ""
    if kind not in _SCOPES:
        raise bad_request('Can\'t parse BotCommandScope: field "type" has an unknown value')
    named = {name: str(scope.get(name)) for name in _SCOPES[kind]}
    if "chat_id" in named:
        named["chat_id"] = str(call.world.reach(call.bot, str(scope.get("chat_id", "")), Access.READ).id)
    return scope_key(kind, **named), call.arguments.text("language_code")


def set_my_commands(call: Call) -> bool:
    """Set the commands of one scope and language. An empty list has the effect of `delete_my_commands`."""
    given = call.arguments.json("commands", "commands")
    if not isinstance(given, list):
        raise bad_request("Expected an Array of commands")
    if len(given) > _MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = [_checked_command(item) for item in given]
    call.bot.settings.commands[_audience(call)] = commands
    call.world.changes.notify()
    return True


def _checked_command(item: Any) -> Json:
    if not isinstance(item, dict):
        raise bad_request("Can't parse BotCommand: expected an Object")
    name = str(item.get("command", "")).strip().removeprefix("/")
    description = str(item.get("description", "")).strip()
    for what, text, limit in (("Command", name, _MAX_COMMAND), ("Command description", description, _MAX_ABOUT)):
        if not text:
            raise bad_request(f"{what} must be non-empty")
        if len(text) > limit:
            raise bad_request(f"{what} length must not exceed {limit}")
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    return {"command": name, "description": description}


def get_my_commands(call: Call) -> list[Json]:
    """The commands of exactly this scope and language; ``[]`` if none are set."""
    return call.bot.settings.commands.get(_audience(call), [])


def delete_my_commands(call: Call) -> bool:
    """Delete the commands of one scope and language, so that wider ones count again."""
    call.bot.settings.commands.pop(_audience(call), None)
    call.world.changes.notify()
    return True


def _text_setter(name: str) -> Method:
    def set_text(call: Call) -> bool:
        text, language = call.arguments.text(name).strip(), call.arguments.text("language_code")
        if len(text) > _TEXTS[name]:
            raise bad_request(f"bot {name.replace('_', ' ')} is too long")
        call.bot.settings.texts[name, language] = text
        if name == "name" and text and not language:
            call.bot.first_name = text
        call.world.changes.notify()
        return True

    return set_text


def _text_getter(name: str) -> Method:
    def get_text(call: Call) -> Json:
        texts = call.bot.settings.texts
        text = texts.get((name, call.arguments.text("language_code"))) or texts.get((name, ""))
        return {name: text or (call.bot.first_name if name == "name" else "")}

    return get_text


def set_chat_menu_button(call: Call) -> bool:
    """Set the menu button of one private chat, or the default of all others."""
    given = call.arguments.json("menu_button", "MenuButton") or {"type": "default"}
    try:
        button = _read_menu_button(given)
    except FieldError as error:
        raise bad_request(f"Can't parse menu button: {error.cause}") from None
    if button["type"] == "web_app":
        if not button["text"]:
            raise bad_request("Menu button text must be non-empty")
        button["web_app"]["url"] = menu_link(button["web_app"]["url"], is_test=call.world.is_test_dc)
    call.bot.settings.menu_buttons[_menu_chat(call)] = button
    call.world.changes.notify()
    return True


def _read_menu_button(given: Any) -> Json:
    """The ``MenuButton``. Source: tdlib/telegram-bot-api ``Client.cpp:10680-10703``."""
    fields = fields_of(given, "MenuButton must be an Object")
    kind = text_field(fields, "type", is_required=True)
    if kind in {"commands", "default"}:
        return {"type": kind}
    if kind != "web_app":
        raise FieldError("MenuButton has unsupported type")
    text = text_field(fields, "text", is_required=True)
    return {"type": kind, "text": text, "web_app": {"url": _app_url(fields)}}


def _app_url(fields: Json) -> str:
    return text_field(object_field(fields, "web_app"), "url", is_required=True)


def get_chat_menu_button(call: Call) -> Json:
    """The menu button of one private chat, or the default."""
    buttons = call.bot.settings.menu_buttons
    chat_id = _menu_chat(call)
    if chat_id and chat_id in buttons:
        return buttons[chat_id]
    found = buttons.get(0, {"type": "default"})
    return found if found["type"] != "default" else {"type": "commands"}


def _menu_chat(call: Call) -> int:
    if not call.arguments.text("chat_id"):
        return 0
    chat = call.chat(Access.READ)
    if chat.type != "private":
        raise bad_request("chat must be a private chat")
    return chat.id


def set_my_default_administrator_rights(call: Call) -> bool:
    """Set the rights that the bot asks for when it is added to a chat."""
    rights = call.arguments.json("rights", "ChatAdministratorRights") or {}
    if not isinstance(rights, dict):
        raise bad_request("Object expected as ChatAdministratorRights")
    call.bot.settings.default_rights[call.arguments.flag("for_channels")] = rights
    return True


def get_my_default_administrator_rights(call: Call) -> Json:
    """The rights that the bot asks for when it is added to a chat."""
    for_channels = call.arguments.flag("for_channels")
    rights = call.bot.settings.default_rights.get(for_channels, {})
    elsewhere = GROUP_RIGHTS if for_channels else CHANNEL_RIGHTS
    names = ("is_anonymous", *(right for right in ADMIN_RIGHTS if right not in elsewhere))
    return {name: bool(rights.get(name)) and not (for_channels and name == "is_anonymous") for name in names}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


METHODS: Final[dict[str, Method]] = {
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    **{f"setMy{_camel(name)}": _text_setter(name) for name in _TEXTS},
    **{f"getMy{_camel(name)}": _text_getter(name) for name in _TEXTS},
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "setMyDefaultAdministratorRights": set_my_default_administrator_rights,
    "getMyDefaultAdministratorRights": get_my_default_administrator_rights,
}
