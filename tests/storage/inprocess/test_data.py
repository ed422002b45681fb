"""Session data in memory: what is left of it."""

from __future__ import annotations

from dataclasses import replace

from tgslices.storage.data_protocol import HOLD_KEPT
from tgslices.storage.inprocess.data import DataInProcess
from tgslices.testing.contract.data_holds import END, LATE, held, stored
from tgslices.testing.contract.samples import KEY, NOW


def is_empty(data: DataInProcess) -> bool:
    return not (data._data.by_bot or data._expiries or len(data._holds))


async def test_nothing_is_left_of_what_was_written_and_dropped() -> None:
    data = DataInProcess()
    for number in range(100):
        key = replace(KEY, qualifier=str(number))
        await data.hold_data(held("a", "b", key=key), now=NOW, until=END)
        await data.write_data(held("a", "b", key=key), {"a": stored(expires_at=LATE), "b": stored()}, release=False)
        await data.write_data(held("a", "b", key=key), {"a": None, "b": None})
    assert is_empty(data)


async def test_nothing_is_left_of_what_was_closed_migrated_or_has_expired() -> None:
    data = DataInProcess()
    await data.put_data(KEY, {"a": stored(expires_at=LATE), "b": stored()})
    await data.migrate_data(KEY.bot_id, KEY.chat_id, 8)
    await data.migrate_data(KEY.bot_id, 8, 9)
    await data.close_data(KEY.in_chat(9))
    await data.put_data(KEY, {"a": stored(expires_at=LATE, outlives_close=True)})
    assert await data.sweep_data(KEY.bot_id, now=LATE, limit=10) == 1
    assert is_empty(data)


async def test_nothing_is_left_of_holders_that_never_came_back() -> None:
    data = DataInProcess()
    await data.hold_data(held("a", "b"), now=NOW, until=END)
    await data.sweep_data(KEY.bot_id, now=END + HOLD_KEPT, limit=10)
    assert is_empty(data)


async def test_merely_reading_leaves_nothing() -> None:
    data = DataInProcess()
    await data.read_data(KEY, now=NOW)
    await data.renew_data([held()], until=END)
    await data.write_data(held(), {"form": stored()})
    assert is_empty(data)
