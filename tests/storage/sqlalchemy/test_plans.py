"""Every statement that the storage sends finds its rows by an index: what it costs does not grow with the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy import event

from tgslices.model import Gone, IfClosed, Scope, SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.ending_protocol import Due, End, EndReason
from tgslices.storage.listing_protocol import SessionFilter, SessionOrder
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.database.steps import ANY_NUMBER, Steps, T
from tgslices.storage.sqlalchemy.tables.schema import NO_ID
from tgslices.testing.contract.samples import MINUTE, NOW, sent

ROWS = 20_000
BOTS = 50
SOON = encode_time(NOW) + 1
KEY = SessionKey(7, 100_007, 100_007, None, None, None)
BUSINESS = SessionKey(7, 100_057, None, None, "c")

FILL_KEYS = f"""
    INSERT INTO tgslices_keys
        (id, bot_id, chat_id, user_id, thread_id, label, is_open, opened_at, due_at, limit_at)
    {{series}} SELECT
        n, n % {BOTS}, 100000 + n, 100000 + n, {NO_ID + 1} - 1, {{empty}}, {{true}},
        0, CASE WHEN n % 3 = 0 THEN {SOON} + n END, {SOON} + 1000 * n
    FROM s
"""
FILL_ENDS = f"""
    INSERT INTO tgslices_ends
        (bot_id, chat_id, user_id, thread_id, label, reason, is_partial, ended_at, due_at)
    {{series}} SELECT n % {BOTS}, 100000 + n, 0, 0, {{empty}}, 'idle', NOT {{true}}, n, n FROM s
"""
FILL_MESSAGES = """
    INSERT INTO tgslices_messages
        (key_id, chat_id, message_id, variant, direction, recorded_at, business_connection_id)
    {series} SELECT n, 100000 + n, n, {empty}, 'in', 0, CASE WHEN n % 10 = 0 THEN 'c' END FROM s
"""
FILL_PENDING = f"""
    INSERT INTO tgslices_pending
        (identity, bot_id, key_chat_id, chat_id, message_id, variant, direction, recorded_at, claimed_at, due_at)
    {{series}} SELECT {{number}}, n % {BOTS}, 100000 + n, 100000 + n, n, {{empty}}, 'in', 0, 0, 1000000 + n FROM s
"""
FILL_DATA = f"""
    INSERT INTO tgslices_data
        (bot_id, chat_id, user_id, thread_id, label, fragment, name, value, version, written_at, expires_at)
    {{series}} SELECT n % {BOTS}, 100000 + n, 100000 + n, {NO_ID + 1} - 1, {{empty}}, {{number}}, 'form', '1', 1, 0,
        CASE WHEN n % 10 = 0 THEN n END FROM s
