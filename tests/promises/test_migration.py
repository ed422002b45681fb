"""A group that becomes a supergroup: the promises on it, over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiogram.exceptions import TelegramMigrateToChat
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, ids_in
from tests.promises.storages import ListStorage, Stepwise
from tgslices import (
    Direction,
    MemorySessionStorage,
    Session,
    SessionKey,
    SessionManager,
    SessionQualifier,
    SessionStorage,
)
from tgslices.config import SessionConfig
from tgslices.storage import open_storage
from tgslices.storage.acquiring import durable

NEW: dict[str, Any] = {"id": -1_000_000_000_778, "type": "supergroup", "title": "Team"}
OLD = -778


def message_in(chat_id: int, message_id: int) -> Message:
    return Message.model_validate(
        {"message_id": message_id, "date": 1_700_000_000, "chat": {"id": chat_id, "type": "group", "title": "Team"}}
    )


class Group:
    """A group that has just been told to become a supergroup."""

    def __init__(self, stage: FedBot) -> None:
        self.stage = stage
        self.old = stage.api.add_group("Team", members=[stage.ann, stage.account])
        self.session = stage.bot.sessions.get(self.old.id, stage.ann.id, qualifier="order")

    async def says(self, text: str) -> None:
        await self.stage.ann.view(self.old).types(text)
        await self.stage.settled()

    async def leaves(self, message_id: int = 90) -> None:
        """Deliver what the old chat says about it."""
        notice = self.stage.message(message_id, chat=self.old.json(), text=None, migrate_to_chat_id=NEW["id"])
        await self.stage.delivers("message", notice)

    async def arrives(self, message_id: int = 1) -> None:
        """Deliver what the new chat says about it."""
        notice = self.stage.message(message_id, chat=NEW, text=None, migrate_from_chat_id=self.old.id)
        await self.stage.delivers("message", notice)

    async def places(self) -> list[tuple[int, int]]:
        return [(entry.chat_id, entry.message_id) for entry in await self.session.messages()]


@pytest.fixture
def group(stage: FedBot) -> Group:
    return Group(stage)


@pytest.mark.parametrize("order", ["leaves arrives", "arrives leaves", "leaves", "arrives", "leaves leaves arrives"])
async def test_open_keys_move_to_the_new_chat_with_their_entries(stage: FedBot, group: Group, order: str) -> None:
    """ "When a group becomes a supergroup, open keys move to the new chat with their entries, which keep the old chat's
    id": whichever of the two notices comes, in whichever order."""
    await group.says("one")
    for step in order.split():
        await getattr(group, step)()
    assert group.session.key == SessionKey(stage.bot.id, NEW["id"], stage.ann.id, qualifier="order")
    places = [place for place in await group.places() if place[1] != 90 and place != (NEW["id"], 1)]
    assert places == [(group.old.id, 1)]
    old_key = SessionKey(stage.bot.id, group.old.id, stage.ann.id, qualifier="order")
    assert await stage.bot.sessions.storage.list(old_key) == []


async def test_the_moved_key_gets_the_new_chats_messages_even_under_the_same_numbers(
    stage: FedBot, group: Group
) -> None:
    await group.says("one")
    await group.leaves()
    await stage.delivers("message", stage.message(1, chat=NEW))
    assert (group.old.id, 1) in await group.places()
    assert (NEW["id"], 1) in await group.places()


async def test_a_new_chats_message_that_comes_before_both_notices_is_the_one_limit(stage: FedBot, group: Group) -> None:
    """There is no order between the notices and the first message: nothing tells that the chats are one yet."""
    await stage.delivers("message", stage.message(2, chat=NEW))
    await group.arrives()
    await stage.delivers("message", stage.message(3, chat=NEW))
    assert [place for place in await group.places() if place[1] != 1] == [(NEW["id"], 3)]


async def test_a_handle_a_block_and_a_wrapper_follow_the_chat(stage: FedBot, group: Group) -> None:
    stage.answers("sendMessage", lambda arguments: stage.message(int(arguments.text("text")), chat=NEW))
    async with group.session as order:
        await group.leaves()
        await order.send_message("7")
        await stage.bot.send_message(NEW["id"], "8")
    assert [r.arguments["chat_id"] for r in stage.api.requests if r.method == "sendMessage"] == [NEW["id"]] * 2
    assert [p for p in await group.places() if p[1] in {7, 8}] == [(NEW["id"], 7), (NEW["id"], 8)]
    assert order.chat_id == NEW["id"]


async def test_a_fresh_handle_for_the_new_chat_is_the_same_session(stage: FedBot, group: Group) -> None:
    await group.says("one")
    await group.leaves()
    again = stage.bot.sessions.get(NEW["id"], stage.ann.id, qualifier="order")
    assert await again.messages() == await group.session.messages()
    await again.close()
    assert stage.bot.sessions.is_idle()


