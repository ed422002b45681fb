"""A disk that stands still during a commit: the caller is told that time is up, and what was written is there later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.storage.hearing import SCOPE, until_idle
from tests.storage.sqlalchemy.test_faults_sqlite import locked
from tgslices.errors import StorageError
from tgslices.model import IfClosed
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, NOW, sent

SHORT = timedelta(seconds=1)


class Disk:
    """Lets the next commit of any connection stand still until it may go on."""

    def __init__(self, storage: SQLAlchemySessionStorage) -> None:
        self.stands = threading.Event()
        self.goes_on = threading.Event()
        self.is_to_stand = False

        @event.listens_for(storage._backend.engine.sync_engine, "connect")
        def listen(connection: Any, _: object) -> None:
            connection.run_async(lambda driver: driver.set_trace_callback(self._trace))

    def _trace(self, statement: str) -> None:
        if statement == "COMMIT" and self.is_to_stand:
            self.is_to_stand = False
            self.stands.set()
            self.goes_on.wait(10)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "slices.db"


@pytest.fixture(params=[False, True], ids=["alone", "shared"])
async def storage(request: pytest.FixtureRequest, file: Path) -> AsyncIterator[SQLAlchemySessionStorage]:
    storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{file}", shared=request.param, timeout=SHORT)
    yield storage
    await storage.aclose()


async def late(disk: Disk, call: Any) -> None:
    """Let the time of a call be up while its commit stands still."""
    disk.is_to_stand = True
    with pytest.raises(StorageError, match="did not answer"):
        await call
    assert disk.stands.is_set()


async def test_a_session_that_was_opened_late_gets_its_messages(storage: SQLAlchemySessionStorage) -> None:
    disk = Disk(storage)
    await storage.start()
    await until_idle(storage)
    await late(disk, storage.open(KEY, at=NOW))
    disk.goes_on.set()
    async with asyncio.timeout(5):
        while not await storage.record(SCOPE, sent(1)):
            await asyncio.sleep(0.01)
    assert await storage.list(KEY) == [sent(1)]


async def test_a_session_that_was_closed_late_gets_no_more(storage: SQLAlchemySessionStorage) -> None:
    disk = Disk(storage)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await asyncio.gather(storage.list(KEY), storage.list(KEY))  # there are two connections
    await late(disk, storage.close(KEY, at=NOW))
    reading = asyncio.create_task(storage.list(KEY))
    await asyncio.sleep(0)
    recording = asyncio.create_task(storage.record(SCOPE, sent(2)))
    await asyncio.sleep(0.1)  # so that it could read what is not committed yet
    disk.goes_on.set()
    with suppress(StorageError):
        await recording
    with suppress(StorageError):
        await reading
    await storage.record(SCOPE, sent(3))
    await storage.open(KEY, at=NOW)
    assert await storage.list(KEY) == []


async def test_a_connection_whose_commit_came_late_is_used_at_once(storage: SQLAlchemySessionStorage) -> None:
    disk = Disk(storage)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await late(disk, storage.close(KEY, at=NOW))
    removing = asyncio.create_task(storage.remove(KEY, [sent(1)]))
    await asyncio.sleep(0.1)  # so that it gets to the connection
    disk.goes_on.set()
    assert await removing == 0


@pytest.mark.parametrize("is_closed", [True, False])
async def test_data_of_a_session_that_was_closed_late_is_not_written_any_more(
    storage: SQLAlchemySessionStorage, file: Path, is_closed: bool
) -> None:
    disk = Disk(storage)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await storage.put_data(KEY, {"step": StoredData("1", 1, NOW)})
    hold = DataHold(KEY, frozenset({"step"}), "a handler")
    await storage.hold_data(hold, now=NOW, until=NOW + timedelta(minutes=1))
    if is_closed:
        await late(disk, storage.close(KEY, at=NOW))
        disk.goes_on.set()
    else:
        with locked(file), pytest.raises(StorageError, match="is locked"):
            await storage.close(KEY, at=NOW)
    assert await storage.write_data(hold, {"step": StoredData("2", 1, NOW)})
    written = {} if is_closed else {"step": StoredData("2", 1, NOW)}
    assert await storage.read_data(KEY, now=NOW) == written
