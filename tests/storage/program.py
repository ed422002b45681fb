"""Random calls of a durable storage, and their answers in a form that two storages can be compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.storage.samples import MINUTE, NOW, exactly, few_keys, few_messages
from tgslices.model import REPEAT_WINDOW, Gone, IfClosed, PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.protocol import DurableSessionStorage

CALLS = (
    *("add", "list", "remove", "clear", "open", "unsubscribe", "close", "matching", "open_keys", "record"),
    *("discard", "hide", "migrate", "claim", "claim_all", "lease", "postpone", "settle", "sweep"),
)


@dataclass(frozen=True)
class Step:
    """One call; every call takes from here what it needs."""

    call: str
    key: SessionKey
    messages: list[TrackedMessage]
    minutes: int
    if_closed: IfClosed
    is_careful: bool
    """Whether what the key knows is left out, and late repeats are."""


steps = st.builds(
    Step,
    call=st.sampled_from([*CALLS, "add", "record", "record", "claim"]),
    key=few_keys,
    messages=st.lists(few_messages, min_size=1, max_size=4),
    minutes=st.integers(0, 3),
    if_closed=st.sampled_from(IfClosed),
    is_careful=st.booleans(),
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
    return entries, pending, open_keys, storage.is_idle(bot), await storage.next_due(bot, now=NOW)


def _seen(pending: PendingDeletion) -> tuple[object, ...]:
    return (pending.key, *exactly(pending.message), pending.claimed_at, pending.due_at)


async def _call(storage: DurableSessionStorage, step: Step) -> object:  # noqa: C901 - a table of calls
    key, bot, first, until = step.key, step.key.bot_id, step.messages[0], NOW + step.minutes * MINUTE
    scope = Scope(bot, key.chat_id, None, key.user_id, key.thread_id, key.business_connection_id)
    match step.call:
        case "add":
            begun_at = until if step.is_careful else None
            options: dict[str, Any] = {
                "outside": step.messages[-1],
                "begun_at": begun_at,
                "unless_known": step.is_careful,
            }
            return await storage.add(key, first, if_closed=step.if_closed, **options)
        case "open":
            return await storage.open(key, at=NOW, outside=first if step.is_careful else None)
        case "close":
            return await storage.close(key, at=until)
        case "list" | "clear" | "unsubscribe":
            return await getattr(storage, step.call)(key)
        case "remove":
            return await storage.remove(key, step.messages)
        case "record":
            return await storage.record(scope, first)
        case "matching":
            return sorted(await storage.matching(scope), key=repr)
        case "open_keys":
            return sorted(await storage.open_keys(bot), key=repr)
        case "discard" | "hide":
            ids = frozenset(message.message_id for message in step.messages)
            gone = Gone(first.chat_id, ids, first.business_connection_id)
            return await storage.discard(bot, gone, surely=step.call == "discard")
        case "migrate":
            return sorted(await storage.migrate(bot, key.chat_id, 3 - key.chat_id), key=repr)
        case "claim":
            return await storage.claim(key, step.messages, now=NOW, until=until)
        case "claim_all":
            return await storage.claim(key, None, now=NOW, until=until)
        case "sweep":
            return await storage.sweep(bot, now=until + REPEAT_WINDOW, limit=1_000)
        case "lease":
            leased = await storage.lease(bot, now=until, until=until + MINUTE, limit=100)
            return sorted(map(_seen, leased), key=repr)
    held = [it for it in await storage.pending(bot) if it.message in step.messages]
    if step.call == "postpone":
        await storage.postpone(held, until=until)
        return None
    return await storage.settle(held)
