"""Open keys in process memory."""

from __future__ import annotations

from tgslices.model import Scope, SessionKey
from tgslices.storage.inprocess.open_keys import OpenKeys

WEIRD = [
    SessionKey(1, 2, 3, 4, "connection", "qualifier"),
    SessionKey(1, 2, 3, 4, "", ""),
    SessionKey(1, 2, 3, 4, None, None),
    SessionKey(1, 2, 3, 4, "a:b", "c"),
    SessionKey(1, 2, 3, 4, "a", "b:c"),
    SessionKey(1, 2, 0, 0, None, "None"),
    SessionKey(1, 2, 0, None, None, "\0'\"🧾\udcff"),
    SessionKey(1, 2, None, 0, None, "x" * 10_000),
    SessionKey(2**63 - 1, -(2**63) + 1, 2**63 - 1, -(2**63) + 1),
]


def test_a_key_is_open_between_opening_and_unsubscribing() -> None:
    keys, key = OpenKeys(), SessionKey(1, 2)
    assert key not in keys
    assert keys.is_idle(1)
    assert keys.open(key)
    assert not keys.open(key)
    assert key in keys
    assert not keys.is_idle(1)
    assert keys.is_idle(2)
    assert keys.unsubscribe(key)
    assert not keys.unsubscribe(key)
    assert key not in keys
    assert keys.is_idle(1)


def test_weird_keys_are_kept_apart_and_leave_nothing_behind() -> None:
    keys = OpenKeys()
    for key in WEIRD:
        assert keys.open(key)
    assert all(key in keys for key in WEIRD)
    assert {*keys.open_keys(1), *keys.open_keys(2**63 - 1)} == set(WEIRD)
    for key in WEIRD:
        assert keys.unsubscribe(key)
    assert keys._index.by_bot == {}


def test_the_qualifier_plays_no_part_in_matching() -> None:
    keys = OpenKeys()
    parallel = {SessionKey(1, 2, 3, qualifier=name) for name in (None, "", "order", "support")}
    for key in parallel:
        keys.open(key)
    assert set(keys.matching(Scope(1, 2, "private", 3))) == parallel
    assert keys.matching(Scope(1, 2, "private", 4)) == []


def test_a_key_without_connection_matches_no_business_message() -> None:
    keys = OpenKeys()
    keys.open(SessionKey(1, 2))
    assert keys.matching(Scope(1, 2, "private", 3, business_connection_id="c")) == []
    keys.open(SessionKey(1, 2, business_connection_id="c"))
    assert keys.matching(Scope(1, 2, "private", 3)) == [SessionKey(1, 2)]


def test_migration_moves_the_keys_of_one_chat_of_one_bot() -> None:
    keys = OpenKeys()
    old = {SessionKey(1, 2), SessionKey(1, 2, 3, qualifier="order")}
    others = {SessionKey(1, 4), SessionKey(2, 2)}
    for key in old | others:
        keys.open(key)
    keys.open(SessionKey(1, -100, 3, qualifier="order"))
    assert set(keys.migrate(1, 2, -100)) == old
    assert set(keys.open_keys(1)) == {SessionKey(1, -100), SessionKey(1, -100, 3, qualifier="order"), SessionKey(1, 4)}
    assert keys.open_keys(2) == [SessionKey(2, 2)]


def test_migration_to_the_same_chat_changes_nothing() -> None:
    keys = OpenKeys()
    keys.open(SessionKey(1, 2))
    assert keys.migrate(1, 2, 2) == [SessionKey(1, 2)] == keys.open_keys(1)
    assert keys.migrate(1, 3, 4) == []
