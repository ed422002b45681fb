"""The lookup of keys, against a list that is scanned."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from tests.storage.samples import few_keys
from tgslices.model import Scope, SessionKey
from tgslices.storage.inprocess.key_map import KeyMap

scopes = st.builds(
    Scope,
    bot_id=st.sampled_from([42, 43, 44]),
    chat_id=st.sampled_from([1, 2, 3]),
    chat_type=st.just("supergroup"),
    user_id=st.sampled_from([None, 5, 6, 7]),
    thread_id=st.sampled_from([None, 3, 4]),
    business_connection_id=st.sampled_from([None, "c", ""]),
)


def matches(key: SessionKey, scope: Scope) -> bool:
    return (
        key.bot_id == scope.bot_id
        and key.chat_id == scope.chat_id
        and key.business_connection_id == scope.business_connection_id
        and key.user_id in {None, scope.user_id}
        and key.thread_id in {None, scope.thread_id}
    )


def map_of(keys: list[SessionKey]) -> KeyMap[SessionKey]:
    values: KeyMap[SessionKey] = KeyMap()
    for key in keys:
        values.put(key, key)
    return values


@given(st.lists(few_keys), scopes)
def test_a_scope_finds_what_a_scan_finds(keys: list[SessionKey], scope: Scope) -> None:
    found = map_of(keys).matching(scope)
    assert len(found) == len(set(found))
    assert set(found) == {key for key in keys if matches(key, scope)}
    assert map_of(keys).matching_keys(scope) == found


@given(st.lists(few_keys), st.lists(few_keys))
def test_what_is_put_and_not_popped_is_there_and_nothing_else(put: list[SessionKey], popped: list[SessionKey]) -> None:
    values = map_of(put)
    for number, key in enumerate(popped):
        assert values.pop(key) == (key if key in put and key not in popped[:number] else None)
    left = set(put) - set(popped)
    assert {key for key in [*put, *popped] if key in values} == left
    assert all(values.get(key) == (key if key in left else None) for key in [*put, *popped])
    assert {key for bot in (42, 43) for key in values.of_bot(bot)} == left
    assert {key for bot in (42, 43) for chat in (1, 2) for key in values.of_chat(bot, chat)} == left
    assert set(values.by_bot) == {key.bot_id for key in left}


@given(st.lists(few_keys).flatmap(lambda keys: st.tuples(st.just(keys), st.permutations(keys))))
def test_an_emptied_map_holds_nothing(keys: tuple[list[SessionKey], list[SessionKey]]) -> None:
    values = map_of(keys[0])
    for key in keys[1]:
        values.pop(key)
    assert values.by_bot == {}


@given(few_keys, scopes)
def test_reading_creates_nothing(key: SessionKey, scope: Scope) -> None:
    values: KeyMap[SessionKey] = KeyMap()
    assert values.get(key) is None
    assert key not in values
    assert values.pop(key) is None
    assert (
        values.matching(scope)
        == values.matching_keys(scope)
        == values.of_bot(scope.bot_id)
        == values.of_chat(scope.bot_id, scope.chat_id)
        == []
    )
    assert scope.bot_id not in values.by_bot
    assert values.by_bot == {}


def test_a_value_takes_the_place_of_the_one_before() -> None:
    key = SessionKey(1, 2)
    for others in ([], [SessionKey(1, 2, 3)], [SessionKey(1, 2, qualifier="other")]):
        values: KeyMap[str] = KeyMap()
        values.put(key, "first")
        for other in others:
            values.put(other, "other")
        values.put(SessionKey(1, 2), "second")
        assert values.get(key) == "second"
        assert len(values.of_bot(1)) == 1 + len(others)


def test_the_garbage_collector_passes_over_plain_values() -> None:
    """A million open sessions must not make every full collection a pause of a fifth of a second."""
    values: KeyMap[bytearray] = KeyMap()
    for number in range(1000):
        values.put(SessionKey(1, number, number, qualifier=f"order {number}"), bytearray())
    gc.collect()
    tracked = [it for it in values.by_bot[1].values() if gc.is_tracked(it)]
    assert tracked == []
