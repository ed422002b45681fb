"""The tables: what they look like, who creates them, which version they have, and which indexes are used."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, create_engine, make_url, text

from tests.storage.sqlalchemy.backends import PostgresServer, sqlite_rows
from tgslices.errors import StorageError
from tgslices.model import IfClosed, Scope, SessionKey
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.ending_protocol import Due, End, EndReason
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage, build_tables
from tgslices.storage.sqlalchemy.tables.schema import VERSION, Tables
from tgslices.storage.sqlalchemy.tables.versions import UPGRADES, Versions
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, exactly, sent

VERSION_IN = "SELECT value FROM tgslices_meta WHERE name = 'schema_version'"
VERSION_1 = Path(__file__).parent / "data" / "version1.sql"
VERSION_2 = Path(__file__).parent / "data" / "version2.sql"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "slices.db"


@pytest.fixture
def written_by_version_1(file: Path) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    return file


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def declarations(file: Path) -> dict[str, str]:
    rows = sqlite_rows(file, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name LIKE 'tgslices%'")
    return {row["name"]: " ".join(row["sql"].split()) for row in rows}


async def opened(storage: SQLAlchemySessionStorage) -> SQLAlchemySessionStorage:
    await storage.start()
    return storage


# Versions


async def test_a_new_database_looks_as_the_published_version_does(file: Path, tmp_path: Path) -> None:
    """Change the schema only together with its version, and with a step that upgrades what users have."""
    new = tmp_path / "new.db"
    await (await opened(SQLAlchemySessionStorage(url(new)))).aclose()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(VERSION_2.read_text(encoding="utf-8"))
    assert declarations(new) == declarations(file)


async def test_data_that_this_release_wrote_is_read_by_it(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(VERSION_2.read_text(encoding="utf-8"))
    storage = SQLAlchemySessionStorage(url(file))
    form = StoredData('{"item": "pizza"}', 1, NOW, outlives_close=True)
    assert await storage.read_data(KEY, now=NOW) == {"form": form}
    await storage.close(KEY, at=NOW)
    assert await storage.read_data(KEY, ["form"], now=NOW) == {"form": form}
    await storage.aclose()


@pytest.mark.parametrize("shared", [False, True])
async def test_workers_that_start_at_once_upgrade_what_version_1_wrote_once(
    written_by_version_1: Path, shared: bool
) -> None:
    workers = [SQLAlchemySessionStorage(url(written_by_version_1), shared=shared) for _ in range(4 if shared else 1)]
    await asyncio.gather(*(worker.start() for worker in workers))
    for worker in workers:
        assert await worker.list(KEY) == [sent(1), sent(9, business_connection_id="c")]
        assert len(await worker.pending(42)) == 1
        assert await worker.hold_data(DataHold(KEY, frozenset({"form"}), "one"), now=NOW, until=NOW + MINUTE) == {}
        await worker.aclose()
    assert sqlite_rows(written_by_version_1, VERSION_IN) == [{"value": "2"}]


async def test_what_version_1_wrote_is_read_by_this_release(written_by_version_1: Path) -> None:
    storage = SQLAlchemySessionStorage(url(written_by_version_1))
    order = SessionKey(42, -1001234567890, 5, 7, None, "it's an order")
    closed = SessionKey(42, 7, qualifier="")
    assert set(await storage.open_keys(42)) == {KEY, order}
    assert [exactly(it) for it in await storage.list(KEY)] == [
        exactly(sent(1)),
        exactly(sent(9, business_connection_id="c")),
    ]
    assert [exactly(it) for it in await storage.list(order)] == [exactly(sent(2, -1001234567890, thread_id=7))]
    assert await storage.list(closed) == [sent(3)]
    [pending] = await storage.pending(42)
    assert (pending.key, pending.message, pending.claimed_at, pending.due_at) == (closed, sent(4), NOW, NOW + MINUTE)
    assert await storage.settle([pending]) == 1
    assert await storage.record(Scope(42, 7, "private", 7), sent(1)) == 1
    assert len(await storage.list(KEY)) == 2
    await storage.aclose()


async def test_a_session_that_version_1_wrote_is_listed_as_if_its_first_entry_had_opened_it(
    written_by_version_1: Path,
) -> None:
    storage = SQLAlchemySessionStorage(url(written_by_version_1))
    page = await storage.list_sessions(42, limit=9)
    told = {(it.key.chat_id, it.opened_at, it.entries) for it in page.sessions}
    assert told == {(7, NOW, 2), (-1001234567890, NOW, 1)}
    await storage.aclose()


@pytest.mark.parametrize("shared", [False, True])
async def test_a_session_that_version_1_wrote_ends_by_itself_once_it_was_opened_again(
    written_by_version_1: Path, shared: bool
) -> None:
    storage = SQLAlchemySessionStorage(url(written_by_version_1), shared=shared)
    assert await storage.next_session_due(42, now=NOW) is None
    assert await storage.lease_sessions(42, now=NOW, until=NOW, limit=9) == []
    await storage.unsubscribe(KEY)
    await storage.open(KEY, at=NOW, due=Due(NOW, NOW + MINUTE))
    [session] = await storage.lease_sessions(42, now=NOW, until=NOW + MINUTE, limit=9)
    end = End(EndReason.IDLE, "clear", tells=True)
    ended = await storage.end_session(session, end, now=NOW, until=NOW, limit=9)
    assert ended == [sent(1), sent(9, business_connection_id="c")]
    assert len(await storage.lease_ends(42, now=NOW, until=NOW, limit=9)) == 1
    await storage.aclose()


def add_notes(connection: Connection, tables: Tables) -> None:
    """Upgrade to a version that there will be one day."""
    connection.execute(text(f"ALTER TABLE {tables.keys.name} ADD COLUMN note TEXT"))
    connection.execute(text(f"UPDATE {tables.keys.name} SET note = 'old'"))


def of_a_later_release(storage: SQLAlchemySessionStorage, *, create: bool = True) -> SQLAlchemySessionStorage:
    """Let a storage be of a release that writes the next version."""
    storage._backend._versions = Versions(
        storage._backend.tables, create=create, version=VERSION + 1, upgrades={**UPGRADES, VERSION: add_notes}
    )
    return storage


async def test_a_database_of_version_1_opens_under_version_2_with_all_that_it_holds(
    written_by_version_1: Path,
) -> None:
    for _ in range(2):
        storage = of_a_later_release(SQLAlchemySessionStorage(url(written_by_version_1)))
        assert await storage.list(KEY) == [sent(1), sent(9, business_connection_id="c")]
        await storage.aclose()
    [version] = sqlite_rows(written_by_version_1, VERSION_IN)
    notes = sqlite_rows(written_by_version_1, "SELECT note FROM tgslices_keys")
    assert (version["value"], {row["note"] for row in notes}) == (str(VERSION + 1), {"old"})


async def test_an_upgrade_that_fails_changes_nothing(written_by_version_1: Path) -> None:
    def fail(connection: Connection, tables: Tables) -> None:
        add_notes(connection, tables)
        raise RuntimeError("in the middle")

    before = declarations(written_by_version_1)
    storage = SQLAlchemySessionStorage(url(written_by_version_1))
    storage._backend._versions = Versions(storage._backend.tables, create=True, upgrades={1: fail})
    with pytest.raises(StorageError) as caught:
        await storage.start()
    assert str(caught.value) == (
        f"The storage at {url(written_by_version_1)} failed (RuntimeError: in the middle). "
        "The cause is chained to this error."
    )
    assert declarations(written_by_version_1) == before
    [version] = sqlite_rows(written_by_version_1, VERSION_IN)
    assert version["value"] == "1"


@pytest.mark.parametrize("version", ["3", "17", "0", "x"])
async def test_an_unknown_version_is_refused_and_nothing_is_touched(written_by_version_1: Path, version: str) -> None:
    with closing(sqlite3.connect(written_by_version_1)) as connection, connection:
        connection.execute("UPDATE tgslices_meta SET value = ?", (version,))
    before = digest(written_by_version_1)
    storage = SQLAlchemySessionStorage(url(written_by_version_1))
    with pytest.raises(StorageError) as caught:
        await storage.list(KEY)
    assert str(caught.value) == (
        f"The storage's tables have version {version}, and this release knows versions up to 2. "
        "Install a newer release of tgslices. Nothing was changed."
    )
    assert digest(written_by_version_1) == before
    assert sorted(path.name for path in written_by_version_1.parent.iterdir()) == ["slices.db"]


async def test_on_postgresql_too_versions_are_upgraded_and_newer_ones_refused(postgres_url: str) -> None:
    storage = await opened(SQLAlchemySessionStorage(postgres_url))
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await storage.aclose()
    newer = of_a_later_release(SQLAlchemySessionStorage(postgres_url))
    assert await newer.list(KEY) == [sent(1)]
    await newer.aclose()
    older = SQLAlchemySessionStorage(postgres_url)
    with pytest.raises(StorageError) as caught:
        await older.list(KEY)
    assert str(caught.value) == (
        "The storage's tables have version 3, and this release knows versions up to 2. "
        "Install a newer release of tgslices. Nothing was changed."
    )


async def test_workers_that_start_at_the_same_moment_create_the_tables_once(postgres_url: str, file: Path) -> None:
    for where in (postgres_url, url(file)):
        workers = [SQLAlchemySessionStorage(where, shared=True) for _ in range(8)]
        for worker in workers:
            await worker.open(KEY, at=NOW)
        late = [SQLAlchemySessionStorage(where, shared=True, prefix="other_") for _ in range(8)]
        await asyncio.gather(*(worker.open(KEY, at=NOW) for worker in late))
        for worker in [*workers, *late]:
            assert await worker.open_keys(KEY.bot_id) == [KEY]
            await worker.aclose()


# Who creates the tables


async def test_without_create_missing_tables_are_named_and_not_made(file: Path, postgres_url: str) -> None:
    file.touch()
    for where in (url(file), postgres_url):
        storage = SQLAlchemySessionStorage(where, create=False)
        with pytest.raises(StorageError) as caught:
            await storage.list(KEY)
        assert str(caught.value) == (
            "The table tgslices_meta is missing, and so are the others. "
            "Look at the URL, the prefix and the schema. The bot makes the tables when it starts, or your "
            "migrations do, by storage.metadata, where it was told create=False."
        )
    assert declarations(file) == {}


async def test_tables_that_a_migration_tool_made_need_no_version(file: Path) -> None:
    storage = SQLAlchemySessionStorage(url(file), create=False)
    engine = create_engine(f"sqlite:///{file}")
    storage.metadata.create_all(engine)
    engine.dispose()
    await storage.add(KEY, sent(1))
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()
    assert sqlite_rows(file, "SELECT * FROM tgslices_meta") == []


async def test_without_create_an_older_version_is_named_and_not_upgraded(written_by_version_1: Path) -> None:
    storage = of_a_later_release(SQLAlchemySessionStorage(url(written_by_version_1), create=False), create=False)
    with pytest.raises(StorageError) as caught:
        await storage.start()
    assert str(caught.value) == (
        "The storage's tables have version 1, and this release needs version 3. "
        "The bot upgrades them when it starts. Where it was told create=False, migrate them and set schema_version in "
        "tgslices_meta."
    )


async def test_the_tables_join_a_users_metadata_and_only_they_are_created(file: Path) -> None:
    metadata = MetaData()
    Table("users", metadata, Column("id", Integer, primary_key=True))
    storage = await opened(SQLAlchemySessionStorage(url(file), metadata=metadata))
    await storage.aclose()
    own = ("data", "ends", "keys", "messages", "meta", "moved_chats", "pending")
    names = [*(f"tgslices_{name}" for name in own), "users"]
    assert sorted(metadata.tables) == names
    assert storage.metadata is metadata
    assert {row["name"] for row in sqlite_rows(file, "SELECT name FROM sqlite_master WHERE type = 'table'")} == {
        *names[:-1]
    }


def test_two_storages_may_share_one_metadata() -> None:
    metadata = MetaData()
    assert build_tables(metadata=metadata).keys is build_tables(metadata=metadata).keys


@pytest.mark.parametrize("schema", [None, "main"])
def test_a_metadata_with_a_schema_may_be_used_twice(schema: str | None) -> None:
    metadata = MetaData(schema="main")
    first = build_tables(metadata=metadata, schema=schema)
    assert build_tables(metadata=metadata).keys is first.keys
    assert min(metadata.tables) == "main.tgslices_data"


@pytest.mark.parametrize(
    ("prefix", "named"),
    [
        ("a/b_", "a text of 4 characters"),
        ("a\\b_", "'a\\\\b_'"),
        ("a\0b_", "'a\\x00b_'"),
        ("x" * 47, "a text of 47 characters"),
    ],
)
def test_a_prefix_that_no_table_and_no_file_can_have_is_refused(prefix: str, named: str) -> None:
    with pytest.raises(StorageError) as caught:
        SQLAlchemySessionStorage("sqlite:///slices.db", prefix=prefix)
    assert str(caught.value) == (
        f"The prefix {named} cannot begin the names of tables and of a lock file. "
        "Use one of at most 46 bytes without slashes, like 'my_bot_'."
    )


async def test_the_longest_prefix_is_kept_whole(postgres_url: str) -> None:
    storages = [SQLAlchemySessionStorage(postgres_url, prefix="x" * 45 + end) for end in "ab"]
    for number, storage in enumerate(storages):
        await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN)
    for number, storage in enumerate(storages):
        assert await storage.list(KEY) == [sent(number)]
        await storage.aclose()


async def test_prefix_and_schema_keep_bots_apart_in_one_database(postgres: PostgresServer, postgres_url: str) -> None:
    await postgres.execute(str(make_url(postgres_url).database), 'CREATE SCHEMA "Odd schema"')
    storages = [
        SQLAlchemySessionStorage(postgres_url),
        SQLAlchemySessionStorage(postgres_url, prefix='odd "prefix_'),
        SQLAlchemySessionStorage(postgres_url, schema="Odd schema"),
    ]
    for number, storage in enumerate(storages):
        await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN)
        await storage.claim(KEY, [sent(number)], now=NOW, until=NOW)
        await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN)
    for number, storage in enumerate(storages):
        assert await storage.list(KEY) == [sent(number)]
        assert [it.message for it in await storage.pending(KEY.bot_id)] == [sent(number)]
        await storage.aclose()
