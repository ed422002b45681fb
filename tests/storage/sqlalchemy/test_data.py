"""Session data in databases: what it costs, lost answers, and what happens between a look and a lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy.exc import DBAPIError

from tests.storage.sqlalchemy.backends import watch
from tests.storage.sqlalchemy.test_locks import Rival
from tgslices.errors import StorageError
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.tables.data_rows import fragment_of
from tgslices.testing.contract.data_holds import END, LATE, held, stored
from tgslices.testing.contract.samples import KEY, NOW, sent

T = TypeVar("T")

CONNECTIONS = 4
"""More than are used at once."""

LASTING = stored("1", outlives_close=True)


@pytest.fixture
async def rival(postgres_url: str) -> AsyncIterator[Rival]:
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    await connection.execute("BEGIN")
    yield Rival(connection)
    await connection.close()


@pytest.fixture
async def postgresql(postgres_url: str) -> AsyncIterator[SQLAlchemySessionStorage]:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.start()
    yield storage
    await storage.aclose()


@pytest.fixture(params=[False, True], ids=["alone", "shared"])
async def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SQLAlchemySessionStorage]:
    storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{tmp_path}/slices.db", shared=request.param)
    await storage.start()
    yield storage
    await storage.aclose()


# What it costs


async def sent_to_postgresql(storage: SQLAlchemySessionStorage, call: Awaitable[T]) -> tuple[list[str], T]:
    """Return the first words of what is sent, each a trip to the server, with the answer."""
    sent: list[str] = []
    stop = watch(storage, lambda statement: sent.append(statement.split(maxsplit=1)[0]))
    answer = await call
    stop()
    return sent, answer


async def run_by_sqlite(storage: SQLAlchemySessionStorage, call: Awaitable[T]) -> tuple[list[str], T]:
    """Return the first words of what SQLite runs, with the answer."""
    run: list[str] = []

    async def trace(to: Any) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(CONNECTIONS):
                connection = await stack.enter_async_context(storage._backend.engine.connect())
                driver: Any = (await connection.get_raw_connection()).driver_connection
                await driver.set_trace_callback(to)

    await trace(lambda statement: run.append(statement.split()[0]))
    answer = await call
    await trace(None)
    return run, answer


async def test_an_owned_database_is_asked_once_for_what_does_not_change(tmp_path: Path) -> None:
    storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{tmp_path}/slices.db")
    await storage.start()
    assert await run_by_sqlite(storage, storage.hold_data(held(), now=NOW, until=END)) == ([], {}), "there is no data"
    assert await run_by_sqlite(storage, storage.write_data(held(), {"form": stored()})) == (["INSERT"], True)
    reading = storage.hold_data(held("form", "cart"), now=NOW, until=END)
    assert await run_by_sqlite(storage, reading) == (["WITH"], {"form": stored()})
    assert await run_by_sqlite(storage, storage.renew_data([held("form", "cart")], until=LATE)) == ([], None)
    assert await run_by_sqlite(storage, storage.write_data(held("form", "cart"), {})) == ([], True)
    await storage.aclose()


async def test_to_close_a_key_costs_an_owned_database_without_data_nothing_more(tmp_path: Path) -> None:
    storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{tmp_path}/slices.db")
    await storage.add(KEY, sent(1))
    before, _ = await run_by_sqlite(storage, storage.close(KEY, at=NOW))
    await storage.put_data(KEY, {"form": stored()})
    await storage.add(KEY, sent(1))
    after, _ = await run_by_sqlite(storage, storage.close(KEY, at=NOW))
    assert after == [*before[:-1], "WITH", "COMMIT"]
    await storage.aclose()
    await storage.start()
    assert (await run_by_sqlite(storage, storage.hold_data(held(), now=NOW, until=END)))[0] == [], "it looked once"
    await storage.aclose()


async def test_on_postgresql_a_handler_takes_two_trips(postgresql: SQLAlchemySessionStorage) -> None:
    storage = postgresql
    await storage.put_data(KEY, {"form": stored()})
    for changes in ({"form": stored("2")}, {}, {"form": None}):
        for names in (("form",), ("form", "cart", "other")):
            hold = held(*names)
            taking, _ = await sent_to_postgresql(storage, storage.hold_data(hold, now=NOW, until=END))
            writing, done = await sent_to_postgresql(storage, storage.write_data(hold, changes))
            assert (len(taking), len(writing), done) == (1, 1, True)


async def test_on_postgresql_all_else_takes_one_trip_too(postgresql: SQLAlchemySessionStorage) -> None:
    storage = postgresql
    changes = {"a": stored(), "b": stored()}
    for call in (
        storage.put_data(KEY, changes),
        storage.read_data(KEY, now=NOW),
        storage.read_data(KEY, ["a", "b"], now=NOW),
        storage.renew_data([held("a"), held("b", key=KEY.in_chat(8))], until=END),
        storage.put_data(KEY, {"a": None}),
    ):
        trips, _ = await sent_to_postgresql(storage, call)
        assert len(trips) == 1, trips


async def test_on_postgresql_to_close_a_key_takes_no_trip_more_for_its_data(
    postgresql: SQLAlchemySessionStorage,
) -> None:
    for storage_has_key in (False, True):
        if storage_has_key:
            await postgresql.open(KEY, at=NOW)
        await postgresql.put_data(KEY, {"form": stored(), "count": LASTING})
        trips, _ = await sent_to_postgresql(postgresql, postgresql.close(KEY, at=NOW))
        making = [] if storage_has_key else ["INSERT"]
        committing = "SELECT" if storage_has_key else "COMMIT"  # a notice is sent with the commit
        assert trips == ["BEGIN", "WITH", *making, "WITH", committing]
        assert await postgresql.read_data(KEY, now=NOW) == {"count": LASTING}


# Lost answers


async def lose_the_next_answer(storage: SQLAlchemySessionStorage) -> None:
    """Do what is sent next, and then lose the connection."""
    database: Any = storage._backend.database
    execute = database.execute

    async def losing(*arguments: Any) -> Any:
        database.execute = execute
        await execute(*arguments)
        raise DBAPIError("the answer is lost", None, ConnectionResetError(), connection_invalidated=True)

    database.execute = losing


async def test_what_was_done_before_its_answer_was_lost_is_not_done_twice(postgresql: SQLAlchemySessionStorage) -> None:
    storage = postgresql
    for hold, changes in (
        (held("a"), {"a": stored("1")}),
        (held("a", "b"), {"a": None, "b": stored("2")}),
        (held("b"), {}),
    ):
        await lose_the_next_answer(storage)
        before = await storage.read_data(KEY, now=NOW)
        assert await storage.hold_data(hold, now=NOW, until=END) is not None
        await lose_the_next_answer(storage)
        assert await storage.write_data(hold, changes) is True
        after = {**before, **changes}
        assert await storage.read_data(KEY, now=NOW) == {name: it for name, it in after.items() if it is not None}
        assert await storage.hold_data(held("a", "b", by="other"), now=NOW, until=END) is not None
        assert await storage.write_data(held("a", "b", by="other"), {}) is True


async def test_a_hold_that_fails_is_nobodys(sqlite: SQLAlchemySessionStorage) -> None:
    await sqlite.put_data(KEY, {"form": stored()})
    database: Any = sqlite._backend.database
    execute = database.execute

    async def failing(*arguments: Any) -> Any:
        raise OSError("no database")

    database.execute = failing
    with pytest.raises(StorageError):
        await sqlite.hold_data(held(by="one"), now=NOW, until=END)
    database.execute = execute
    assert await sqlite.hold_data(held(by="other"), now=NOW, until=END) == {"form": stored()}


async def test_who_is_cancelled_while_taking_a_hold_has_none(
    sqlite: SQLAlchemySessionStorage, postgresql: SQLAlchemySessionStorage
) -> None:
    for storage in (sqlite, postgresql):
        await storage.put_data(KEY, {"form": stored()})
        for steps in range(8):
            taking = asyncio.create_task(storage.hold_data(held(by=f"one{steps}"), now=NOW, until=END))
            for _ in range(steps):
                await asyncio.sleep(0)
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
            if taking.cancelled():
                await storage._backend.transactions.aclose()
                hold = held(by=f"other{steps}")
                assert await storage.hold_data(hold, now=NOW, until=END) == {"form": stored()}
                assert await storage.write_data(hold, {}) is True
            else:
                assert await storage.write_data(held(by=f"one{steps}"), {}) is True


# Between a look and a lock


def made_by_a_rival(name: str, holder: str | None, value: str | None = None) -> str:
    """Return a statement that makes a fragment, held until late."""
    fragment, none = fragment_of(name).hex(), "(-9223372036854775807 - 1)"
    holding = "NULL, NULL" if holder is None else f"'{holder}', 9000000000000000"
    text = "NULL, NULL, NULL" if value is None else f"'{value}', 1, 0"
    return f"""
        INSERT INTO tgslices_data (bot_id, chat_id, user_id, thread_id, label, fragment, name, value, version,
            written_at, holder, held_until)
        VALUES ({KEY.bot_id}, {KEY.chat_id}, {none}, {none}, '', '\\x{fragment}', '{name}', {text}, {holding})
    """


@pytest.mark.parametrize("held_too", ["", "c"])
async def test_what_another_worker_makes_and_holds_meanwhile_is_taken_by_nobody_else(
    postgresql: SQLAlchemySessionStorage, rival: Rival, held_too: str
) -> None:
    if held_too:
        await postgresql.put_data(KEY, {"c": stored()})
    await rival.run(made_by_a_rival("b", "rival"))
    taking = await rival.make_wait(postgresql.hold_data(held("a", "b", "c"), now=NOW, until=END))
    await rival.let_go()
    assert await taking is None
    rows = await rival.run("SELECT name, holder FROM tgslices_data ORDER BY name")
    there = [("b", "rival"), ("c", None)] if held_too else [("b", "rival")]
    assert [tuple(row) for row in rows] == there, "nothing else was taken"


async def test_what_another_worker_makes_and_lets_go_of_meanwhile_is_taken(
    postgresql: SQLAlchemySessionStorage, rival: Rival
) -> None:
    for names in (("b",), ("a", "b")):
        await rival.run(made_by_a_rival("b", None, "2"))
        taking = await rival.make_wait(postgresql.hold_data(held(*names), now=NOW, until=END))
        await rival.let_go()
        found = await taking
        assert found is not None
        assert found["b"].text == "2"
        await postgresql.put_data(KEY, {"b": None})
        await postgresql.write_data(held(*names), {})
        await rival.run("BEGIN")


async def test_a_hold_does_not_wait_for_the_holder_and_sees_what_was_written(
    postgresql: SQLAlchemySessionStorage, rival: Rival
) -> None:
    for names in (("a",), ("a", "b")):
        await postgresql.hold_data(held("a", "b", by="rival"), now=NOW, until=END)
        await rival.run("UPDATE tgslices_data SET value = '2', version = 1, holder = NULL, held_until = NULL")
        assert await postgresql.hold_data(held(*names), now=NOW, until=END) is None
        await rival.let_go()
        found = await postgresql.hold_data(held(*names), now=NOW, until=END)
        assert found is not None
        assert {name: it.text for name, it in found.items()} == dict.fromkeys(names, "2")
        await postgresql.write_data(held(*names), {})
        await rival.run("BEGIN")


@pytest.mark.parametrize("names", [("a",), ("a", "b"), ("a", "b", "new")])
async def test_what_another_worker_takes_meanwhile_is_taken_by_nobody_else(
    postgresql: SQLAlchemySessionStorage, rival: Rival, names: tuple[str, ...]
) -> None:
    await postgresql.put_data(KEY, {"a": stored("1"), "b": stored("2")})
    await rival.run("UPDATE tgslices_data SET holder = 'rival', held_until = 9000000000000000 WHERE name = 'a'")
    taking = await rival.make_wait(postgresql.hold_data(held(*names), now=NOW, until=END))
    await rival.let_go()
    assert await taking is None
    rows = await rival.run("SELECT name, holder FROM tgslices_data ORDER BY name")
    assert [tuple(row) for row in rows] == [("a", "rival"), ("b", None)]


@pytest.mark.parametrize(
    ("change", "written", "left"),
    [
        ("held_until = held_until + 1", True, {"a": stored("3"), "b": stored("2")}),
        ("holder = 'rival'", False, {"a": stored("1"), "b": stored("2")}),
        ("value = NULL, is_closed = true", True, {}),
        ("holder = NULL, held_until = NULL, value = '9'", False, {"a": stored("9"), "b": stored("9")}),
    ],
)
async def test_a_write_counts_what_was_committed_while_it_waited(
    postgresql: SQLAlchemySessionStorage, rival: Rival, change: str, written: bool, left: dict[str, StoredData]
) -> None:
    await postgresql.put_data(KEY, {"a": stored("1"), "b": stored("2")})
    await postgresql.hold_data(held("a", "b"), now=NOW, until=END)
    await rival.run(f"UPDATE tgslices_data SET {change}")
    writing = await rival.make_wait(postgresql.write_data(held("a", "b"), {"a": stored("3")}))
    await rival.let_go()
    assert await writing is written
    assert await postgresql.read_data(KEY, now=NOW) == left
    holders = await rival.run("SELECT DISTINCT holder FROM tgslices_data WHERE holder IS NOT NULL")
    assert [row[0] for row in holders] == (["rival"] if "rival" in change else [])


async def test_a_write_that_waits_for_the_deletion_of_its_fragment_writes_nothing(
    postgresql: SQLAlchemySessionStorage, rival: Rival
) -> None:
    await postgresql.hold_data(held("a", "b"), now=NOW, until=END)
    await rival.run("DELETE FROM tgslices_data WHERE name = 'a'")
    writing = await rival.make_wait(postgresql.write_data(held("a", "b"), {"a": stored(), "b": stored()}))
    await rival.let_go()
    assert await writing is False
    assert await rival.run("SELECT * FROM tgslices_data") == [], "and lets go of the rest"


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (None, "holder = 'rival', held_until = 9000000000000000", [(None, "rival", True)]),
        ("rival", "holder = NULL, held_until = NULL, value = '2'", []),
        ("rival", "holder = NULL, held_until = NULL, value = '2', outlives_close = true", [("2", None, False)]),
    ],
)
async def test_a_close_counts_what_was_committed_while_it_waited(
    postgresql: SQLAlchemySessionStorage,
    rival: Rival,
    opened: bool,
    before: str | None,
    change: str,
    after: list[Any],
) -> None:
    if opened:
        await postgresql.open(KEY, at=NOW)
    await postgresql.put_data(KEY, {"form": stored()})
    if before is not None:
        await postgresql.hold_data(held(by=before), now=NOW, until=END)
    await rival.run(f"UPDATE tgslices_data SET {change}")
    closing = await rival.make_wait(postgresql.close(KEY, at=NOW))
    await rival.let_go()
    await closing
    rows = await rival.run("SELECT value, holder, is_closed FROM tgslices_data")
    assert [tuple(row) for row in rows] == after
