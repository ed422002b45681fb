"""A bot of scenes in as many processes as a test wants, and Ann who talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext

from aiogram import Dispatcher

from tests.data.conftest import Store
from tests.promises.fed_bot import polling
from tgslices import Session, SessionBot, setup_sessions
from tgslices.fsm import FSMStorage
from tgslices.fsm_states.follow_states import FollowStates
from tgslices.testing import BotApi, ChatView


class Life:
    """One process."""

    def __init__(self, town: Town, bot: SessionBot, dispatcher: Dispatcher, *, is_fed: bool) -> None:
        self.bot = bot
        self.dispatcher = dispatcher
        self.chat = town.chat
        self._town = town
        self._is_fed = is_fed

    async def says(self, *texts: str) -> None:
        for text in texts:
            await self.chat.types(text)
            await self.handle()

    async def taps(self, caption: str) -> None:
        await self.chat.taps(caption)
        await self.handle()

    async def handle(self) -> None:
        if not self._is_fed:
            await self._town.api.idle()
            return
        for update in await self.bot.get_updates(self._town.offset, timeout=0):
            self._town.offset = update.update_id + 1
            await self.dispatcher.feed_update(self.bot, update)

    def session(self, qualifier: str | None = "order") -> Session:
        return self.bot.sessions.get(self.chat.id, self.chat.person.id, qualifier=qualifier, collect=False)

    async def is_open(self, qualifier: str | None = "order") -> bool:
        return await self.session(qualifier).is_open()

    def texts(self) -> list[str | None]:
        return list(self.chat.texts())


class Town:
    """What outlives each process."""

    def __init__(self, api: BotApi, store: Store) -> None:
        self.api = api
        self.offset = 0
        self._store = store
        self._account = api.add_bot("order_bot")
        self.chat: ChatView = api.add_person("Ann").private_chat(self._account)

    @asynccontextmanager
    async def life(
        self,
        wire: Callable[[Dispatcher], None],
        *,
        wired_first: bool = False,
        is_fed: bool = False,
        follow_states: FollowStates | None = None,
    ) -> AsyncIterator[Life]:
        """Run the bot. ``wired_first``: it adds its scenes after ``setup_sessions``. What is fed never starts."""
        storage = self._store.open()
        bot = SessionBot(self._account.token, session=self.api.client_session())
        dispatcher = Dispatcher(storage=FSMStorage(storage))
        if not wired_first:
            wire(dispatcher)
        setup_sessions(dispatcher, bot, storage=storage, follow_states=follow_states)
        if wired_first:
            wire(dispatcher)
        try:
            async with nullcontext() if is_fed else polling(dispatcher, bot):
                yield Life(self, bot, dispatcher, is_fed=is_fed)
        finally:
            await dispatcher.fsm.storage.close()
            await bot.sessions.aclose()
            await bot.session.close()
