"""Links and e-mail addresses that stand in a text as they are.

Source: tdlib/td ``MessageEntity.cpp:636-941, 997-1345, 1391-1406``, ``find_urls`` and ``find_tg_urls``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tgslices.testing.text.characters import NO_LINK, is_word
from tgslices.testing.text.domains import TOP_LEVEL_DOMAINS

Span = tuple[int, int]
"""Where something stands in a text: its first character, and the one behind its last."""

_OPENED_BY: Final = {")": "(", "]": "[", "}": "{"}
_BAD_END: Final = ".:;,('?!`"
_TAIL: Final = re.compile(rf'[/?#][^\n<>"«»{NO_LINK}]*')
_TG: Final = re.compile(r"(?:tg|ton|(?<=tons)ite)://[a-z0-9_-]{1,253}", re.IGNORECASE)
_HOST: Final = re.compile(rf"[A-Za-z0-9._~-]|[^\x00-\xbf{NO_LINK}]")
_HOST_OR_AT: Final = re.compile(rf"(?:[A-Za-z0-9._~@-]|[^\x00-\xbf{NO_LINK}])*")
_USER: Final = re.compile(rf"[^\n/\[\]{{}}()'`<>\"@«»{NO_LINK}]")
_PROTOCOL: Final = re.compile(rf"[A-Za-z0-9+-]|[^\x00-\x7f{NO_LINK}]")
_PORT: Final = re.compile(r":0*([1-9][0-9]{0,4})(?![0-9])")
_SCHEMES: Final = (
    ("http", frozenset({"shttp"})),
    ("https", frozenset[str]()),
    ("ftp", frozenset({"tftp", "sftp"})),
    ("tonsite", frozenset[str]()),
)
_WITH_SCHEME: Final = re.compile(r"(?:https?|ftp|tonsite)://", re.IGNORECASE)
_MAX_PORT: Final = 65_535
_EMAIL: Final = re.compile(
    r"(?:[a-z0-9_-]{0,26}[.+]){0,10}[a-z0-9_-]{1,35}"
    r"@(?:[a-z0-9](?:[a-z0-9_-]{0,28}[a-z0-9])?\.){1,6}[a-z]{2,8}",
    re.IGNORECASE | re.ASCII,
)
_MAX_LABEL: Final = 63
"""Bytes of one part of a host."""


def is_email(text: str) -> bool:
    """Whether all of it is an e-mail address. Source: ``MessageEntity.cpp:997-1059``."""
    return _EMAIL.fullmatch(text) is not None


def tg_urls(text: str) -> Iterator[Span]:
    """Links of Telegram's own schemes, in order."""
    for found in _TG.finditer(text):
        end = found.end()
        tail = _tail(text, end)
        yield found.start(), end if tail is None else tail


def _tail(text: str, begin: int) -> int | None:
    """Where path, query and fragment end that begin here; None for none. A question mark alone is none."""
    found = _TAIL.match(text, begin)
    if found is None:
        return None
    end = found.end()
    while end > begin + 1 and text[end - 1] in _BAD_END:
        end -= 1
    return end if text[begin] == "/" or end > begin + 1 else None


def web_urls(text: str) -> Iterator[tuple[Span, bool]]:
    """Links to the web, and e-mail addresses, which are marked by True; in order."""
    for begin, end in _candidates(text):
        found = text[begin:end]
        if is_email(found):
            yield (begin, end), True
        elif found.startswith("mailto:") and is_email(found[7:]):
            yield (begin + 7, end), True
        elif length := _link_length(found):
            yield (begin, begin + length), False


def _candidates(text: str) -> Iterator[Span]:
    """What looks like a link: each has a dot inside."""
    start = 0
    while 0 <= (dot := text.find(".", start)) < len(text) - 1:
        if text[dot + 1] == " ":
            start = dot + 2
            continue
        begin, end, is_good = _around(text, start, dot)
        if is_good:
            if end > dot + 1:
                yield begin, end
            while end < len(text) and text[end] == ".":
                end += 1
        else:
            while text[end - 1] != ".":
                end -= 1
        start = max(end, dot + 1)


