"""Random calls of a durable storage, and their answers in a form that two storages can be compared by."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.storage.samples import MINUTE, NOW, exactly, few_keys, few_messages
from tgslices.model import PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.protocol import DurableSessionStorage

CALLS = (
    *("add", "list", "remove", "clear", "open", "unsubscribe", "close", "matching", "open_keys", "record"),
    *("add_opening", "add_if_open", "discard", "migrate", "claim", "lease", "postpone", "settle"),
)


@dataclass(frozen=True)
class Step:
    """One call; every call takes from here what it needs."""

    call: str
    key: SessionKey
    messages: list[TrackedMessage]
    minutes: int


steps = st.builds(
    Step,
    call=st.sampled_from([*CALLS, "add_opening", "record", "record", "claim"]),
    key=few_keys,
    messages=st.lists(few_messages, min_size=1, max_size=4),
    minutes=st.integers(0, 3),
)


async def run(storage: DurableSessionStorage, step: Step) -> tuple[object, object]:
    """Make the call; return its answer, and what can be seen afterwards."""
    return await _call(storage, step), await seen(storage, step)


async def seen(storage: DurableSessionStorage, step: Step) -> tuple[object, ...]:
    """Return everything that can be seen of the step's key and of its bot."""
    bot, key = step.key.bot_id, step.key
    entries = [exactly(message) for message in await storage.list(key)]
    pending = sorted((_seen(it) for it in await storage.pending(bot)), key=repr)
    open_keys = sorted(await storage.open_keys(bot), key=repr)
    return entries, pending, open_keys, storage.is_idle(bot), await storage.next_due(bot)


def _seen(pending: PendingDeletion) -> tuple[object, ...]:
    return (pending.key, *exactly(pending.message), pending.claimed_at, pending.due_at)


async def _call(storage: DurableSessionStorage, step: Step) -> object:  # noqa: C901 - a table of calls
    key, bot, first, until = step.key, step.key.bot_id, step.messages[0], NOW + step.minutes * MINUTE
    scope = Scope(bot, key.chat_id, None, key.user_id, key.thread_id, key.business_connection_id)
    match step.call:
        case "add" | "add_opening" | "add_if_open":
            return await getattr(storage, step.call)(key, first)
        case "list" | "clear" | "open" | "unsubscribe" | "close":
            answer = await getattr(storage, step.call)(key)
            return answer if step.call == "close" else None
        case "remove":
            return await storage.remove(key, step.messages)
        case "record":
            return await storage.record(scope, first)
        case "matching":
            return sorted(await storage.matching(scope), key=repr)
        case "open_keys":
            return sorted(await storage.open_keys(bot), key=repr)
        case "discard":
            ids = [message.message_id for message in step.messages]
            return await storage.discard(bot, first.business_connection_id, first.chat_id, ids)
        case "migrate":
            return sorted(await storage.migrate(bot, key.chat_id, 3 - key.chat_id), key=repr)
        case "claim":
            return await storage.claim(key, step.messages, now=NOW, until=until)
        case "lease":
            leased = await storage.lease(bot, now=until, until=until + MINUTE, limit=100)
            return sorted(map(_seen, leased), key=repr)
    held = [it for it in await storage.pending(bot) if it.message in step.messages]
    if step.call == "postpone":
        await storage.postpone(held, until=until)
        return None
    return await storage.settle(held)
