"""Methods that nothing is kept of: arguments are checked, and the answer is the smallest that its type allows.

They are made from aiogram's own models, so that every method that the installed aiogram knows is answered.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

import aiogram.methods
from aiogram.methods import TelegramMethod

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.smallest import smallest
from tgslices.testing.rules.access import Access
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments


def aiogram_methods() -> dict[str, type[TelegramMethod[Any]]]:
    """The methods that the installed aiogram knows, by their names in the Bot API."""
    found = (getattr(aiogram.methods, name) for name in aiogram.methods.__all__)
    models = [model for model in found if inspect.isclass(model) and issubclass(model, TelegramMethod)]
    return {model.__api_method__: model for model in models if model is not TelegramMethod}


def check_references(world: World, bot: BotAccount, arguments: Arguments) -> None:
    """Check that the chat, message, user and business connection exist that the arguments name.

    Raises:
        ApiError: one does not.
    """
    connection_id = arguments.text("business_connection_id")
    if connection_id:
        world.connection(bot, connection_id)
    elif arguments.text("chat_id"):
        chat = world.reach(bot, arguments.text("chat_id"), Access.READ)
        if arguments.text("message_id") and chat.find(bot.id, arguments.message_id()) is None:
            raise bad_request("message not found")
    if arguments.text("user_id") and arguments.integer("user_id") not in world.users:
        raise bad_request("user not found")


def answering(model: type[TelegramMethod[Any]]) -> Method:
    """The method that does nothing but check its arguments and answer what its type demands."""
    fields = model.model_fields.items()
    required: Final = tuple(field.alias or name for name, field in fields if field.is_required())

    def answer(world: World, bot: BotAccount, arguments: Arguments) -> object:
        for name in required:
            if not arguments.text(name) and name not in arguments.files:
                raise bad_request(f'Parameter "{name}" is required')
        check_references(world, bot, arguments)
        return smallest(model.__returning__, now=world.clock.unix_time())

    return answer


METHODS: Final[dict[str, Method]] = {name: answering(model) for name, model in aiogram_methods().items()}
"""Every method of aiogram; those with a real effect take their places."""
