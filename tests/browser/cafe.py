"""A café's bot without handlers, Ann and Bob, and the page: for what a bot sends by itself."""

from __future__ import annotations

from typing import Any

from aiogram import Bot

from tests.browser.desk import Desk, Tab
from tgslices.testing import BotAccount, ChatView, Person


class Cafe:
    """Ann's private chat with the bot is where things happen."""

    def __init__(self, desk: Desk, account: BotAccount, bot: Bot, ann: Person, bob: Person) -> None:
        self.desk, self.api, self.account, self.bot = desk, desk.api, account, bot
        self.ann, self.bob = ann, bob
        self.chat: ChatView = ann.private_chat(account)

    async def tab(self, **options: Any) -> Tab:
        """A tab with that chat."""
        return await self.desk.tab(f"#{self.ann.id}/p{self.account.id}-{self.ann.id}", **options)
