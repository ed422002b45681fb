"""Light and dark: every text has enough contrast. WCAG 2.2 asks for 4.5 to 1 (https://www.w3.org/TR/WCAG22/)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.browser.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read(desk: Desk, scheme: Literal["light", "dark"]) -> None:
    bob = desk.api.add_person("Bob")
    tab = await desk.tab(color_scheme=scheme)
    await tab.types("/order")
    await tab.reads("What would you like")
    await tab.taps("Pizza")
    await tab.reads("Which size?")
    await tab.types("/support")
    await tab.reads("What can we help with?")
    await tab.types("Do you deliver after ten?")
    await tab.reads("until eleven")
    for name in ("Calls", "Switches", "Sessions"):
        await tab.opens(name)
        await tab.settles()
        assert await tab.page.evaluate(CONTRAST) == []
    await tab.picture(f"chat-{scheme}")
    account = next(iter(desk.api.world.bots.values()))
    group = desk.api.add_group("Friday dinner", members=[*desk.api.world.users.values()])
    assert account in desk.api.world.users.values()
    await bob.view(group).types("Hello *everybody*")
    await tab.page.get_by_role("button", name="Friday dinner, as Ann").click()
    await tab.reads("Hello")
    await tab.settles()
    assert await tab.page.evaluate(CONTRAST) == []
