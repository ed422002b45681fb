"""Whether an open session holds a message, as far as this process and the storage know. In doubt one does."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from tgslices.error_texts.without_secrets import described
from tgslices.recording.tracker import Tracker

log = logging.getLogger("tgslices")


async def is_held(
    tracker: Tracker, chat_id: int, message_id: int, *, business_connection_id: str | None, user_id: int | None
) -> bool:
    """Tell whether an open session holds a message of a chat, whoever's; ``user_id`` is who asks.

    One round trip of the storage. A message that is being sent into the chat is waited for, at most five seconds.
    """
    storage, bot_id = tracker.storage, tracker.bot_id
    try:
        if await storage.is_held(
            bot_id, chat_id, message_id, business_connection_id=business_connection_id, user_id=user_id
        ):
            return True
        again = partial(storage.is_held, bot_id, chat_id, message_id, business_connection_id=business_connection_id)
        return await _may_be_held(tracker, chat_id, message_id, again)
    except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
        log.error("Whether a button is stale could not be told: %s", described(error))  # noqa: TRY400  # a traceback may show a token
        return True


async def _may_be_held(tracker: Tracker, chat_id: int, message_id: int, again: Callable[[], Awaitable[bool]]) -> bool:
    """Tell what the storage cannot know yet: what is not written, or not even answered by Telegram."""
    if tracker.unwritten or await _is_held_by_predicate(tracker, chat_id, message_id):
        return True
    was_opening, was_sending = bool(tracker.waiting_openings), await tracker.keys.outlast_sends_into(chat_id)
    if not (was_opening or was_sending):
        return False
    await tracker.write_openings()
    return bool(tracker.unwritten) or await again()


async def _is_held_by_predicate(tracker: Tracker, chat_id: int, message_id: int) -> bool:
    """Tell whether a session that gets its updates by a predicate holds it: the storage does not know it to be open."""
    for key in [key for key in tracker.subscriptions.predicates if key.chat_id == chat_id]:
        if any(entry.message_id == message_id for entry in await tracker.storage.list(key)):
            return True
    return False
