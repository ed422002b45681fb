"""The examples of one file each: played to the end, the chat is what their first lines promise."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from types import ModuleType

import pytest

from examples import captcha, dialog, scene, support_desk
from tests.examples.stages import playing
from tgslices.testing import BotApi, ChatView


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


async def says(api: BotApi, chat: ChatView, *texts: str) -> None:
    for text in texts:
        await chat.types(text)
        await api.idle()


async def taps(api: BotApi, chat: ChatView, caption: str) -> None:
    await chat.taps(caption)
    await api.idle()


async def test_scenes_leave_the_receipt(api: BotApi) -> None:
    account = api.add_bot("scene_bot")
    chat = api.add_person("Ann").private_chat(account)
    async with playing(api, account, scene.make_dispatcher) as bot:
        await says(api, chat, "/order", "soup", "/back", "pizza")
        assert chat.texts()[-1] == "Where shall we bring the pizza? Or /back."
        await says(api, chat, "12 Harbour Road")
        assert chat.texts() == ["/order", "On its way: pizza to 12 Harbour Road."]
        assert bot.sessions.is_idle()


async def test_a_dialog_leaves_the_receipt(api: BotApi) -> None:
    account = api.add_bot("dialog_bot")
    chat = api.add_person("Ann").private_chat(account)
    async with playing(api, account, dialog.make_dispatcher) as bot:
        await says(api, chat, "/order")
        await taps(api, chat, "Large")
        await says(api, chat, "12 Harbour Road")
        assert chat.texts() == ["On its way to 12 Harbour Road."]
        assert bot.sessions.is_idle()
        await says(api, chat, "/order")
        await taps(api, chat, "Large")
        await taps(api, chat, "Drop it")
        assert chat.texts() == ["On its way to 12 Harbour Road."]
        assert bot.sessions.is_idle()


async def test_a_captcha_welcomes_who_taps_and_bans_who_does_not(api: BotApi) -> None:
    account = api.add_bot("captcha_bot")
    ann, ben, eve = api.add_person("Ann"), api.add_person("Ben"), api.add_person("Eve")
    group = api.add_supergroup("Garden", members=[ann], admins=[account])
    async with playing(api, account, partial(captcha.make_dispatcher, clock=api.clock.now)) as bot:
        for newcomer in (ben, eve):
            api.join(group, newcomer)
            await api.idle()
        await says(api, eve.view(group), "Buy this!")
        await says(api, ben.view(group), "Hello.")
        tap = await ann.view(group).taps(callback_data="human")
        await api.idle()
        assert tap.answer == "You were not asked."
        await ben.view(group).taps()
        await api.idle()
        api.clock.move(captcha.PATIENCE + timedelta(seconds=1))
        await bot.sessions.sweep()
        await api.idle()
        visible = [(message.sender, message.kind, message.text) for message in ann.view(group).visible()]
        assert visible == [("Ben", "new_chat_members", ""), ("Ben", "text", "Hello.")]
        assert eve.view(group).presence().status == "kicked"
        assert bot.sessions.is_idle()


async def test_a_support_desk_tidies_up_on_both_sides(api: BotApi) -> None:
    account = api.add_bot("desk_bot")
    ann, ben, staff = api.add_person("Ann"), api.add_person("Ben"), api.add_person("Sue")
    desk = api.add_supergroup("Desk", members=[staff], admins=[account], is_forum=True)
    view = staff.view(desk)
    async with playing(api, account, partial(support_desk.make_dispatcher, desk=desk.id)) as bot:
        for customer, question in ((ann, "Where is my pizza?"), (ben, "Do you have soup?"), (ann, "Still hungry.")):
            await says(api, customer.private_chat(account), question)
        anns, bens = (next(t for t in desk.topics.values() if t.name == name) for name in ("Ann", "Ben"))
        await view.types("On its way.", topic=anns)
        await api.idle()
        await view.types("We do.", topic=bens)
        await api.idle()
        assert ann.private_chat(account).texts() == ["Where is my pizza?", "Still hungry.", "On its way."]
        await view.types("/solved", topic=anns)
        await api.idle()
        assert ann.private_chat(account).texts() == ["Solved. Write again whenever you need us."]
        assert ben.private_chat(account).texts() == ["Do you have soup?", "We do."]
        archived = ["Where is my pizza?", "Still hungry.", "On its way.", "/solved"]
        assert [text for text in view.texts() if text] == ["Do you have soup?", "We do.", *archived]
        assert not await bot.sessions.get(desk.id, thread_id=anns.thread_id, collect=False).is_open()


@pytest.mark.parametrize("module", [captcha, dialog, scene, support_desk], ids=lambda module: module.__name__)
def test_an_example_is_short(module: ModuleType) -> None:
    assert len(inspect.getsource(module).splitlines()) <= 60
