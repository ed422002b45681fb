"""A session is given to the command as the command prints it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgslices.commands.naming import key_named, spelled
from tgslices.errors import ConfigurationError
from tgslices.model import MAX_INT, SessionKey
from tgslices.testing.contract.samples import STRINGS

ids = st.integers(-MAX_INT, MAX_INT)
texts = st.none() | st.text(max_size=20) | st.sampled_from(STRINGS)


@given(st.builds(SessionKey, st.just(42), ids, st.none() | ids, st.none() | ids, texts, texts))
def test_a_name_leads_back_to_its_session_and_needs_no_quotes_in_a_shell(key: SessionKey) -> None:
    name = spelled(key)
    assert key_named(name, 42) == key
    assert not set(name) & set(" '\"\\$`;&|<>()*?[]#~!\n\t")


@pytest.mark.parametrize(
    "name", ["", "7", "chat", "chat=", "chat=7,", "chat=7,user", "user=7", "chat=7,who=7", "chat=7,chat=7"]
)
def test_what_names_no_session_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="names no session"):
        key_named(name, 42)
