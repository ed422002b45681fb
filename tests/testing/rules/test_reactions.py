"""Emojis that a reaction may be."""

import pytest

from tgslices.testing.rules.reactions import is_reaction


@pytest.mark.parametrize("emoji", ["👍", "\u2764", "\u2764\ufe0f", "\u2764\ufe0f\u200d🔥", "🤷\u200d♂"])
def test_those_of_the_list_may(emoji: str) -> None:
    assert is_reaction(emoji)


@pytest.mark.parametrize("emoji", ["🪑", "", "a", "👍👍"])
def test_others_may_not(emoji: str) -> None:
    assert not is_reaction(emoji)
