"""A business chat with Ann has Ann's number, as the bot's own private chat with her has, and the ids in both count from
one. Others delete by chat and id, and so delete in the wrong one."""

from __future__ import annotations

from tests.promises.fed_bot import FedBot


async def test_each_of_two_chats_of_one_number_is_cleared_by_itself(stage: FedBot) -> None:
    owner = stage.api.add_person("Shop")
    connection = stage.api.connect_business(owner, stage.account)
    await stage.settled()
    business = stage.ann.business_chat(owner)
    private_session = stage.session()
    business_session = stage.session(business_connection_id=connection)
    await stage.says("private 1", "private 2")
    await business.types("business 1")
    await business.types("business 2")
    await stage.settled()
    assert business.id == stage.chat.id
    assert await business_session.clear() == 2
    assert (stage.chat.texts(), business.texts()) == (["private 1", "private 2"], [])
    assert [entry.business_connection_id for entry in await private_session.messages()] == [None, None]
    assert await private_session.clear() == 2
    assert stage.chat.texts() == []
    assert (stage.api.count("deleteBusinessMessages"), stage.api.count("deleteMessages")) == (1, 1)


async def test_what_the_bot_sends_on_a_connection_lies_in_the_business_chat(stage: FedBot) -> None:
    owner = stage.api.add_person("Shop")
    connection = stage.api.connect_business(owner, stage.account)
    business = stage.ann.business_chat(owner)
    await business.types("hello")
    await stage.settled()
    async with stage.session(business_connection_id=connection) as session:
        await session.send_message("through the session")
        await stage.bot.send_message(stage.ann.id, "in the block", business_connection_id=connection)
    await stage.settled()
    assert {entry.business_connection_id for entry in await session.messages()} == {connection}
    assert await session.clear() == 2
    assert business.texts() == ["hello"]
    assert stage.api.count("deleteMessages") == 0
