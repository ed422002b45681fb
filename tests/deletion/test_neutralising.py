"""What cannot be deleted loses its buttons: which, by which calls, and what the result says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiogram import F, types
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from tests.deletion.scene import Scene
from tests.needs import needs
from tgslices import ConfigurationError, Session
from tgslices.config import SessionConfig
from tgslices.deletion.message_fates import MIGRATED
from tgslices.manager import SessionManager
from tgslices.session_bot import SessionBot
from tgslices.testing import Chat, Drop, Failure, Flood, Slow, StoredMessage

OLD = timedelta(hours=49)
KEYBOARD = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}, {"text": "No", "callback_data": "no"}]]}
PHOTO = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}


@pytest.fixture
async def manager(scene: Scene) -> AsyncIterator[SessionManager]:
    config = SessionConfig(storage=scene.storage, clock=lambda: scene.now)
    manager = SessionManager(scene.bot, config)
    manager._executor.pacing._sleep = scene.sleep
    manager._executor.pacing._monotonic = scene.monotonic
    yield manager
    await manager.aclose()


def plant(
    scene: Scene,
    chat: Chat,
    *,
    age: timedelta = OLD,
    kind: str = "text",
    content: dict[str, Any] | None = None,
    buttons: bool = True,
) -> StoredMessage:
    """Let the bot have sent a message with buttons."""
    date = int((scene.now - age).timestamp())
    content = {"text": "Sure?"} if content is None else content
    keyboard = {"reply_markup": KEYBOARD} if buttons else {}
    return scene.api.world.store(chat, scene.account, kind, content | keyboard, date=date)


async def session_of(scene: Scene, manager: SessionManager, *messages: StoredMessage, **more: Any) -> Session:
    """Return Ann's session with records of messages."""
    session = manager.get(scene.ann.id, scene.ann.id)
    for message in messages:
        has_buttons = "reply_markup" in message.content
        await scene.storage.add(session.key, scene.record(message, has_buttons=has_buttons, **more))
    return session


def is_live(message: StoredMessage) -> bool:
    """Tell whether a button under a message still does something."""
    rows = message.content.get("reply_markup", {}).get("inline_keyboard", [])
    return any("disabled" not in button for row in rows for button in row)


async def test_of_a_hundred_past_the_limit_twenty_with_buttons_cost_twenty_requests(
    scene: Scene, manager: SessionManager
) -> None:
    chat = scene.private_chat()
    messages = [plant(scene, chat, buttons=number % 5 == 0) for number in range(100)]
    session = await session_of(scene, manager, *messages)
    result = await session.clear(neutralise=True)
    assert len(result.expired) == 100
    assert (len(result.neutralised), result.not_neutralised) == (20, {})
    assert result.requests == len(scene.api.requests) == 20
    assert not any(is_live(message) for message in messages)
    assert [entry for entry in result.expired if entry.has_buttons] == list(result.neutralised)


async def test_without_neutralise_the_expired_are_not_asked_for(scene: Scene, manager: SessionManager) -> None:
    message = plant(scene, scene.private_chat())
    result = await (await session_of(scene, manager, message)).clear()
    assert (len(result.expired), result.requests, result.neutralised) == (1, 0, ())
    assert is_live(message)


async def test_what_is_deleted_costs_no_edit(scene: Scene, manager: SessionManager) -> None:
    session = await session_of(scene, manager, plant(scene, scene.private_chat(), age=timedelta()))
    result = await session.clear(neutralise=True)
    assert (len(result.accepted), result.requests, result.neutralised) == (1, 1, ())


async def test_what_telegram_refuses_loses_its_buttons_too(scene: Scene, manager: SessionManager) -> None:
    channel = scene.api.add_channel("News", admins=[scene.account])
    message = plant(scene, channel, age=timedelta())
    scene.api.promote(channel, scene.account, can_edit_messages=True)
    result = await (await session_of(scene, manager, message)).clear(neutralise=True)
    assert len(result.refused) == 1
    assert result.neutralised == result.refused
    assert not is_live(message)


async def test_what_others_sent_is_left_alone(scene: Scene, manager: SessionManager) -> None:
    message = scene.plant(scene.private_chat(), own=False, age=OLD)[0]
    session = await session_of(scene, manager)
    await scene.storage.add(session.key, scene.record(message, has_buttons=True))
    result = await session.clear(neutralise=True)
    assert (len(result.expired), result.requests, result.neutralised, result.not_neutralised) == (1, 0, (), {})


