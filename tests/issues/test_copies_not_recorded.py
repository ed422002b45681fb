"""Others look for a ``Message`` in the result: copies return ids alone, so that copied albums stay behind."""

from __future__ import annotations

import pytest

from tests.promises.fed_bot import FedBot


@pytest.mark.parametrize("what", ["copy_message", "copy_messages", "forward_message", "forward_messages"])
async def test_copies_and_forwards_are_wiped_with_the_slice(stage: FedBot, what: str) -> None:
    source = stage.api.add_group("Catalogue", members=[stage.ann, stage.account])
    await stage.ann.view(source).types("one")
    await stage.ann.view(source).types("two")
    await stage.settled()
    ids = [message.message_id for message in stage.ann.view(source).visible()]
    async with stage.session() as session:
        if what.endswith("messages"):
            await getattr(stage.bot, what)(stage.chat.id, source.id, ids)
        else:
            for number in ids:
                await getattr(stage.bot, what)(stage.chat.id, source.id, number)
    assert stage.chat.texts() == ["one", "two"]
    assert await session.clear() == 2
    assert stage.chat.texts() == []
    assert stage.ann.view(source).texts() == ["one", "two"]


async def test_a_copy_into_a_public_channel_by_its_name_is_wiped_there(stage: FedBot) -> None:
    channel = stage.api.add_channel("News", admins=[stage.account, stage.ann], username="news")
    await stage.says("announcement")
    session = stage.session()
    with session.recording(everywhere=True):
        await stage.bot.copy_messages("@news", stage.chat.id, [1])
    assert stage.ann.view(channel).texts() == ["announcement"]
    assert await session.clear() == 1
    assert stage.ann.view(channel).texts() == []
    assert stage.chat.texts() == ["announcement"]
