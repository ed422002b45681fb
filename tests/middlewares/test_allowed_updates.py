"""Which updates arrive: those that sessions need are asked for, or missed in the log."""

from __future__ import annotations

import pytest
from aiogram import Dispatcher
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, polling
from tgslices import (
    Session,
    SessionBot,
    setup_sessions,
)
from tgslices.testing import BotApi


def test_deleted_business_messages_are_asked_for(stage: FedBot) -> None:
    """ "makes sure that such updates are among the allowed ones" """
    assert "deleted_business_messages" in stage.dispatcher.resolve_used_update_types()
    bare = Dispatcher()
    assert "deleted_business_messages" not in bare.resolve_used_update_types()


@pytest.mark.parametrize("way", ["polling", "webhook"])
@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        (["message", "business_message"], "deleted_business_messages"),
        (["business_message"], "deleted_business_messages"),
        (["callback_query"], "message"),
        (["deleted_business_messages"], "message"),
        (["message", "business_message", "deleted_business_messages"], None),
        (["business_message", "deleted_business_messages"], None),
        (["channel_post"], None),
        (["message"], None),
        ([], None),
        (None, None),
    ],
)
async def test_the_log_says_which_updates_are_not_allowed(
    stage: FedBot, caplog: pytest.LogCaptureFixture, way: str, allowed: list[str] | None, missing: str | None
) -> None:
    """ "or says in the log that they are not": once for a bot."""
    for _ in range(3):
        if way == "polling":
            await stage.bot.get_updates(allowed_updates=allowed)
        else:
            await stage.bot.set_webhook("http://127.0.0.1:9/", allowed_updates=allowed)
    method = "getUpdates" if way == "polling" else "setWebhook"
    text = (
        f"{method} of bot {stage.bot.id} allows no {missing} updates, so sessions cannot see them; "
        "add them to allowed_updates"
    )
    assert caplog.messages == ([text] if missing else [])


async def test_a_real_polling_gets_deleted_business_messages(api: BotApi) -> None:
    """aiogram asks for the kinds that have a handler, and so does the emulator hand them out."""
    account, owner, ann = api.add_bot("order_bot"), api.add_person("Shop"), api.add_person("Ann")
    connection = api.connect_business(owner, account)
    dispatcher = Dispatcher()

    @dispatcher.business_message()
    async def handle(message: Message, session: Session) -> None:
        pass

    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot)
        async with polling(dispatcher, bot, allowed_updates=dispatcher.resolve_used_update_types()):
            chat = ann.business_chat(owner)
            session = bot.sessions.get(ann.id, business_connection_id=connection)
            first, second = await chat.types("one"), await chat.types("two")
            await api.idle()
            assert len(await session.messages()) == 2
            await chat.deletes(first)
            await api.idle()
            assert len(await session.messages()) == 1
            await chat.deletes(second)
            await api.idle()
            assert await session.messages() == []