async def test_sessions_of_other_chats_stay(stage: FedBot, group: Group) -> None:
    private = stage.session("order")
    await stage.says("private")
    await group.leaves()
    assert private.chat_id == stage.chat.id
    assert await ids_in(private) == [1]


async def test_a_session_that_was_opened_in_the_new_chat_before_keeps_its_own_entries(
    stage: FedBot, group: Group
) -> None:
    await group.says("one")
    early = stage.bot.sessions.get(NEW["id"], stage.ann.id, qualifier="order")
    await stage.delivers("message", stage.message(4, chat=NEW))
    await group.leaves()
    places = {(e.chat_id, e.message_id) for e in await early.messages()}
    assert {(NEW["id"], 4), (group.old.id, 1)} <= places
    assert await group.places() == [(e.chat_id, e.message_id) for e in await early.messages()]


async def test_the_predicate_of_a_key_moves_with_it(stage: FedBot, group: Group) -> None:
    seen: list[int] = []

    def matches(update: Any) -> bool:
        seen.append(update.message.message_id)
        return bool(update.message.text)

    stage.bot.sessions.subscribe(group.session.key, matches)
    await group.leaves()
    await stage.delivers("message", stage.message(5, chat=NEW))
    assert seen == [90, 5]
    assert await group.places() == [(NEW["id"], 5)]


async def test_a_handler_of_the_notice_gets_the_session(stage: FedBot, group: Group) -> None:
    """The one who handles ``migrate_from_chat_id`` is handed the session that has just moved."""
    await group.says("one")
    held: list[int] = []

    @stage.dispatcher.message()
    async def moved(message: Message, mine: Session) -> None:
        held.append(len(await stage.bot.sessions.get(message.chat, message.from_user, qualifier="order").messages()))

    await group.arrives(message_id=2)
    assert held == [2]


async def test_old_entries_become_unreachable_and_are_asked_for_nowhere_else(stage: FedBot, group: Group) -> None:
    """ "... become `unreachable` on clearing, and are never asked for anywhere" """
    await group.says("one")
    await group.leaves()
    group.old.migrated_to = NEW["id"]
    result = await group.session.clear()
    assert [(e.chat_id, e.message_id) for e in result.unreachable][:1] == [(group.old.id, 1)]
    assert not result.accepted
    asked = [r.arguments["chat_id"] for r in stage.api.requests if r.method.startswith("deleteMessage")]
    assert asked == []
    assert await group.session.messages() == []


async def test_they_are_asked_for_nowhere_by_the_next_process_either(
    stage: FedBot, group: Group, tmp_path: Path
) -> None:
    """What one process saw of the migration, those after it know from the storage."""
    url = f"sqlite:///{tmp_path / 'slices.db'}"
    first, second = (SessionManager(stage.bot, SessionConfig(storage=open_storage(url))) for _ in range(2))
    order = first.get(group.old.id, stage.ann.id)
    for number in (1, 2):
        await order.track(Message.model_validate(stage.message(number, chat=group.old.json())))
    await first.tracker.migrate(group.old.id, NEW["id"])
    group.old.migrated_to = NEW["id"]
    await first.aclose()
    moved = second.get(NEW["id"], stage.ann.id)
    assert len(await moved.messages()) == 2
    plan = await moved.plan()
    result = await moved.clear()
    assert [entry.chat_id for entry in result.unreachable] == [group.old.id] * 2
    assert result.unreachable == plan.unreachable
    assert result.requests == 0
    await second.aclose()


async def test_direction_and_time_of_a_moved_entry_are_kept(group: Group) -> None:
    await group.says("one")
    before = await group.session.messages()
    await group.leaves()
    [after] = [entry for entry in await group.session.messages() if entry.message_id == 1]
    assert after.direction is Direction.INCOMING
    assert (after.date, after.at, after.user_id) == (before[0].date, before[0].at, before[0].user_id)


async def test_a_late_update_of_the_old_chat_is_handed_the_session_that_moved(stage: FedBot, group: Group) -> None:
    """The notices come in any order: a handler of the old chat must not open a key that nobody closes."""
    await group.says("one")
    handed: list[Session] = []

    @stage.dispatcher.message()
    async def handle(message: Message, order: Annotated[Session, SessionQualifier("order")]) -> None:
        handed.append(order)

    await group.arrives()
    await group.leaves()
    assert [session.key for session in handed[-1:]] == [group.session.key]
    by_hand = stage.bot.sessions.get(group.old.id, stage.ann.id, qualifier="order")
    assert by_hand.key == group.session.key
    for session in handed:
        await session.close()
    assert stage.bot.sessions.is_idle()


