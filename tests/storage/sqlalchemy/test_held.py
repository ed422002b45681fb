"""What it costs an SQL storage to tell whether a message is held: one statement.

A shared storage learns beside it which keys are open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.storage.sqlalchemy.backends import watch
from tgslices.model import IfClosed, SessionKey
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import sent

KEY = SessionKey(42, 7, 7)


@pytest.fixture(params=["sqlite", "sqlite, shared", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> SQLAlchemySessionStorage:
    if request.param == "postgresql":
        return SQLAlchemySessionStorage(request.getfixturevalue("postgres_url"))
    return SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'slices.db'}", shared="shared" in request.param)


@contextmanager
def statements(storage: SQLAlchemySessionStorage) -> Iterator[list[str]]:
    """Yield the statements that a storage sends inside."""
    sent_now: list[str] = []
    stop = watch(storage, sent_now.append)
    yield sent_now
    stop()


@pytest.mark.parametrize("message_id", [1, 2])
async def test_asking_takes_one_statement(storage: SQLAlchemySessionStorage, message_id: int) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    with statements(storage) as made:
        assert await storage.is_held(42, 7, message_id, user_id=7) is (message_id == 1)
    assert len([statement for statement in made if "tgslices_messages" in statement]) == 1
    await storage.aclose()


async def test_of_an_idle_bot_nothing_is_asked(tmp_path: Path) -> None:
    storage = SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'slices.db'}")
    await storage.start()
    with statements(storage) as made:
        assert await storage.is_held(42, 7, 1) is False
    assert made == []
    await storage.aclose()
