"""Holds the kit's texts and entities against TDLib's own test cases.

``TDLIB=<checkout of tdlib/td> python -m tests.peers.tdlib_entities`` reads ``test/message_entities.cpp`` there, and
prints what is answered otherwise. Not read are cases that a loop of that file makes (ours are in
``tests/testing/text/``), and what bots cannot ask for: times of media and TDLib's own Markdown for people.
One case differs: a caption with nothing to see in it is kept for bots (``MessageEntity.cpp:4665``), there it is not.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from tgslices.testing.errors import ApiError
from tgslices.testing.text import finding, urls
from tgslices.testing.text.formatted import formatted
from tgslices.testing.text.html import parse_html
from tgslices.testing.text.markdown import parse_markdown
from tgslices.testing.text.spans import MarkupError, end_of, entity
from tgslices.testing.text.urls import Span
from tgslices.testing.wire.json_text import Json

_TOKEN: Final = re.compile(
    r'\s*(?:(?:u8)?"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|([A-Za-z_][\w:]*(?:<[\w:]*>)?)|(-?\d+)|(.))', re.DOTALL
)
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_SIMPLE: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_KINDS: Final = {
    "BlockQuote": "blockquote", "ExpandableBlockQuote": "expandable_blockquote", "Bold": "bold", "Italic": "italic",
    "Underline": "underline", "Strikethrough": "strikethrough", "Spoiler": "spoiler", "Code": "code", "Pre": "pre",
    "PreCode": "pre", "TextUrl": "text_link", "CustomEmoji": "custom_emoji", "FormattedDate": "date_time",
    "Mention": "mention", "Url": "url", "BotCommand": "bot_command", "Hashtag": "hashtag", "Cashtag": "cashtag",
}  # fmt: skip
_FORMS: Final = {0: None, 1: "r", 2: "t", 4: "T", 8: "d", 10: "dt", 16: "D", 20: "DT", 32: "w", 34: "wt", 62: "wdt"}


class _NotReadError(Exception):
    """A case is made of more than literals."""


class _Reader:
    """The arguments of one call, as far as they are literals: texts, numbers, names, lists, and calls as tuples."""

    def __init__(self, source: str, texts: dict[str, str]) -> None:
        self.tokens = [found for found in _TOKEN.finditer(source) if found[0].strip()]
        self.place = 0
        self.texts = texts

    def peek(self) -> str | None:
        return self.tokens[self.place][5] if self.place < len(self.tokens) else None

    def items(self, end: str) -> list[Any]:
        read = []
        while self.peek() != end:
            read.append(self.value())
            if self.peek() == ",":
                self.place += 1
        self.place += 1
        return read

    def value(self) -> Any:
        left = self.one()
        while self.peek() == "+" or (isinstance(left, str) and self.is_text()):
            if self.peek() == "+":
                self.place += 1
            left += self.one()
        return left

    def is_text(self) -> bool:
        return self.place < len(self.tokens) and self.tokens[self.place][1] is not None

    def one(self) -> Any:
        token = self.tokens[self.place]
        self.place += 1
        if token[1] is not None or token[2] is not None:
            return _text(token[1] if token[1] is not None else token[2])
        if token[4] is not None:
            return int(token[4])
        if token[5] == "{":
            return self.items("}")
        if token[3] is None:
            raise _NotReadError(token[0])
        if self.peek() in {"(", "{"}:
            opening = self.peek()
            self.place += 1
            return _called(token[3], self.items(")" if opening == "(" else "}"))
        names: dict[str, Any] = {"true": True, "false": False, **self.texts}
        return names.get(token[3], (token[3],))


def _text(literal: str) -> str:
    def one(found: re.Match[str]) -> str:
        name = found[1]
        return chr(int(name[1:], 16)) if name[0] in "xuU" else _SIMPLE.get(name, name)

    text = _ESCAPE.sub(one, literal)
    return text.encode("latin-1").decode() if "\\x" in literal else text


def _called(name: str, items: list[Any]) -> Any:
    if name == "td::string" and len(items) == 2 and isinstance(items[0], int):
        return items[1] * items[0]
    if name.startswith("static_cast"):
        return items[0]
    return (name, *items)


def calls(source: str) -> Iterable[tuple[str, list[Any] | None]]:
    """The checks of the file in order, with their arguments; None for those that cannot be read."""
    source = re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)
    source = re.sub(r"\);\s*//.*$", ");", source, flags=re.MULTILINE)
    for test in re.finditer(r"^TEST\(MessageEntities, (\w+)\) \{(.*?)^\}", source, re.MULTILINE | re.DOTALL):
        texts = dict(re.findall(r'td::string (\w+) =\s*"([^"\\]*)";', test[2]))
        for found in re.finditer(r"(check_\w+)\(((?:[^;\"']|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')*)\);", test[2]):
            reader = _Reader(found[2] + ")", texts)
            try:
                items = reader.items(")")
                yield found[1], None if isinstance(items[0], tuple) else items
            except (_NotReadError, TypeError, IndexError):
                yield found[1], None


def _entities(items: list[Any]) -> list[Json]:
    return [_entity(item) for item in items]


def _entity(item: list[Any]) -> Json:
    if isinstance(item[0], int):
        return entity("text_mention", item[0], item[1], user={"id": item[2][1], "is_bot": False, "first_name": "User"})
    kind, offset, length, *more = item
    name = kind[0].rpartition("::")[2]
    marked = entity(_KINDS[name], offset, length)
    if more:
        marked |= _more(name, more[0])
    return marked


def _more(name: str, value: Any) -> Json:
    match name:
        case "PreCode":
            return {"language": value}
        case "TextUrl":
            return {"url": value}
        case "CustomEmoji":
            return {"custom_emoji_id": str(value[1])}
        case "FormattedDate":
            form = _FORMS[value[2]]
            return {"unix_time": value[1]} | ({"date_time_format": form} if form else {})
    raise _NotReadError(name)


def _finder(find: Callable[[str], Iterable[Span]]) -> Callable[[list[Any]], tuple[Any, Any]]:
    def check(items: list[Any]) -> tuple[Any, Any]:
        text, expected = items
        return [text[begin:end] for begin, end in find(text)], expected

    return check


def _urls(items: list[Any]) -> tuple[Any, Any]:
    text, *expected = items
    found = [(text[begin:end], is_email) for (begin, end), is_email in urls.web_urls(text)]
    pairs = [url for url, is_email in found if not is_email], [url for url, is_email in found if is_email]
    return pairs, (expected[0], expected[1] if len(expected) > 1 else [])


def _parser(parse: Callable[[str], tuple[str, list[Json]]]) -> Callable[[list[Any]], tuple[Any, Any]]:
    def check(items: list[Any]) -> tuple[Any, Any]:
        text, *expected = items
        wanted = (expected[0], _entities(expected[1])) if len(expected) > 1 else expected[0]
        try:
            return parse(text), wanted
        except MarkupError as error:
            return str(error), wanted

    return check


def _formatted(items: list[Any]) -> tuple[Any, Any]:
    """Without its last argument a case is not trimmed; ours always is, so what is trimmed is left out of both."""
    text, given, *expected = items
    if not isinstance(expected[0], str):
        raise _NotReadError
    flags = [True, False, False, True]
    flags[: len(expected) - 2] = expected[2:]
    if flags[1] or flags[2]:
        raise _NotReadError
    wanted = (expected[0], _entities(expected[1]))
    if flags[3]:
        wanted = _trimmed(*wanted)
    try:
        return formatted(text, _entities(given), may_be_empty=flags[0]), wanted
    except ApiError as error:
        return str(error), wanted


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    length = len(text.rstrip(" \n"))
    kept = [{**item, "length": min(end_of(item), length) - item["offset"]} for item in entities]
    return formatted(text[:length], [item for item in kept if item["length"] > 0], may_be_empty=True)


_CHECKS: Final[dict[str, Callable[[list[Any]], tuple[Any, Any]]]] = {
    "check_mention": _finder(finding.mentions),
    "check_bot_command": _finder(finding.bot_commands),
    "check_hashtag": _finder(finding.hashtags),
    "check_cashtag": _finder(finding.cashtags),
    "check_bank_card_number": _finder(finding.bank_card_numbers),
    "check_tg_url": _finder(urls.tg_urls),
    "check_is_email_address": lambda items: (urls.is_email(items[0]), items[1]),
    "check_url": _urls,
    "check_parse_html": _parser(parse_html),
    "check_parse_markdown": _parser(parse_markdown),
    "check_fix_formatted_text": _formatted,
}


def main() -> int:
    """Run all that can be read; returns how many differ."""
    source = (Path(os.environ["TDLIB"]) / "test" / "message_entities.cpp").read_text(encoding="utf-8")
    same, different, unread = Counter[str](), Counter[str](), Counter[str]()
    for name, items in calls(source):
        if items is None or name not in _CHECKS:
            unread[name] += 1
            continue
        try:
            got, wanted = _CHECKS[name](items)
        except (_NotReadError, ValueError, TypeError, IndexError, KeyError):
            unread[name] += 1
            continue
        if got == wanted:
            same[name] += 1
        else:
            different[name] += 1
            print(f"{name} {items[0]!r}\n  wanted {wanted}\n  got    {got}")
    for name in sorted({*same, *different, *unread}):
        print(f"{name}: {same[name]} as there, {different[name]} otherwise, {unread[name]} not read")
    return different.total()


if __name__ == "__main__":
    sys.exit(min(main(), 100))