async def test_a_group_that_became_a_supergroup_keeps_its_messages_without_buttons(
    scene: Scene, manager: SessionManager
) -> None:
    group = scene.api.add_group("Group", members=[scene.ann, scene.account])
    message = plant(scene, group, age=timedelta())
    session = await session_of(scene, manager, message)
    new = scene.api.migrate(group)
    await scene.storage.migrate(scene.account.id, group.id, new.id)
    result = await session.clear(neutralise=True)
    assert result.reason(result.unreachable[0]) == MIGRATED.reason
    assert result.neutralised == result.unreachable
    assert not is_live(message)


CONTENTS: dict[str, tuple[str, dict[str, Any], str, str | None]] = {
    "a text": ("text", {"text": "Sure?"}, "editMessageText", "text"),
    "a photo with a caption": ("photo", {"photo": [PHOTO], "caption": "Sure?"}, "editMessageCaption", "caption"),
    "a photo without one": ("photo", {"photo": [PHOTO]}, "editMessageCaption", "caption"),
    "a place": ("location", {"location": {"latitude": 1, "longitude": 1}}, "editMessageReplyMarkup", None),
}


@pytest.mark.parametrize("what", CONTENTS)
async def test_a_text_replaces_the_text_or_the_caption_where_there_can_be_one(
    scene: Scene, manager: SessionManager, what: str
) -> None:
    kind, content, method, field = CONTENTS[what]
    message = plant(scene, scene.private_chat(), kind=kind, content=content)
    result = await (await session_of(scene, manager, message)).clear(neutralise="This order is closed.")
    assert [call.method for call in scene.api.requests] == [method]
    assert len(result.neutralised) == 1
    assert not is_live(message)
    assert field is None or message.content[field] == "This order is closed."


async def test_a_text_costs_nothing_where_there_were_no_buttons(scene: Scene, manager: SessionManager) -> None:
    message = plant(scene, scene.private_chat(), buttons=False)
    result = await (await session_of(scene, manager, message)).clear(neutralise="Closed.")
    assert result.requests == 0
    assert message.content["text"] == "Sure?"


async def test_where_the_text_is_refused_the_buttons_go_all_the_same(
    scene: Scene, manager: SessionManager, caplog: pytest.LogCaptureFixture
) -> None:
    messages = [plant(scene, scene.private_chat()) for _ in range(2)]
    result = await (await session_of(scene, manager, *messages)).clear(neutralise="x" * 5000)
    assert scene.api.count("editMessageText") == scene.api.count("editMessageReplyMarkup") == 2
    assert len(result.neutralised) == 2
    assert not any(is_live(message) for message in messages)
    assert len([line for line in caplog.messages if "was not taken" in line]) == 1


async def test_what_has_no_buttons_any_more_counts_as_done(scene: Scene, manager: SessionManager) -> None:
    bare, gone = plant(scene, scene.private_chat()), plant(scene, scene.private_chat())
    session = await session_of(scene, manager, bare, gone)
    del bare.content["reply_markup"]
    scene.api.world.remove([gone])
    result = await session.clear(neutralise=True)
    assert (len(result.neutralised), result.not_neutralised) == (2, {})
    assert {call.status for call in scene.api.requests} == {400}


async def test_what_cannot_be_edited_is_told_with_the_reason(scene: Scene, manager: SessionManager) -> None:
    one, two = plant(scene, scene.private_chat()), plant(scene, scene.private_chat())
    one.content["forward_origin"] = {}
    result = await (await session_of(scene, manager, one, two)).clear(neutralise="Closed.")
    first, second = result.expired
    assert result.not_neutralised == {first: "Bad Request: message can't be edited"}
    assert result.neutralised == (second,)
    assert repr(result) == "ClearResult(2, expired=2, neutralised=1, not_neutralised=1, requests=2)"


async def test_a_chat_without_access_is_asked_for_once(scene: Scene, manager: SessionManager) -> None:
    group = scene.api.add_supergroup("Group", members=[scene.ann, scene.account])
    messages = [plant(scene, group) for _ in range(10)]
    session = await session_of(scene, manager, *messages, plant(scene, scene.private_chat()))
    scene.api.kick(group, scene.account)
    manager._executor.pacing.in_flight = 1
    result = await session.clear(neutralise=True)
    assert (len(result.neutralised), len(result.not_neutralised), result.requests) == (1, 10, 2)


@pytest.mark.parametrize("fault", [Drop(), Drop(after_work=True), Failure(502), Flood(3)])
async def test_what_failed_is_asked_for_again(scene: Scene, manager: SessionManager, fault: Any) -> None:
    messages = [plant(scene, scene.private_chat()) for _ in range(6)]
    scene.api.faults.add(fault, times=3)
    result = await (await session_of(scene, manager, *messages)).clear(neutralise=True)
    assert (len(result.neutralised), result.not_neutralised) == (6, {})
    assert not any(is_live(message) for message in messages)


