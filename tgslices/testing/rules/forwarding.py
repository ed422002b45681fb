"""What can be copied and forwarded.

Source: tdlib/td ``MessagesManager.cpp:8202-8236, 24505-24610`` and ``MessageContent.cpp:6425-6453`` at 022d602.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tgslices.testing.errors import ApiError, bad_request
from tgslices.testing.rules.kinds import is_service

UNCOPYABLE_KINDS: Final = frozenset({"giveaway", "giveaway_winners", "paid_media", "invoice"})
"""Source: ``MessageContent.cpp:6441-6444`` and https://core.telegram.org/bots/api#copymessages"""


@dataclass(frozen=True, slots=True)
class Source:
    """A message that is to be copied or forwarded.

    ``is_unknown_quiz``: a quiz whose right answer the bot does not know.
    """

    kind: str
    is_protected: bool = False
    is_unknown_quiz: bool = False


def can_forward(message: Source, *, is_copy: bool) -> bool:
    """Whether the message goes along; others are skipped. A bot may copy protected content, not forward it."""
    if is_service(message.kind):
        return False
    if is_copy:
        return message.kind not in UNCOPYABLE_KINDS and not message.is_unknown_quiz
    return not message.is_protected


def batch_refusal(found: Sequence[int], *, taken: int, is_chat_protected: bool, is_copy: bool) -> ApiError | None:
    """Why a call about several messages fails as a whole, or None.

    ``found`` are the identifiers of those that exist, in the caller's order; ``taken`` of them can go along.
    Source: ``MessagesManager.cpp:24505-24560`` and tdlib/telegram-bot-api ``Client.cpp:6277``.
    """
    if not found:
        return bad_request("There are no messages to forward")
    if is_chat_protected and not is_copy:
        return bad_request("Message has protected content and can't be forwarded")
    refusal = order_refusal(found)
    if refusal is None and taken == 0:
        return bad_request("Messages can't be forwarded")
    return refusal


def single_refusal(message: Source, *, is_chat_protected: bool, is_copy: bool) -> ApiError | None:
    """Why one message cannot be copied or forwarded, or None. Source: ``MessagesManager.cpp:24341-24345``."""
    if is_chat_protected and not is_copy:
        return bad_request("Message has protected content and can't be forwarded")
    if can_forward(message, is_copy=is_copy):
        return None
    return bad_request("The message can't be copied" if is_copy else "The message can't be forwarded")


def partial_failure(position: int, cause: str) -> ApiError:
    """The error after one message of several failed. The others are sent, and their identifiers never told.

    ``position`` counts from 1. Source: tdlib/telegram-bot-api ``Client.cpp:12588-12612``, ``on_message_send_failed``.
    """
    return bad_request(f'Failed to send message #{position} with the error message "{cause}"')


def order_refusal(found: Iterable[int]) -> ApiError | None:
    """Why a call is refused by the order of its identifiers, or None: copies and forwards must increase strictly.

    ``found`` are the identifiers of existing messages, in the caller's order.
    Source: tdlib/td ``MessagesManager.cpp:24555``, ``get_forwarded_messages``.
    """
    if all(left < right for left, right in pairwise(found)):
        return None
    return bad_request("Message identifiers must be in a strictly increasing order")
