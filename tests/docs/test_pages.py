"""Every ``python`` block of README and docs runs, in its page's order, against the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import INSTEAD, LANGUAGES, PAGES, ROOT, blocks_of, is_python, programs_of, run_page
from tgslices.testing import BotApi

WITHOUT_CODE: Final = frozenset(
    {
        "docs/changelog.md",
        "docs/chat-page.md",
        "docs/command-line.md",
        "docs/decisions.md",
        "docs/recipes/index.md",
        "docs/reference/index.md",
        "docs/security.md",
        "docs/support.md",
    }
)
"""Pages that show no code. Every other page claims to be executed, so it must have something to execute."""


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if _name(page) not in WITHOUT_CODE], ids=_name)
async def test_a_page_runs_as_it_stands(page: Path, api: BotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = programs_of(page.read_text("utf-8"))
    assert programs != [[]], "it has no python block"
    account = api.add_bot("page_bot")
    monkeypatch.setenv("BOT_TOKEN", account.token)
    chat = api.add_person("Ada").private_chat(account)
    group = api.add_supergroup("Regulars", members=[chat.person], admins=[account])
    ids = {"chat_id": chat.id, "user_id": chat.person.id, "group_id": group.id}
    for number in range(len(programs)):
        await run_page(page, program=number, TOKEN=account.token, **ids)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_block_says_whether_it_is_code_to_run(page: Path) -> None:
    spelled = {block.language for block in blocks_of(page.read_text("utf-8"))}
    assert spelled <= LANGUAGES


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_python_hides_in_a_block_of_text(page: Path) -> None:
    """It would be copied like any other, and never be run."""
    texts = [block for block in blocks_of(page.read_text("utf-8")) if block.language == "text"]
    assert [f"line {block.line}" for block in texts if is_python(block.source)] == []


@pytest.mark.parametrize(
    ("source", "is_so"),
    [
        ('bot = SessionBot("123:token")\ndp.run_polling(bot)\n', True),
        ("from tgslices import (and more)\n", True),
        ("async def handler(message):\n    …\n", True),
        ("@dp.message()\n…\n", True),
        ("await order.clear()\n", True),
        ("", False),
        ("    1  Ada: /order\n", False),
        ("AssertionError: not so within 5 s:\n--- order_bot, as Ada sees it ---\n", False),
    ],
)
def test_python_is_told_from_text(source: str, is_so: bool) -> None:
    assert is_python(source) is is_so


def test_a_block_in_place_of_the_one_before_makes_a_program_of_its_own() -> None:
    fence = "```python\n{}\n```\n\n"
    page = fence.format("a") + fence.format("b") + f"{INSTEAD}\n" + fence.format("c") + fence.format("d")
    assert [[(block.source, block.line) for block in program] for program in programs_of(page)] == [
        [("a\n", 2), ("b\n", 6), ("d\n", 15)],
        [("a\n", 2), ("c\n", 11)],
    ]


@pytest.mark.parametrize("name", sorted(WITHOUT_CODE))
def test_a_page_without_code_has_none(name: str) -> None:
    assert not [block for block in blocks_of((ROOT / name).read_text("utf-8")) if block.language == "python"]


async def test_a_failing_block_is_named_by_page_and_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```python\nvalue = 1\n```\n\n<!--\n```python\nassert value == 2, value\n```\n-->\n")

    with pytest.raises(AssertionError) as caught:
        await run_page(page)

    assert [(entry.path, entry.lineno + 1) for entry in caught.traceback][-1] == (page, 9)
