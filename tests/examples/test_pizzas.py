"""The smallest example: a counter for each chat, in as many processes as wanted."""

from __future__ import annotations

import asyncio

from examples.pizzas import make_dispatcher
from tests.promises.fed_bot import polling
from tgslices import MemorySessionStorage, SessionBot
from tgslices.testing import BotApi


async def test_each_chat_has_its_own_count_and_nothing_is_tracked() -> None:
    async with BotApi() as api:
        account = api.add_bot("pizza_bot")
        ann, bob = api.add_person("Ann"), api.add_person("Bob")
        group = api.add_group("Kitchen", members=[ann, bob], admins=[account])
        async with SessionBot(account.token, session=api.client_session()) as bot:
            storage = MemorySessionStorage()
            dispatcher = make_dispatcher(bot, storage)
            async with polling(dispatcher, bot):
                alone, together = ann.private_chat(account), [ann.view(group), bob.view(group)]
                await asyncio.gather(*(view.types("🍕") for view in together for _ in range(5)))
                await alone.types("one 🍕 for me")
                await api.idle()
                await alone.types("/pizzas")
                await together[1].types("/pizzas")
                await api.idle()
                assert alone.texts()[-1] == "This chat has had 1 so far."
                assert together[0].texts()[-1] == "This chat has had 10 so far."
                assert bot.sessions.is_idle()
