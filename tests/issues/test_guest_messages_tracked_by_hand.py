"""A guest message belongs to a chat that the bot may not be in. As an update it was left out; as a bare message, which
is what a handler gets, it was not told from any other, so that its number would have been deleted in another chat."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.types import Message, Update

from tests.needs import needs
from tests.promises.fed_bot import FedBot
from tgslices import NotAMessage, Session

pytestmark = needs(Update, "guest_message")


def guest_message(stage: FedBot) -> dict[str, Any]:
    return stage.message(5, guest_query_id="1")


async def test_a_guest_message_cannot_be_tracked_by_hand(stage: FedBot) -> None:
    message = Message.model_validate(guest_message(stage), context={"bot": stage.bot})
    with pytest.raises(NotAMessage) as caught:
        await stage.session().track(message)
    assert str(caught.value) == (
        "Message cannot be tracked, because a guest message belongs to a chat that the bot may not be in. "
        "Pass a Message, or an Update or event that carries one."
    )


async def test_a_guest_message_is_not_included_as_the_current_one(stage: FedBot) -> None:
    opened: list[Session | None] = []

    @stage.dispatcher.guest_message()
    async def guest(message: Message) -> None:
        opened.append(stage.bot.sessions.of(message, include_current=True))
        opened.append(stage.bot.sessions.get(message.chat, include_current=True))

    await stage.dispatcher.feed_update(stage.bot, stage.update("guest_message", guest_message(stage)))
    assert [await session.messages() for session in opened if session is not None] == [[], []]
