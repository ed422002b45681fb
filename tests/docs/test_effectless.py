"""The page on testing names every method without an effect."""

import re
from pathlib import Path

from tgslices.testing.methods import EFFECTLESS

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def test_the_page_names_the_methods_without_an_effect() -> None:
    named = re.search(r"They are: (.*?)\.\n", PAGE.read_text("utf-8"), re.DOTALL)
    assert named is not None
    assert set(re.findall(r"`(\w+)`", named[1])) >= EFFECTLESS
