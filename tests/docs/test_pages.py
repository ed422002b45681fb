"""Every ``python`` block of README and docs runs, in its page's order, against the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import LANGUAGES, PAGES, ROOT, blocks_of, run_page
from tgslices.testing import BotApi

WITHOUT_CODE: Final = frozenset({"docs/index.md", "docs/chat-page.md", "docs/decisions.md"})
"""Pages that show no code. Every other page claims to be executed, so it must have something to execute."""


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if _name(page) not in WITHOUT_CODE], ids=_name)
async def test_a_page_runs_as_it_stands(page: Path, api: BotApi) -> None:
    assert any(block.language == "python" for block in blocks_of(page.read_text("utf-8"))), "it has no python block"
    account = api.add_bot("page_bot")
    chat = api.add_person("Ada").private_chat(account)
    await run_page(page, TOKEN=account.token, chat_id=chat.id, user_id=chat.person.id)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_block_says_whether_it_is_code_to_run(page: Path) -> None:
    spelled = {block.language for block in blocks_of(page.read_text("utf-8"))}
    assert spelled <= LANGUAGES


@pytest.mark.parametrize("name", sorted(WITHOUT_CODE))
def test_a_page_without_code_has_none(name: str) -> None:
    assert not [block for block in blocks_of((ROOT / name).read_text("utf-8")) if block.language == "python"]


async def test_a_failing_block_is_named_by_page_and_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```python\nvalue = 1\n```\n\n<!--\n```python\nassert value == 2, value\n```\n-->\n")

    with pytest.raises(AssertionError) as caught:
        await run_page(page)

    assert [(entry.path, entry.lineno + 1) for entry in caught.traceback][-1] == (page, 9)
