"""A message that the database refused stayed first in line: nothing was recorded after it, and then all was lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.promises.fed_bot import FedBot, texts_of
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage


@pytest.fixture
def storage(tmp_path: Path) -> SQLAlchemySessionStorage:
    return SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'slices.db'}")


async def test_what_the_database_refuses_is_left_out_and_what_comes_later_is_recorded(
    stage: FedBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    session = stage.session()
    await session.messages()
    await stage.says("one")
    [one] = await session.messages()
    with closing(sqlite3.connect(tmp_path / "slices.db")) as connection:
        connection.execute(
            f"CREATE TRIGGER taboo BEFORE INSERT ON tgslices_messages WHEN new.message_id = {one.message_id + 1} "
            "BEGIN SELECT raise(ABORT, 'unlucky'); END"
        )
    await stage.says("two", "three")
    assert await texts_of(session, stage.chat) == ["one", "three"]
    told = [line.partition(":")[0] for line in caplog.messages if line.startswith("Cannot")]
    assert told == ["Cannot record a message; it is left out"]
    assert int(await session.clear()) == 2
