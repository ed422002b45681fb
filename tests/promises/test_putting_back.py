"""Nothing is thrown away that may still succeed: what was refused can be put back."""

from __future__ import annotations

import pytest
from aiogram import F
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, texts_of
from tgslices import NotAMessage


async def test_what_was_refused_is_put_back_and_cleared_once_the_bot_may(stage: FedBot) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann, stage.account])
    session, view = stage.bot.sessions.get(group.id), stage.ann.view(group)
    stage.api.promote(group, stage.account, can_pin_messages=True)
    for text in ("one", "two"):
        await view.types(text)
    await stage.settled()
    refused = await session.clear()
    assert [refused.reason(entry) for entry in refused.refused] == ["Bad Request: message can't be deleted"] * 2
    stage.api.promote(group, stage.account, can_delete_messages=True)
    assert await session.track(*refused.retryable) == refused.refused
    assert len((await session.clear()).accepted) == 2


async def test_one_entry_comes_back_as_one_record_and_several_as_a_tuple(stage: FedBot) -> None:
    session, other = stage.session(), stage.session("other", collect=False)
    sent = [await session.send_message(text) for text in ("one", "two")]
    one, two = await session.messages()
    assert await other.track(one) == one
    assert await other.track(sent[0], two) == (one, two)
    assert await texts_of(other, stage.chat) == ["one", "two"]


async def test_of_several_none_is_added_if_one_is_no_message(stage: FedBot) -> None:
    @stage.dispatcher.message(F.text == "go")
    async def handle(message: Message) -> None:
        with pytest.raises(NotAMessage):
            await stage.session("order", collect=False).track(message, "text")  # type: ignore[call-overload]  # the mistake

    await stage.says("go")
    assert await stage.session("order", collect=False).messages() == []
