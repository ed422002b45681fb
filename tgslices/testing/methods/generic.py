"""Methods without an effect: they check their arguments and give the smallest answer that their type allows.

aiogram's own models make them, so that every method of the installed aiogram is answered.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

import aiogram.methods
from aiogram.methods import TelegramMethod

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.smallest import smallest
from tgslices.testing.rules.access import Access


def aiogram_methods() -> dict[str, type[TelegramMethod[Any]]]:
    """The methods that the installed aiogram knows, by their names in the Bot API."""
    found = (getattr(aiogram.methods, name) for name in aiogram.methods.__all__)
    models = [model for model in found if inspect.isclass(model) and issubclass(model, TelegramMethod)]
    return {model.__api_method__: model for model in models if model is not TelegramMethod}


def check_references(call: Call) -> None:
    """Check that the named chat, message, user and business connection exist.

    Raises:
        ApiError: one does not.
    """
    if call.arguments.text("business_connection_id"):
        call.connection()
    elif call.arguments.text("chat_id"):
        chat = call.chat(Access.READ)
        if call.arguments.text("message_id"):
            call.message_in(chat)
    if call.arguments.text("user_id"):
        call.user()


def answering(model: type[TelegramMethod[Any]]) -> Method:
    """A method that checks its arguments and answers what its type demands."""
    fields = model.model_fields.items()
    required: Final = tuple(field.alias or name for name, field in fields if field.is_required())

    def answer(call: Call) -> object:
        for name in required:
            if not call.arguments.text(name) and name not in call.arguments.files:
                raise bad_request(f'Parameter "{name}" is required')
        check_references(call)
        return smallest(model.__returning__, now=call.world.clock.unix_time())

    return answer


METHODS: Final[dict[str, Method]] = {name: answering(model) for name, model in aiogram_methods().items()}
"""Every method of aiogram; methods with an effect replace these."""