"""
FILL = (FILL_KEYS, FILL_MESSAGES, FILL_PENDING, FILL_DATA, FILL_ENDS)


class Statements:
    """The statements that a storage has sent, with their parameters."""

    def __init__(self, storage: SQLAlchemySessionStorage) -> None:
        self.sent: dict[str, Sequence[Any]] = {}
        engine, database = storage._backend.engine, storage._backend.database
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)
        execute, transact = database.execute, database.transact

        def note(spell: Callable[[int], str], rows: Sequence[Sequence[Any]]) -> None:
            self._note(None, None, spell(1), rows[0])
            if engine.dialect.name == "postgresql":
                self._note(None, None, spell(ANY_NUMBER), list(zip(*rows, strict=True)))

        async def noting(connection: Any, spell: Callable[[int], str], rows: Sequence[Sequence[Any]]) -> Any:
            note(spell, rows)
            return await execute(connection, spell, rows)

        def noted(steps: Steps[T]) -> Steps[T]:
            try:
                step = next(steps)
                while True:
                    note(step.statement, step.rows)
                    step = steps.send((yield step))
            except StopIteration as end:
                result: T = end.value
                return result

        async def noting_steps(connection: Any, steps: Steps[T], *, done: Callable[[], None]) -> T:
            return await transact(connection, noted(steps), done=done)

        database.execute = noting  # type: ignore[method-assign]  # to look on
        database.transact = noting_steps  # type: ignore[method-assign]  # to look on

    def _note(
        self, _: Any, __: Any, statement: str, parameters: Sequence[Any], ___: Any = None, executemany: bool = False
    ) -> None:
        if statement.lstrip().split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH", "INSERT"):
            self.sent.setdefault(statement, parameters[0] if executemany else parameters)


async def use_everything(storage: SQLAlchemySessionStorage) -> None:
    """Call every method in a way that makes it do its work."""
    scope = Scope(7, KEY.chat_id, "private", KEY.user_id, 3)
    await list_sessions(storage)
    await storage.record(scope, sent(1, KEY.chat_id))
    await storage.add(KEY, sent(2, KEY.chat_id))
    await storage.add(KEY, sent(3, KEY.chat_id), if_closed=IfClosed.OPEN)
    await storage.add(KEY, sent(4, KEY.chat_id), if_closed=IfClosed.SKIP)
    await storage.open(BUSINESS, at=NOW)
    await storage.add(BUSINESS, sent(5, BUSINESS.chat_id, business_connection_id="c"))
    await storage.matching(scope)
    await storage.is_held(7, KEY.chat_id, 1)
    await storage.is_held(7, KEY.chat_id, 1, user_id=KEY.user_id)
    await storage.is_held(7, KEY.chat_id, 1, business_connection_id="c")
    await storage.note_buttons(7, KEY.chat_id, 2, has_buttons=True)
    await storage.open_keys(7)
    entries = await storage.list(KEY)
    await storage.remove(KEY, entries[:1])
    await storage.claim(KEY, entries[1:3], now=NOW, until=NOW + MINUTE)
    leased = await storage.lease(7, now=NOW, until=NOW + MINUTE, limit=5)
    await storage.postpone(leased, until=NOW)
    await storage.settle(leased)
    await storage.pending(7)
    await storage.list_pending(7, after="5.5", limit=1)
    await storage.count_pending(7, key=KEY, claimed_by=[NOW])
    await storage.next_due(7, now=NOW)
    await storage.discard(7, Gone(BUSINESS.chat_id, frozenset({5}), "c"))
    await storage.migrate(7, KEY.chat_id, 100_107)
    await storage.unsubscribe(BUSINESS)
    await storage.clear(SessionKey(7, 100_107, 100_107))
    await use_data(storage, SessionKey(7, 100_107, KEY.user_id))
    await storage.close(SessionKey(7, 100_107, KEY.user_id), at=NOW)
    await use_lifetimes(storage)
    await storage.sweep(7, now=NOW, limit=2)


async def list_sessions(storage: SQLAlchemySessionStorage) -> None:
    """List sessions in every order and with every filter."""
    filters = (
        SessionFilter(),
        SessionFilter(chat_id=KEY.chat_id),
        SessionFilter(user_id=KEY.user_id),
        SessionFilter(qualifiers=frozenset({None, "order"})),
        SessionFilter(opened_before=NOW),
    )
    for where in filters:
        for order in SessionOrder:
            page = await storage.list_sessions(7, where, order=order, limit=1)
            await storage.list_sessions(7, where, order=order, after=page.after, limit=1)
        await storage.count_sessions(7, where)
    assert [session.key for session in await storage.look_at_sessions([KEY, BUSINESS])] == [KEY]


async def use_lifetimes(storage: SQLAlchemySessionStorage) -> None:
    """Call every method of sessions that end."""
    due = Due(NOW, NOW + MINUTE)
    await storage.open(KEY, at=NOW, due=due)
    await storage.add(replace(KEY, qualifier="other"), sent(9, KEY.chat_id), if_closed=IfClosed.OPEN, due=due)
    sessions = await storage.lease_sessions(7, now=NOW, until=NOW + MINUTE, limit=2)
    assert len(sessions) == 2
    await storage.postpone_session(sessions[0], due)
    await storage.schedule_sessions({KEY: due, BUSINESS: due})
    for session in sessions:
        await storage.end_session(session, End(EndReason.IDLE, "clear", tells=True), now=NOW, until=NOW, limit=1)
    [session] = await storage.lease_sessions(7, now=NOW, until=NOW + MINUTE, limit=1)
    await storage.end_session(session, End(EndReason.IDLE, "close", tells=True), now=NOW, until=NOW, limit=1)
    [ended] = await storage.lease_ends(7, now=NOW, until=NOW, limit=1)
    await storage.postpone_end(ended, until=NOW)
    await storage.settle_end(ended)
    await storage.next_session_due(7, now=NOW)


async def use_data(storage: SQLAlchemySessionStorage, key: SessionKey) -> None:
    """Call every method of data."""
    stored = StoredData("1", 1, NOW, NOW)
    await storage.put_data(key, {"a": stored, "b": None})
    hold = DataHold(key, frozenset("abc"), "one")
    for names in ("a", "abc"):
        await storage.hold_data(DataHold(key, frozenset(names), "one"), now=NOW, until=NOW + MINUTE)
    await storage.renew_data([hold, DataHold(KEY, frozenset("a"), "one")], until=NOW + MINUTE)
    await storage.write_data(hold, {"a": None, "b": stored}, release=False)
    await storage.write_data(hold, {"c": stored})
    await storage.read_data(key, now=NOW)
    await storage.read_data(key, ["a", "b"], now=NOW)
    await storage.migrate_data(7, key.chat_id, key.chat_id + 50)
    await storage.close_data(key)
    await storage.sweep_data(7, now=NOW, limit=2)


@pytest.mark.parametrize("shared", [False, True])
async def test_no_statement_scans_a_table_of_sqlite(tmp_path: Path, shared: bool) -> None:
    file = tmp_path / "slices.db"
    storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{file}", shared=shared)
    await storage.start()
    await storage.aclose()
    series = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS})"
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in FILL:
            connection.execute(statement.format(series=series, empty="x''", true="1", number="CAST(n AS BLOB)"))
    await storage.start()
    statements = Statements(storage)
    await use_everything(storage)
    await storage.aclose()
    with closing(sqlite3.connect(file)) as connection:
        plans = {
            statement: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters))]
            for statement, parameters in statements.sent.items()
        }
    assert len(plans) > 20
    assert {it: plan for it, plan in plans.items() if any("SCAN tgslices" in line for line in plan)} == {}


async def test_no_statement_scans_a_table_of_postgresql(postgres_url: str) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.start()
    await storage.aclose()
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    for statement in FILL:
        await connection.execute(
            statement.format(
                series=f"WITH s(n) AS (SELECT * FROM generate_series(1, {ROWS}))",
                empty="''::bytea",
                true="true",
                number="int8send(n)",
            )
        )
    await connection.execute(f"SELECT setval('tgslices_keys_id_seq', {ROWS + 1})")
    await connection.execute("ANALYZE")
    await storage.start()
    statements = Statements(storage)
    await use_everything(storage)
    await storage.aclose()
    plans = {}
    for statement, parameters in statements.sent.items():
        if "pg_" not in statement:
            plans[statement] = [row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *parameters)]
    await connection.close()
    assert len(plans) > 20
    assert {it: plan for it, plan in plans.items() if any("Seq Scan on tgslices" in line for line in plan)} == {}


async def test_what_is_asked_of_one_message_looks_at_no_other_session_on_sqlite(tmp_path: Path) -> None:
    storage = SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'slices.db'}")
    await storage.add(KEY, sent(1, KEY.chat_id), if_closed=IfClosed.OPEN)
    await storage.add(KEY, sent(2, -5))
    statements = Statements(storage)
    for chat_id, message_id in ((KEY.chat_id, 1), (-5, 2)):
        await storage.is_held(7, chat_id, message_id)
        await storage.note_buttons(7, chat_id, message_id, has_buttons=True)
        await storage.discard(7, Gone(chat_id, frozenset({message_id})))
    await storage.aclose()
    with closing(sqlite3.connect(tmp_path / "slices.db")) as connection:
        plans = {
            statement: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters))]
            for statement, parameters in statements.sent.items()
        }
    assert sum("messages_foreign" in line for plan in plans.values() for line in plan) >= 3
    assert {it: plan for it, plan in plans.items() if any(line.endswith("(bot_id=?)") for line in plan)} == {}
