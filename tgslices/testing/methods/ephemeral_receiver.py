"""Receivers of ephemeral messages.

Source: https://core.telegram.org/bots/api#ephemeralmessageparameters. The public server source has none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call
from tgslices.testing.rules import ephemeral
from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.taps import Tap
from tgslices.testing.wire import identifiers
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import fields_of, flag_field, text_field
from tgslices.testing.wire.json_text import Json

_FOR_A_RECEIVER: Final = ("ephemeral_message_parameters", "receiver_user_id")


@dataclass(frozen=True, slots=True)
class Receiver:
    """The member who sees an ephemeral message, and the message whose place it takes, if any."""

    user: User
    replaces: StoredMessage | None = None


def find_receiver(call: Call, chat: Chat, kind: str) -> Receiver | None:
    """The receiver of an ephemeral message of this kind; None for an ordinary message.

    Raises:
        ApiError: the member is missing, the kind cannot be ephemeral, or the tap to answer is missing.
    """
    if call.arguments.values.keys().isdisjoint(_FOR_A_RECEIVER):
        return None
    given = _parameters(call.arguments)
    receiver_id = identifiers.integer(text_field(given, "receiver_user_id"))
    if receiver_id == 0:
        return None
    member = chat.members.get(receiver_id)
    is_member = member is not None and member.is_inside
    check(ephemeral.sending_refusal(chat.type, kind, receiver_is_member=is_member))
    user = call.world.users[receiver_id]
    tap = _find_tap(call, text_field(given, "callback_query_id"), chat, user)
    if not flag_field(given, "replace_callback_query_message"):
        return Receiver(user)
    check(ephemeral.replacement_refusal(is_tapped=tap is not None, is_ephemeral=_is_ephemeral(tap)))
    return Receiver(user, None if tap is None else tap.message)


def _parameters(arguments: Arguments) -> Json:
    """The object of Bot API 10.3, or the two arguments of 10.2 that it replaced."""
    parameters = arguments.json("ephemeral_message_parameters", "ephemeral message parameters")
    if parameters is None:
        return {name: arguments.text(name) for name in ("receiver_user_id", "callback_query_id")}
    return fields_of(parameters, "Object expected as ephemeral message parameters")


def _find_tap(call: Call, tap_id: str, chat: Chat, user: User) -> Tap | None:
    """The tap that a message answers, by its receiver and in its chat; None if no tap is named."""
    if not tap_id:
        return None
    tap = call.world.taps.get(tap_id)
    if tap is None or tap.bot is not call.bot or tap.user is not user or tap.message.chat is not chat:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    return tap


def _is_ephemeral(tap: Tap | None) -> bool:
    return tap is not None and tap.message.ephemeral_id is not None
