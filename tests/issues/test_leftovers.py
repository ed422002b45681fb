"""Others keep a lock, a record or an empty list for every session that there ever was, or make one when merely asked:
a bot that runs for months then grows without end."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime
from itertools import count
from weakref import ref

from aiogram.types import Chat, Message, Update, User

from tests.promises.fed_bot import FedBot
from tests.promises.storages import ListStorage
from tgslices import Session, SessionKey
from tgslices.model import REPEAT_WINDOW

SESSIONS = 10_000
UPDATE_IDS = count(1)
CHAT, USER = Chat(id=7, type="private"), User(id=7, is_bot=False, first_name="A")
MESSAGE = Message(message_id=1, date=datetime(2026, 1, 1, tzinfo=UTC), chat=CHAT, from_user=USER, text="hi")
UPDATE = Update(update_id=1, message=MESSAGE)


def update(chat_id: int, number: int) -> Update:
    """Return a message of the user of this number, copied because to check one takes a tenth of a millisecond."""
    chat, user = CHAT.model_copy(update={"id": chat_id}), USER.model_copy(update={"id": chat_id})
    message = MESSAGE.model_copy(update={"message_id": number, "chat": chat, "from_user": user})
    return UPDATE.model_copy(update={"update_id": next(UPDATE_IDS), "message": message})


def collected() -> int:
    """Return how many objects there are once everything that can go has gone."""
    for _ in range(3):
        gc.collect()
    return len(gc.get_objects())


def reachable(root: object) -> int:
    """Return how many entries the containers hold that can be reached from an object of ours."""
    seen: set[int] = set()
    waiting, entries = [root], 0
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            entries += len(item)
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, (list, tuple, set, frozenset)):
            entries += len(item)
            waiting += item
        elif isinstance(item, bytearray):
            entries += len(item)
        elif type(item).__module__.startswith(("tgslices", "tests", "weakref", "collections")):
            waiting += list(vars(item).values()) if hasattr(item, "__dict__") else []
            waiting += [
                getattr(item, name)
                for kind in type(item).__mro__
                for name in getattr(kind, "__slots__", ())
                if isinstance(name, str) and hasattr(item, name)
            ]
    return entries


async def live(stage: FedBot, number: int) -> None:
    """Live a whole session: open, record in every way, look, drop, close."""
    sessions, chat_id = stage.bot.sessions, 10_000 + number % 200
    session = sessions.get(chat_id, chat_id, qualifier=f"order {number}")
    if number % 10 == 0:
        sessions.subscribe(session.key, lambda update: False)
    async with session:
        brought = update(chat_id, 1)
        await sessions.tracker.track(brought, brought.message)
        await session.track(update(chat_id, 2))
        await session.track(update(chat_id + 1, 3))
    if number % 10 == 1:
        # To groups that have migrated before: which ones have is remembered, a number each, and groups do it once.
        await sessions.tracker.migrate(chat_id, -1_000_000_100_000 - number)
    await session.messages()
    await session.forget(lambda message: message.message_id == 1)
    if number % 3 == 0:
        await sessions.unsubscribe(session.key)
    await session.close()
    await session.messages()
    await sessions.matching_subscriptions(update(chat_id, 4))


async def forget_what_is_past(stage: FedBot) -> None:
    """Let the storage forget what it knows of closed sessions, as it does after a day."""
    later, storage = datetime.now(UTC) + 2 * REPEAT_WINDOW, stage.bot.sessions.tracker.storage
    while await storage.sweep(stage.bot.id, now=later, limit=1_000):
        pass


async def test_ten_thousand_sessions_leave_nothing_behind(stage: FedBot) -> None:
    for number in range(200):
        await live(stage, number)
    await forget_what_is_past(stage)
    objects, entries = collected(), reachable(stage.bot.sessions)
    for number in range(SESSIONS):
        await live(stage, number)
    assert stage.bot.sessions.is_idle()
    await forget_what_is_past(stage)
    assert reachable(stage.bot.sessions) == entries
    assert abs(collected() - objects) < 200


async def test_sessions_that_are_merely_looked_at_leave_nothing_behind(stage: FedBot) -> None:
    storage = stage.bot.sessions.storage
    entries = reachable(stage.bot.sessions)
    for number in range(1_000):
        key = SessionKey(stage.bot.id, number, qualifier="never opened")
        assert await storage.list(key) == []
        assert await storage.remove(key, []) == 0
        await storage.clear(key)
        await stage.bot.sessions.unsubscribe(key)
        stage.bot.sessions.key_of(update(number, 1))
    assert reachable(stage.bot.sessions) == entries


async def test_sessions_with_sends_and_clears_leave_nothing_behind(stage: FedBot) -> None:
    async def order(number: int) -> None:
        async with stage.session(f"order {number}") as session:
            await stage.bot.send_message(stage.chat.id, "hello")
            await asyncio.gather(*(session.send_message(str(n)) for n in range(3)))
        assert await session.clear() == 4
        await session.close()

    for number in range(5):
        await order(number)
    await forget_what_is_past(stage)
    entries = reachable(stage.bot.sessions.config.storage)
    for number in range(5, 50):
        await order(number)
    await forget_what_is_past(stage)
    assert reachable(stage.bot.sessions.config.storage) == entries
    assert stage.chat.texts() == []


async def test_a_plugin_keeps_no_record_of_what_is_closed(stage: FedBot) -> None:
    storage = stage.bot.sessions.storage
    for number in range(300):
        await live(stage, number)
    if isinstance(storage, ListStorage):
        assert storage.entries == {}


async def test_handles_that_nobody_holds_are_gone(stage: FedBot) -> None:
    handles: list[ref[Session]] = []
    for number in range(1_000):
        session = stage.bot.sessions.get(number)
        handles.append(ref(session))
        await session.close()
    del session
    gc.collect()
    assert [handle for handle in handles if handle() is not None] == []
