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
print(json.dumps([codes, [*sys.modules]]))
"""
SESSIONS_AFTERWARDS = """
import sys
from tgslices.commands.without_orm import load_without_orm
load_without_orm()
assert "sqlalchemy.orm" not in sys.modules
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_scoped_session
import sqlalchemy.ext.asyncio.scoping, sqlalchemy.ext.asyncio.session, sqlalchemy.orm
assert AsyncSession is sqlalchemy.ext.asyncio.session.AsyncSession
assert async_scoped_session is sqlalchemy.ext.asyncio.scoping.async_scoped_session
try:
    sqlalchemy.ext.asyncio.nothing
except AttributeError as error:
    print(error)
"""
STANDS_ON = {
    "sqlite": {"sqlalchemy", "aiosqlite"},
    "postgresql": {"sqlalchemy", "aiosqlite", "asyncpg"},
    "redis": {"redis"},
}
ORM = "sqlalchemy.orm"
DIALECTS = {"sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql"}
STRAYS = {"aiogram", "aiohttp", "pydantic", "magic_filter", "sqlalchemy", "aiosqlite", "asyncpg", "redis"}


def loaded_by(*verbs: tuple[str, ...]) -> set[str]:
    """Return those packages that verbs have loaded, all of which went well.

    SQLAlchemy's own are told apart: its mapper, and its dialects.
    """
    done = subprocess.run(
        [sys.executable, "-c", LOADING, json.dumps(verbs)], capture_output=True, text=True, check=True
    )
    codes, names = json.loads(done.stdout.splitlines()[-1])
    assert codes == [0] * len(verbs), done.stdout
    return (STRAYS | {ORM} | DIALECTS) & {*names}


async def test_a_verb_that_asks_nobody_loads_its_storage_and_no_aiogram(
    storage: DurableSessionStorage, url: str
) -> None:
    now = datetime.now(UTC)
    await storage.open(ORDER, at=now, due=Due(now, now))
    await storage.add(ORDER, sent(1, date=now, at=now))
    scheme = url.partition(":")[0].partition("+")[0]
    stands_on, dialect = STANDS_ON[scheme], DIALECTS & {f"sqlalchemy.dialects.{scheme}"}
    looking = [(verb, url, *NAMED[1:]) for verb in ("sessions", "pending", "due", "check")]
    assert loaded_by(*looking, ("show", url, *NAMED)) == stands_on | dialect
    await storage.aclose()
    written = loaded_by(*((verb, "--write", url, *NAMED) for verb in ("extend", "forget", "close")))
    assert written - DIALECTS == stands_on


def test_sessions_of_sqlalchemy_load_when_they_are_first_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", SESSIONS_AFTERWARDS], capture_output=True, text=True, check=True)
    assert done.stdout == "module 'sqlalchemy.ext.asyncio' has no attribute 'nothing'\n"
