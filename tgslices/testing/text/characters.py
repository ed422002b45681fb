"""Characters as the server sees them: which belong to words, tags and links, and which do not survive sending.

Source: tdlib/td ``td/telegram/misc.cpp:61-300`` and ``MessageEntity.cpp:237-266, 371-383, 636-656``.
"""

from __future__ import annotations

import re
from typing import Final

NO_LINK: Final = " \u00a0\u1680\u2000-\u200b\u200e\u200f\u2016-\u206f\u3000"
"""Inside of a character class: separators, and punctuation that ends a link. Source: ``MessageEntity.cpp:636-642``."""

_REMOVED: Final = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_MADE_BLANK: Final = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f]")
_DIRECTIONS: Final = re.compile("[\u200e\u200f]+(?=[\u200e\u200f])")
_CHANGED: Final = re.compile("[\x00-\x09\x0b-\x1f\u200e\u200f\u2028-\u202e\u0333\u033f\u030a]")
_UNSEEN: Final = re.compile(
    "[ \t-\r\u00a0\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufeff\ufffc\U000e0000-\U000e007f]*"
)


def is_word(character: str) -> bool:
    """Whether it is a letter, a digit, a number or an underscore. Source: ``MessageEntity.cpp:237-247``."""
    return character.isalnum() or character == "_"


def is_tag(character: str) -> bool:
    """Whether it may stand in a hashtag. Source: ``MessageEntity.cpp:371-383``."""
    return (
        character.isalpha()
        or character.isdecimal()
        or character in "_\u200c\u00b7"
        or "\u0d80" <= character <= "\u0dff"
    )


def cleaned(text: str) -> str:
    """The text without what the server takes out: control characters are blanks, line ends are ``\\n``.

    Source: ``misc.cpp:61-150``, ``clean_input_string`` and ``replace_offending_characters``.
    """
    if _CHANGED.search(text) is None:
        return text
    text = _MADE_BLANK.sub(" ", _REMOVED.sub("", text))
    return _DIRECTIONS.sub(lambda found: "\u200c" * len(found[0]), text)


def is_removed(character: str) -> bool:
    """Whether `cleaned` takes it out, so that what follows moves."""
    return _REMOVED.match(character) is not None


def is_unseen(text: str) -> bool:
    """Whether there is nothing to see in it. Source: ``misc.cpp:163-260``, ``is_empty_string``."""
    return _UNSEEN.fullmatch(text) is not None
