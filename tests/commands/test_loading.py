"""A verb loads what it and its storage need: aiogram alone would take ten times as long as all the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

from tests.commands.conftest import BOT
from tgslices.model import SessionKey
from tgslices.storage.ending_protocol import Due
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.testing.contract.samples import sent

ORDER = SessionKey(BOT, 7, 7, qualifier="order")
NAMED = ("chat=7,user=7,qualifier=order", "--bot", str(BOT))
LOADING = """
import json, sys
from tgslices.commands.main import main
codes = [main(words) for words in json.loads(sys.argv[1])]
print(json.dumps([codes, sorted({name.partition(".")[0] for name in sys.modules} - {*sys.stdlib_module_names})]))
"""
STANDS_ON = {
    "sqlite": {"sqlalchemy", "aiosqlite"},
    "postgresql": {"sqlalchemy", "aiosqlite", "asyncpg"},
    "redis": {"redis"},
}
STRAYS = {"aiogram", "aiohttp", "pydantic", "magic_filter", "sqlalchemy", "aiosqlite", "asyncpg", "redis"}


def loaded_by(*verbs: tuple[str, ...]) -> set[str]:
    """Return those packages that verbs have loaded, all of which went well."""
    done = subprocess.run(
        [sys.executable, "-c", LOADING, json.dumps(verbs)], capture_output=True, text=True, check=True
    )
    codes, names = json.loads(done.stdout.splitlines()[-1])
    assert codes == [0] * len(verbs), done.stdout
    return STRAYS & {*names}


async def test_a_verb_that_asks_nobody_loads_its_storage_and_no_aiogram(
    storage: DurableSessionStorage, url: str
) -> None:
    now = datetime.now(UTC)
    await storage.open(ORDER, at=now, due=Due(now, now))
    await storage.add(ORDER, sent(1, date=now, at=now))
    stands_on = STANDS_ON[url.partition(":")[0].partition("+")[0]]
    looking = [(verb, url, *NAMED[1:]) for verb in ("sessions", "pending", "due", "check")]
    assert loaded_by(*looking, ("show", url, *NAMED)) == stands_on
    await storage.aclose()
    assert loaded_by(*((verb, "--write", url, *NAMED) for verb in ("extend", "forget", "close"))) == stands_on
