"""Others look at the result's type alone: ``editMessageText`` returns a ``Message`` as well, of a message that may
belong to somebody else's slice, or to none."""

from __future__ import annotations

from tests.promises.fed_bot import FedBot, ids_in


async def test_editing_an_older_message_in_a_block_does_not_draw_it_into_the_session(stage: FedBot) -> None:
    receipt = await stage.bot.send_message(stage.chat.id, "receipt, to be kept")
    async with stage.session() as session:
        await receipt.edit_text("receipt, paid")
        await stage.bot.edit_message_text("receipt, sent", chat_id=stage.chat.id, message_id=receipt.message_id)
        await session(receipt.edit_text("receipt, done"))
    assert await ids_in(session) == []
    assert await session.clear() == 0
    assert stage.chat.texts() == ["receipt, done"]
