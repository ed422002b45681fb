"""What the server finds in a text by itself: mentions, commands, tags, card numbers, links and addresses.

Source: tdlib/td ``MessageEntity.cpp:268-634, 943-995, 1347-1391, 1742-1781``, ``find_entities``. Phone numbers are
found by the servers behind alone, and times of media are not found for bots.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from tgslices.testing.text.characters import is_tag
from tgslices.testing.text.spans import entity
from tgslices.testing.text.units import units_in
from tgslices.testing.text.urls import Span, tg_urls, web_urls
from tgslices.testing.wire.json_text import Json

_HINT: Final = re.compile(r"[@/#$]|\.\S|[0-9][0-9 -]{11}")
"""A text without any of these has nothing to be found."""

_CARD_HINT: Final = re.compile(r"[0-9][0-9 -]{11}")
_MENTION: Final = re.compile(r"(?<!\w)@([A-Za-z0-9_]{2,32})(?!\w)")
_SHORT_NAMES: Final = frozenset({"gif", "nft", "pic", "ufc", "vid"})
_MIN_NAME: Final = 4
_COMMAND: Final = re.compile(
    r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}+(?:@[A-Za-z0-9_]{3,32}+(?![\w/<>])|(?![\w/<>@]))",
)
_TAGGED_NAME: Final = re.compile(r"@[A-Za-z0-9_]{3,32}")
_LONGER_NAME: Final = re.compile(r"@[A-Za-z0-9_]{3,32}(?![A-Za-z0-9_])")
_CASHTAG: Final = re.compile(r"\$(?:1INCH|[A-Z]+)")
_MAX_HASHTAG: Final = 256
_MAX_CASHTAG: Final = 8
_CARD: Final = re.compile(r"[0-9][0-9 -]*")
_WHOLE_CARD: Final = re.compile(r"[0-9]{16,19}(?= )")


def mentions(text: str) -> Iterator[Span]:
    """Usernames behind an at sign: from four characters on, and some shorter ones."""
    for found in _MENTION.finditer(text):
        if len(found[1]) >= _MIN_NAME or found[1].lower() in _SHORT_NAMES:
            yield found.span()


def bot_commands(text: str) -> Iterator[Span]:
    """Commands, which may name their bot."""
    return (found.span() for found in _COMMAND.finditer(text))


def hashtags(text: str) -> Iterator[Span]:
    """Hashtags, which may name a chat; they have a letter in them."""
    end = 0
    while (begin := text.find("#", end)) >= 0:
        end = begin + 1
        if begin and is_tag(text[begin - 1]):
            continue
        while end < len(text) and is_tag(text[end]):
            end += 1
        last = min(end, begin + 1 + _MAX_HASHTAG)
        if last == begin + 1:
            continue
        if last == end and (name := _TAGGED_NAME.match(text, end)) is not None:
            last = end = name.end()
        has_letter = any(character.isalpha() for character in text[begin + 1 : min(end, begin + 1 + _MAX_HASHTAG)])
        if has_letter and text[end : end + 1] != "#":
            yield begin, last


def cashtags(text: str) -> Iterator[Span]:
    """Tags of currencies and stocks, which may name a chat."""
    for found in _CASHTAG.finditer(text):
        begin, end = found.span()
        before = text[begin - 1 : begin]
        if before and (is_tag(before) or before == "$"):
            continue
        if end - begin - 1 > _MAX_CASHTAG:
            continue
        if (name := _LONGER_NAME.match(text, end)) is not None:
            end = name.end()
        after = text[end : end + 1]
        if not after or not (is_tag(after) or after == "$"):
            yield begin, end


def bank_card_numbers(text: str) -> Iterator[Span]:
    """Numbers of bank cards, with blanks and dashes between the digits."""
    end = 0
    while (found := _CARD.search(text, end)) is not None:
        begin, end = found.span()
        before = text[begin - 1 : begin]
        if before and (before in ".,+-_" or before.isalpha()):
            continue
        if (whole := _WHOLE_CARD.match(text, begin)) is not None:
            end = whole.end()
        number = text[begin:end].rstrip(" -")
        digits = re.sub("[ -]", "", number)
        after = text[begin + len(number) : begin + len(number) + 1]
        is_apart = not after or not (after in "-_" or after.isalpha())
        if 13 <= len(digits) <= 19 and len(number) < 2 * len(digits) and is_apart and _is_card(digits):
            yield begin, begin + len(number)


_LENGTHS: Final[tuple[tuple[Callable[[str], bool], frozenset[int]], ...]] = (
    (lambda digits: digits[0] == "4", frozenset({13, 16, 18, 19})),
    (lambda digits: "51" <= digits[:2] <= "55" or "2221" <= digits[:4] <= "2720", frozenset({16})),
    (lambda digits: digits[:2] in {"34", "37"}, frozenset({15})),
    (lambda digits: digits[:2] in {"62", "81"}, frozenset(range(16, 20))),
    (lambda digits: "2200" <= digits[:4] <= "2204", frozenset({16})),
)
"""How long the numbers of some issuers are: Visa, Mastercard, American Express, UnionPay, Mir."""


def _is_card(digits: str) -> bool:
    """Whether the check digit is right, and the length that of the issuer."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    if sum(value - 9 if value > 9 else value for value in doubled) % 10:
        return False
    return next((len(digits) in lengths for is_of, lengths in _LENGTHS if is_of(digits)), True)


def found_entities(text: str, *, with_commands: bool = True) -> list[Json]:
    """The Bot API's ``MessageEntity`` objects of what is found, in order, none inside another; in UTF-16 units.

    Of two that meet, the one that begins first stays, or the longer one.
    """
    if _HINT.search(text) is None:
        return []
    found = [(begin, -end, kind) for kind, begin, end in _all(text) if with_commands or kind != "bot_command"]
    entities: list[Json] = []
    last = offset = 0
    for begin, negative_end, kind in sorted(found, key=lambda item: item[:2]):
        if begin >= last:
            offset += units_in(text[last:begin])
            length = units_in(text[begin:-negative_end])
            entities.append(entity(kind, offset, length))
            last = -negative_end
            offset += length
    return entities


def _all(text: str) -> Iterator[tuple[str, int, int]]:
    for hint, kind, find in _FINDERS:
        if hint in text:
            for begin, end in find(text):
                yield kind, begin, end
    if _CARD_HINT.search(text) is not None:
        for begin, end in bank_card_numbers(text):
            yield "bank_card_number", begin, end
    if "." in text:
        for (begin, end), is_email in web_urls(text):
            yield "email" if is_email else "url", begin, end


_FINDERS: Final[tuple[tuple[str, str, Callable[[str], Iterator[Span]]], ...]] = (
    ("@", "mention", mentions),
    ("/", "bot_command", bot_commands),
    ("#", "hashtag", hashtags),
    ("$", "cashtag", cashtags),
    ("://", "url", tg_urls),
)
"""What must be in a text so that there is something to be found, which is looked for otherwise in vain."""