async def test_a_flood_beyond_the_patience_is_told(scene: Scene, manager: SessionManager) -> None:
    messages = [plant(scene, scene.private_chat()) for _ in range(6)]
    scene.api.faults.add(Flood(600), times=None)
    result = await (await session_of(scene, manager, *messages)).clear(neutralise=True)
    assert (len(result.expired), len(result.not_neutralised)) == (6, 6)
    assert result.requests <= 4


async def test_a_network_that_is_down_is_told(scene: Scene, manager: SessionManager) -> None:
    messages = [plant(scene, scene.private_chat()) for _ in range(6)]
    scene.api.faults.add(Drop(), times=None)
    result = await (await session_of(scene, manager, *messages)).clear(neutralise=True)
    assert len(result.not_neutralised) == 6
    assert all(why.startswith("TelegramNetworkError") for why in result.not_neutralised.values())


async def test_a_revoked_token_is_told_and_the_result_not_lost(scene: Scene, manager: SessionManager) -> None:
    messages = [plant(scene, scene.private_chat()) for _ in range(6)]
    scene.api.faults.add(Failure(401), times=None)
    result = await (await session_of(scene, manager, *messages)).clear(neutralise=True)
    assert len(result.not_neutralised) == 6
    assert result.requests <= 4


async def test_a_cancellation_leaves_nothing_running(scene: Scene, manager: SessionManager) -> None:
    held = asyncio.Event()
    session = await session_of(scene, manager, *(plant(scene, scene.private_chat()) for _ in range(6)))
    scene.api.faults.add(Slow(until=held), times=None)
    before = asyncio.all_tasks()
    task = asyncio.create_task(session.clear(neutralise=True))
    while not scene.api.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    held.set()
    assert not [left for left in asyncio.all_tasks() - before if "Neutraliser" in repr(left)]
    assert await session.messages() == []


@pytest.mark.parametrize("wrong", ["", None, 1, b"text"])
async def test_what_is_no_text_is_refused_before_anything_is_changed(
    scene: Scene, manager: SessionManager, wrong: Any
) -> None:
    session = await session_of(scene, manager, plant(scene, scene.private_chat()))
    with pytest.raises(ConfigurationError, match="Pass True, or the text"):
        await session.clear(neutralise=wrong)
    assert len(await session.messages()) == 1


async def test_copies_with_buttons_are_neutralised(scene: Scene) -> None:
    async with SessionBot(scene.account.token, session=scene.api.client_session()) as bot:
        bot.sessions.tracker.clock = lambda: scene.now
        session = bot.sessions.get(scene.ann.id, scene.ann.id)
        (original,) = scene.plant(scene.private_chat())
        await session.copy_message(scene.ann.id, original.message_id, reply_markup=keyboard("Go"))
        await session.copy_message(scene.ann.id, original.message_id)
        assert [entry.has_buttons for entry in await session.messages()] == [True, False]


# What stands on the buttons


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    """Return one row of buttons."""
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=t, callback_data=t) for t in labels]])


async def sent_by(scene: Scene) -> tuple[SessionBot, Session]:
    """Return a bot on the scene's clock, and Ann's session."""
    scene.private_chat()
    bot = SessionBot(scene.account.token, session=scene.api.client_session())
    bot.sessions = SessionManager(bot, SessionConfig(storage=scene.storage, clock=lambda: scene.now))
    return bot, bot.sessions.get(scene.ann.id, scene.ann.id)


@needs(types, "DisabledButton")
async def test_buttons_whose_labels_are_known_stay_and_do_nothing(scene: Scene) -> None:
    bot, session = await sent_by(scene)
    async with bot:
        sent = await session.send_message("Sure?", reply_markup=keyboard("Yes", "No"))
        scene.api.clock.move(OLD)
        assert len((await session.clear(neutralise=True)).neutralised) == 1
        stored = scene.private_chat().find(scene.account.id, sent.message_id)
        assert stored is not None
        assert stored.content["reply_markup"] == {
            "inline_keyboard": [[{"text": "Yes", "disabled": {}}, {"text": "No", "disabled": {}}]]
        }


@needs(types, "DisabledButton")
async def test_buttons_under_a_copy_stay_too(scene: Scene) -> None:
    bot, session = await sent_by(scene)
    async with bot:
        (original,) = scene.plant(scene.private_chat())
        copy = await session.copy_message(scene.ann.id, original.message_id, reply_markup=keyboard("Go"))
        scene.api.clock.move(OLD)
        await session.clear(neutralise=True)
        stored = scene.private_chat().find(scene.account.id, copy.message_id)
        assert stored is not None
        assert stored.content["reply_markup"] == {"inline_keyboard": [[{"text": "Go", "disabled": {}}]]}