def _around(text: str, start: int, dot: int) -> tuple[int, int, bool]:
    """The link around a dot, no earlier than ``start``; whether it is good is judged by what stands before it."""
    begin = _back(text, start, dot, _HOST)
    end = _forward(text, dot)
    has_at = "@" in text[dot:end]
    if has_at:
        begin = _back(text, start, begin, _USER)
    port = _PORT.match(text, end)
    if port is not None and int(port[1]) <= _MAX_PORT:
        end = port.end()
    end = _tail(text, end) or end
    while end > dot + 1 and text[end - 1] == ".":
        end -= 1
    is_good = True
    if begin > start and text[begin - 1] == "@":
        user = _back(text, start, begin - 1, _USER)
        is_good = not has_at and user < begin - 1
        begin = user
    scheme = _scheme_length(text, start, begin)
    return (begin, end, False) if scheme is None else (begin - scheme, end, is_good)


def _back(text: str, start: int, position: int, allowed: re.Pattern[str]) -> int:
    while position > start and allowed.match(text[position - 1]):
        position -= 1
    return position


def _forward(text: str, position: int) -> int:
    found = _HOST_OR_AT.match(text, position)
    return position if found is None else found.end()


def _scheme_length(text: str, start: int, begin: int) -> int | None:
    """How long the scheme before a link is; 0 for none, None if no link can stand behind what is there."""
    if begin == start:
        return 0
    if text.endswith("://", start, begin) and begin - start > len("://"):
        protocol = text[_back(text, start, begin - 3, _PROTOCOL) : begin - 3].lower()
        fitting = (name for name, others in _SCHEMES if protocol.endswith(name) and protocol not in others)
        found = next(fitting, None)
        return None if found is None else len(found) + 3
    before = text[begin - 1]
    return None if is_word(before) or before in "/#@" else 0


def _link_length(url: str) -> int:
    """How much of it is a link; 0 if its host is none. Source: ``MessageEntity.cpp:1200-1345``, ``fix_url``."""
    scheme = _WITH_SCHEME.match(url)
    rest = url[scheme.end() :] if scheme is not None else url
    host_end = next((place for place, character in enumerate(rest) if character in "/?#"), len(rest))
    host, path = rest[:host_end], rest[host_end:]
    host = host[host.find("@") + 1 :]
    host = host[: host.rfind(":")] if ":" in host else host
    if host.lower() == "teiegram.org" or not _is_host(host, has_scheme=scheme is not None):
        return 0
    return len(url) - len(path) + _balanced(path)


def _balanced(path: str) -> int:
    """How long a path is up to the first bracket that was never opened."""
    depth = dict.fromkeys("([{", 0)
    end = len(path)
    for place, character in enumerate(path):
        if character in depth:
            depth[character] += 1
        elif character in _OPENED_BY:
            depth[_OPENED_BY[character]] -= 1
            if depth[_OPENED_BY[character]] < 0:
                end = place
                break
    return len(path[:end].rstrip(_BAD_END))


def _is_host(host: str, *, has_scheme: bool) -> bool:
    labels = host.split(".")
    if len(labels) == 1:
        return False
    if any(not label or label[-1] == "-" or len(label.encode()) > _MAX_LABEL for label in labels):
        return False
    if len(labels) == 4 and all(map(_is_byte, labels)):
        return True
    if re.fullmatch(r"[0-9.]*", host) or "_" in labels[-2]:
        return False
    return _is_ending(labels[-1], has_scheme=has_scheme)


def _is_byte(label: str) -> bool:
    return re.fullmatch(r"0|[1-9][0-9]{0,2}", label) is not None and int(label) <= 255


def _is_ending(label: str, *, has_scheme: bool) -> bool:
    """Whether a host may end so; without a scheme only as those do that there are."""
    if len(label) <= 1:
        return False
    if label.startswith("xn--"):
        return re.fullmatch(r"xn--[A-Za-z0-9]{2,}", label) is not None
    if "_" in label or "-" in label:
        return False
    return has_scheme or _is_known(label)


def _is_known(label: str) -> bool:
    small = "".join(character.lower()[:1] for character in label)
    is_start_of_sentence = small != label and small[1:] == label[1:]
    return not is_start_of_sentence and small in TOP_LEVEL_DOMAINS
