"""The commands of the page about the command line do what stands there."""

from __future__ import annotations

import asyncio
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import ROOT, blocks_of
from tgslices.commands.arguments import VERBS
from tgslices.commands.main import main
from tgslices.model import SessionKey
from tgslices.storage.ending_protocol import Due
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import sent

PAGE: Final = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
HOUR: Final = timedelta(hours=1)
FINDS_SOMETHING: Final = "check"


async def fill() -> None:
    """Leave what the page shows in the file that it names."""
    storage, now = SQLAlchemySessionStorage("sqlite:///slices.db"), datetime.now(UTC)
    ann, bob = (SessionKey(42, number, number, qualifier="order") for number in (7, 8))
    await storage.open(bob, at=now - 73 * HOUR)
    await storage.add(bob, sent(1, 8, date=now - 73 * HOUR, at=now - 73 * HOUR))
    await storage.open(ann, at=now - 2.5 * HOUR, due=Due(now + 1.5 * HOUR, now + 47 * HOUR))
    for number in (1, 2):
        await storage.add(ann, sent(number, date=now - 1.5 * HOUR, at=now - 1.5 * HOUR))
    await storage.aclose()


def test_each_command_of_the_page_prints_what_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOT_TOKEN", raising=False)
    asyncio.run(fill())
    capsys.readouterr()
    ran = 0
    for block in blocks_of(PAGE):
        if block.language != "console":
            continue
        for command, shown in re.findall(r"^\$ tgslices (.*)\n((?:(?!\$ ).*\n)*)", block.source, re.MULTILINE):
            words = shlex.split(command)
            assert main(words) == (1 if words[0] == FINDS_SOMETHING else 0), command
            out = capsys.readouterr().out
            assert not shown or out == shown, command
            ran += 1
    assert ran > 9


def test_the_page_tells_of_every_verb() -> None:
    assert [verb.name for verb in VERBS if f"`{verb.name}`" not in PAGE and f"tgslices {verb.name} " not in PAGE] == []
