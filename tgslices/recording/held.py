"""Whether an open session holds a message, as far as this process and the storage know. In doubt one does."""

from __future__ import annotations

import logging

from tgslices.described import described
from tgslices.recording.tracker import Tracker

log = logging.getLogger("tgslices")


async def is_held(
    tracker: Tracker, chat_id: int, message_id: int, *, business_connection_id: str | None, user_id: int | None
) -> bool:
    """Tell whether an open session holds a message of a chat, whoever's; ``user_id`` is who asks.

    One round trip of the storage. A message that is being sent into the chat is waited for, at most five seconds.
    """
    try:
        if tracker.waiting_openings:
            await tracker.write_openings()
        storage, bot_id = tracker.storage, tracker.bot_id
        if await storage.is_held(
            bot_id, chat_id, message_id, business_connection_id=business_connection_id, user_id=user_id
        ):
            return True
        if tracker.unwritten or await _is_held_by_predicate(tracker, chat_id, message_id):
            return True
        if not await tracker.keys.outlast_sends_into(chat_id):
            return False
        return bool(tracker.unwritten) or await storage.is_held(
            bot_id, chat_id, message_id, business_connection_id=business_connection_id, user_id=user_id
        )
    except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
        log.error("Whether a button is stale could not be told: %s", described(error))  # noqa: TRY400  # a traceback may show a token
        return True


async def _is_held_by_predicate(tracker: Tracker, chat_id: int, message_id: int) -> bool:
    """Tell whether a session that gets its updates by a predicate holds it: the storage does not know it to be open."""
    for key in [key for key in tracker.subscriptions.predicates if key.chat_id == chat_id]:
        if any(entry.message_id == message_id for entry in await tracker.storage.list(key)):
            return True
    return False
