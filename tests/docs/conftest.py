"""Pages are run as they stand: the token is an emulator's, and so is the server that every new bot talks to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import TelegramAPIServer

from tgslices.testing import BotApi


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[BotApi]:
    """An emulator where a page expects Telegram. Files that a page writes land in a directory of their own."""
    monkeypatch.chdir(tmp_path)
    async with BotApi() as api:
        _, *others = BaseSession.__init__.__defaults__ or ()
        local = TelegramAPIServer.from_base(api.url)
        monkeypatch.setattr(BaseSession.__init__, "__defaults__", (local, *others))
        yield api
