"""Which keys hold messages of a chat that is not their own."""

from __future__ import annotations

from tgslices.model import SessionKey
from tgslices.storage.inprocess.foreign_chats import ForeignChats

KEY = SessionKey(1, 2, business_connection_id="c")


def test_only_a_foreign_chat_is_noted_and_the_connection_makes_it_foreign() -> None:
    foreign = ForeignChats()
    foreign.add(KEY, (2, "c"))
    assert KEY not in foreign
    for chat in ((2, None), (2, ""), (3, "c")):
        foreign.add(KEY, chat)
        assert foreign.keys(1, chat) == [KEY]
        assert foreign.keys(2, chat) == []
    assert KEY in foreign


def test_what_is_set_replaces_what_was_there_and_leaves_nothing_behind() -> None:
    foreign = ForeignChats()
    foreign.add(KEY, (3, None))
    foreign.set(KEY, [(4, None), (2, "c")])
    assert foreign.keys(1, (3, None)) == []
    assert foreign.keys(1, (4, None)) == [KEY]
    foreign.set(KEY, ())
    foreign.set(KEY, ())
    assert foreign.keys(1, (4, None)) == []
    assert not foreign._keys
    assert not foreign._chats