async def test_the_labels_of_the_oldest_keyboards_are_forgotten(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tgslices.recording.keyboards.MAX_KEYBOARDS", 2)
    bot, session = await sent_by(scene)
    async with bot:
        for number in range(4):
            await session.send_message(str(number), reply_markup=keyboard("Yes"))
        labels = [bot.sessions.tracker.keyboards.under(entry) for entry in await session.messages()]
        assert labels == [None, None, (("Yes",),), (("Yes",),)]
        scene.api.clock.move(OLD)
        assert len((await session.clear(neutralise=True)).neutralised) == 4


async def test_buttons_that_an_edit_added_are_taken_too(scene: Scene) -> None:
    bot, session = await sent_by(scene)
    async with bot:
        sent = await session.send_message("One moment")
        await sent.edit_text("Sure?", reply_markup=keyboard("Yes"))
        scene.api.clock.move(OLD)
        assert len((await session.clear(neutralise=True)).neutralised) == 1


async def test_buttons_that_an_edit_took_cost_nothing(scene: Scene) -> None:
    bot, session = await sent_by(scene)
    async with bot:
        sent = await session.send_message("Sure?", reply_markup=keyboard("Yes"))
        await sent.edit_text("Done.")
        scene.api.clock.move(OLD)
        result = await session.clear(neutralise=True)
        assert (len(result.expired), result.requests, result.neutralised) == (1, 0, ())


async def test_a_predicate_and_neutralise_go_together(scene: Scene, manager: SessionManager) -> None:
    one, two = plant(scene, scene.private_chat()), plant(scene, scene.private_chat())
    session = await session_of(scene, manager, one, two)
    await session.clear(F.message_id == one.message_id, neutralise=True)
    assert (is_live(one), is_live(two)) == (False, True)


# What is finished later


async def test_what_a_flood_left_pending_loses_its_buttons_when_it_turns_out_refused(
    scene: Scene, manager: SessionManager
) -> None:
    channel = scene.api.add_channel("News", admins=[scene.account])
    scene.api.promote(channel, scene.account, can_edit_messages=True)
    message = plant(scene, channel, age=timedelta())
    session = await session_of(scene, manager, message)
    scene.api.faults.add(Flood(600), times=None)
    first = await session.clear(neutralise="Closed.")
    assert (len(first.pending), first.neutralised, first.not_neutralised) == (1, (), {})
    scene.api.faults.clear()
    scene.api.clock.move(timedelta(hours=1))
    later = await manager.settle_pending()
    assert later.neutralised == later.refused != ()
    assert message.content["text"] == "Closed."
    assert not is_live(message)
    assert not manager._clearing._wishes


async def test_what_a_cancelled_clear_left_loses_its_buttons_later(scene: Scene, manager: SessionManager) -> None:
    held = asyncio.Event()
    message = plant(scene, scene.private_chat(), age=timedelta())
    session = await session_of(scene, manager, message)
    scene.api.faults.add(Slow(until=held))
    task = asyncio.create_task(session.clear(neutralise=True))
    while not scene.api.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    scene.api.clock.move(OLD)
    later = await manager.settle_pending()
    held.set()
    assert later.neutralised == later.expired != ()
    assert not is_live(message)


async def test_a_later_clear_without_the_wish_leaves_the_buttons(scene: Scene, manager: SessionManager) -> None:
    message = plant(scene, scene.private_chat(), age=timedelta())
    session = await session_of(scene, manager, message)
    scene.api.faults.add(Flood(600), times=None)
    first = await session.clear(neutralise=True)
    await session.track(*first.pending)
    await session.clear()
    scene.api.faults.clear()
    scene.api.clock.move(OLD)
    later = await manager.settle_pending()
    assert (len(later.expired), later.neutralised) == (1, ())
    assert is_live(message)


async def test_wishes_are_bounded(scene: Scene, manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tgslices.deletion.button_wishes.MAX_WISHES", 2)
    session = await session_of(scene, manager, *(plant(scene, scene.private_chat(), age=timedelta()) for _ in range(5)))
    scene.api.faults.add(Flood(600), times=None)
    await session.clear(neutralise=True)
    scene.api.faults.clear()
    scene.api.clock.move(OLD)
    later = await manager.settle_pending()
    assert (len(later.expired), len(later.neutralised)) == (5, 2)
