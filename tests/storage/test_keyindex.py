"""The lookup of keys, against a list that is scanned."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.storage.samples import few_keys
from tgslices.model import Scope, SessionKey
from tgslices.storage.keyindex import KeyIndex

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


def index_of(keys: list[SessionKey]) -> KeyIndex[SessionKey]:
    index: KeyIndex[SessionKey] = KeyIndex()
    for key in keys:
        index.put(key)
    return index


@given(st.lists(few_keys), scopes)
def test_a_scope_finds_what_a_scan_finds(keys: list[SessionKey], scope: Scope) -> None:
    found = index_of(keys).matching(scope)
    assert len(found) == len(set(found))
    assert set(found) == {key for key in keys if matches(key, scope)}


@given(st.lists(few_keys), st.lists(few_keys))
def test_what_is_put_and_not_popped_is_there_and_nothing_else(put: list[SessionKey], popped: list[SessionKey]) -> None:
    index = index_of(put)
    for number, key in enumerate(popped):
        assert index.pop(key) == (key if key in put and key not in popped[:number] else None)
    left = set(put) - set(popped)
    assert {key for key in [*put, *popped] if index.get(key) is not None} == left
    assert {key for bot in (42, 43) for key in index.of_bot(bot)} == left
    assert {key for bot in (42, 43) for chat in (1, 2) for key in index.of_chat(bot, chat)} == left
    assert [index.lacks_bot(bot) for bot in (42, 43)] == [all(key.bot_id != bot for key in left) for bot in (42, 43)]


@given(st.lists(few_keys).flatmap(lambda keys: st.tuples(st.just(keys), st.permutations(keys))))
def test_an_emptied_index_holds_nothing(keys: tuple[list[SessionKey], list[SessionKey]]) -> None:
    index = index_of(keys[0])
    for key in keys[1]:
        index.pop(key)
    assert index._bots == {}


@given(few_keys, scopes)
def test_reading_creates_nothing(key: SessionKey, scope: Scope) -> None:
    index: KeyIndex[SessionKey] = KeyIndex()
    assert index.get(key) is None
    assert index.pop(key) is None
    assert index.matching(scope) == index.of_bot(scope.bot_id) == index.of_chat(scope.bot_id, scope.chat_id) == []
    assert index.lacks_bot(scope.bot_id)
    assert index._bots == {}


def test_an_equal_key_takes_the_place_of_the_one_before() -> None:
    for others in ([], [SessionKey(1, 2, 3)], [SessionKey(1, 2, qualifier="other")]):
        first, second = SessionKey(1, 2), SessionKey(1, 2)
        index = index_of([first, *others, second])
        assert index.get(first) is second
        assert len(index.of_bot(1)) == 1 + len(others)
