"""The bot on the chat page: somebody at a browser plays its customers."""

from __future__ import annotations

from datetime import timedelta

from examples.order_flow.bot import make_bot, make_dispatcher
from tgslices.storage.opening import open_storage
from tgslices.testing import BotApi


async def open_chat(storage_url: str, lease: timedelta) -> None:
    """Serve the chat page with the bot behind it until SIGINT or SIGTERM.

    Raises:
        StorageError: the storage could not be opened.
    """
    async with BotApi(page=True) as api:
        account = api.add_bot("order_flow_bot", first_name="Order bot")
        api.add_person("Ann").private_chat(account)
        bot = make_bot(account.token, api.url)
        storage = open_storage(storage_url)
        dispatcher = make_dispatcher(bot, storage, lease=lease)
        api.inspect(bot.sessions)
        api.watch(dispatcher)
        print(f"Open {api.page_url} in a browser and type /order. Press Ctrl-C to stop.", flush=True)
        await dispatcher.start_polling(bot)
