"""Which keys hold messages of a chat that is not their own."""

from __future__ import annotations

from tgslices.model import SessionKey
from tgslices.storage.inprocess.foreign_chats import Elsewhere

KEY = SessionKey(1, 2, business_connection_id="c")


def test_only_a_foreign_chat_is_noted_and_the_connection_makes_it_foreign() -> None:
    elsewhere = Elsewhere()
    elsewhere.add(KEY, (2, "c"))
    assert KEY not in elsewhere
    for chat in ((2, None), (2, ""), (3, "c")):
        elsewhere.add(KEY, chat)
        assert elsewhere.keys(1, chat) == [KEY]
        assert elsewhere.keys(2, chat) == []
    assert KEY in elsewhere


def test_what_is_set_replaces_what_was_there_and_leaves_nothing_behind() -> None:
    elsewhere = Elsewhere()
    elsewhere.add(KEY, (3, None))
    elsewhere.set(KEY, [(4, None), (2, "c")])
    assert elsewhere.keys(1, (3, None)) == []
    assert elsewhere.keys(1, (4, None)) == [KEY]
    elsewhere.set(KEY, ())
    elsewhere.set(KEY, ())
    assert elsewhere.keys(1, (4, None)) == []
    assert not elsewhere._keys
    assert not elsewhere._chats