async def test_two_handles_whose_chats_become_one_know_of_each_others_closing(stage: FedBot, group: Group) -> None:
    early = stage.bot.sessions.get(NEW["id"], stage.ann.id, qualifier="order")
    go, sent = asyncio.Event(), []

    async def straggle() -> None:
        await go.wait()
        sent.append(await stage.bot.send_message(stage.chat.id, "late"))

    async with group.session:
        straggler = asyncio.create_task(straggle())
    await group.leaves()
    await early.close()
    go.set()
    await straggler
    assert len(sent) == 1
    assert stage.bot.sessions.is_idle()
    assert await stage.bot.sessions.storage.list(early.key) == []


@pytest.mark.parametrize("kind", [MemorySessionStorage, ListStorage])
@pytest.mark.parametrize("current", [True, False])
async def test_what_is_opened_at_any_moment_of_a_migration_is_open_in_the_new_chat(
    stage: FedBot, kind: type[SessionStorage], current: bool
) -> None:
    """The storage takes its time; whatever a handler opens or records meanwhile must end up where its handle is."""
    moments = 0
    while True:
        manager = SessionManager(stage.bot, SessionConfig(storage=Stepwise(durable(kind()))))
        await manager.get(OLD, 8).messages()
        early = manager.get(OLD, 9)
        migration = asyncio.create_task(manager.tracker.migrate(OLD, NEW["id"]))
        for _ in range(moments):
            await asyncio.sleep(0)
        is_over = migration.done()
        opened = manager.get(OLD, 7)
        if current:
            await asyncio.gather(opened.track(message_in(OLD, 1)), early.track(message_in(OLD, 2)))
        await migration
        assert len(await opened.messages()) == len(await early.messages()) == current
        keys = await durable(manager.tracker.storage).open_keys(stage.bot.id)
        assert {key.chat_id for key in keys} == {NEW["id"]}
        assert {key.user_id for key in keys} == {7, 8, 9}
        if is_over:
            break
        moments += 1
    assert moments > 2


@pytest.mark.parametrize("kind", [MemorySessionStorage, ListStorage])
@pytest.mark.parametrize("end", ["clear", "close", "forget", "keep", "prune"])
async def test_what_is_ended_at_any_moment_of_a_migration_is_ended_in_the_new_chat(
    stage: FedBot, kind: type[SessionStorage], end: str
) -> None:
    """An end that finds nothing under the old id, because the storage has moved it, would be lost without a word."""
    moments, messages = 0, [message_in(OLD, number) for number in (1, 2)]
    while True:
        manager = SessionManager(stage.bot, SessionConfig(storage=Stepwise(durable(kind()))))
        await manager.upkeep.stop()
        session = manager.get(OLD, 7)
        await session.track(*messages)
        migration = asyncio.create_task(manager.tracker.migrate(OLD, NEW["id"]))
        for _ in range(moments):
            await asyncio.sleep(0)
        is_over = migration.done()
        match end:
            case "keep":
                ended = await session.keep(*messages)
            case "prune":
                ended = int(await session.prune(0))
            case _:
                ended = int(await getattr(session, end)())
        assert ended == 2
        assert await session.messages() == []
        assert await session.is_open() is (end != "close")
        await migration
        assert await session.messages() == []
        assert await session.is_open() is (end != "close")
        if is_over:
            break
        moments += 1
    assert moments > 2


@pytest.mark.parametrize("kind", [MemorySessionStorage, ListStorage])
async def test_what_is_looked_at_at_any_moment_of_a_migration_is_there(
    stage: FedBot, kind: type[SessionStorage]
) -> None:
    moments = 0
    while True:
        manager = SessionManager(stage.bot, SessionConfig(storage=Stepwise(durable(kind()))))
        session = manager.get(OLD, 7)
        await session.track(message_in(OLD, 1))
        migration = asyncio.create_task(manager.tracker.migrate(OLD, NEW["id"]))
        for _ in range(moments):
            await asyncio.sleep(0)
        is_over = migration.done()
        assert (len(await session.messages()), await session.is_open()) == (1, True)
        await migration
        if is_over:
            break
        moments += 1
    assert moments > 2


@pytest.mark.parametrize("spelled", [int, str])
async def test_a_refused_request_tells_of_it_however_it_names_the_chat(
    stage: FedBot, group: Group, spelled: type[int | str]
) -> None:
    supergroup = stage.api.migrate(group.old, tell=False)
    with pytest.raises(TelegramMigrateToChat):
        await stage.bot.send_message(spelled(group.old.id), "hello")
    assert group.session.chat_id == supergroup.id
