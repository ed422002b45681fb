"""Promise: recording costs no statement more because sessions end by themselves, and to lease many costs one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.storage.sqlalchemy.backends import watch
from tgslices.model import IfClosed, Scope
from tgslices.storage.ending_protocol import Due
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SCOPE = Scope(42, 7, "private", 7)


class Counted:
    """Counts what a storage sends: by SQLAlchemy, and past it."""

    def __init__(self, storage: SQLAlchemySessionStorage) -> None:
        self.count = 0
        database = storage._backend.database
        watch(storage, self._note)
        execute, passes_by = database.execute, storage._backend.engine.dialect.name == "sqlite"

        async def counting(connection: Any, spell: Callable[[int], str], rows: Sequence[Sequence[Any]]) -> Any:
            self.count += passes_by
            return await execute(connection, spell, rows)

        database.execute = counting  # type: ignore[method-assign]  # to look on

    def _note(self, *_: object) -> None:
        self.count += 1


@pytest.fixture(params=["alone", "shared", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> SQLAlchemySessionStorage:
    if request.param == "postgresql":
        return SQLAlchemySessionStorage(request.getfixturevalue("postgres_url"))
    return SQLAlchemySessionStorage(f"sqlite:///{tmp_path}/slices.db", shared=request.param == "shared")


async def test_opening_recording_and_adding_send_the_same_with_a_lifetime_and_without(
    storage: SQLAlchemySessionStorage,
) -> None:
    await storage.start()
    counted = Counted(storage)
    sent_by: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    # Twice, because a shared storage asks once which keys there are.
    for number, has_lifetime in enumerate((False, True, False, True)):
        due = Due(NOW + MINUTE, NOW + 2 * MINUTE) if has_lifetime else None
        key, scope = replace(KEY, chat_id=10 + number), replace(SCOPE, chat_id=10 + number)
        other = replace(key, qualifier="added")
        steps: dict[str, Callable[[], Any]] = {
            "open": lambda key=key, due=due: storage.open(key, at=NOW, due=due),  # type: ignore[misc]  # defaults
            "record": lambda scope=scope: storage.record(scope, sent(1, scope.chat_id)),  # type: ignore[misc]
            "record again": lambda scope=scope: storage.record(scope, sent(2, scope.chat_id)),  # type: ignore[misc]
            "add": lambda other=other, due=due: storage.add(  # type: ignore[misc]
                other, sent(3, other.chat_id), if_closed=IfClosed.OPEN, due=due
            ),
        }
        for name, step in steps.items():
            before = counted.count
            await step()
            sent_by[has_lifetime][name] = counted.count - before
    assert sent_by[True] == sent_by[False]
    assert sent_by[True]["record"] == sent_by[True]["record again"] > 0
    await storage.aclose()


async def test_to_lease_what_is_due_takes_one_statement(storage: SQLAlchemySessionStorage) -> None:
    await storage.start()
    keys = [replace(KEY, chat_id=number) for number in range(10, 20)]
    for key in keys:
        await storage.add(key, sent(1, key.chat_id), if_closed=IfClosed.OPEN, due=Due(NOW, NOW + 2 * MINUTE))
        await storage.add(replace(key, qualifier="other"), sent(2, key.chat_id))
        await storage.claim(replace(key, qualifier="other"), None, now=NOW, until=NOW)
    counted = Counted(storage)
    assert len(await storage.lease_sessions(KEY.bot_id, now=NOW, until=NOW + MINUTE, limit=5)) == 5
    assert len(await storage.lease_sessions(KEY.bot_id, now=NOW, until=NOW + MINUTE, limit=5)) == 5
    assert counted.count == 2
    assert len(await storage.lease(KEY.bot_id, now=NOW, until=NOW + MINUTE, limit=5)) == 5
    # SQLite does not return what stood there before, by which they are in order; a look in the same transaction does.
    assert counted.count == 2 + (1 if storage._backend.database.tells_old_values else 2)
    await storage.aclose()
