"""What Telegram finds in a text that a person typed: links, addresses, mentions, tags and commands.

Source: https://core.telegram.org/bots/api#messageentity and tdlib/td ``MessageEntity.cpp``, ``find_entities``. Simpler
than that in one respect: a host without a scheme is a link only with one of the `BARE_ENDINGS`.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Any, Final

from tgslices.testing.text.units import units_in

BARE_ENDINGS: Final = (
    "app", "biz", "club", "com", "de", "dev", "eu", "fr", "gg", "in", "info", "io", "ly", "me", "net", "online",
    "org", "pro", "ru", "shop", "site", "su", "tk", "tv", "ua", "uk", "us", "xyz",
)  # fmt: skip
"""Top-level domains of hosts that are links without a scheme, as far as this kit knows them."""

_PLAIN: Final = r"[\w-]+(?:\.[\w-]+)*"
_BARE: Final = rf"(?<![\w.@/-]){_PLAIN}\.(?:{'|'.join(BARE_ENDINGS)})(?![\w-])(?::\d+)?(?:[/?#]\S*)?"
_PATTERNS: Final = (
    ("email", re.compile(r"(?<![\w.+-])[A-Za-z0-9_][A-Za-z0-9_.+-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?!\w)")),
    ("url", re.compile(rf"(?<!\w)(?:https?|ftp|tg)://[^\s<>]+|{_BARE}", re.IGNORECASE)),
    ("bot_command", re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?")),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z0-9_]{3,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d_])\w{1,256}(?![\w#])")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])")),
)
"""What is found earlier keeps its place: a hashtag inside a link is none."""

_TRAILING: Final = ".,:;!?'\")]}"


def typed_entities(text: str) -> list[dict[str, Any]]:
    """The Bot API's ``MessageEntity`` objects of a typed text, in its order, none inside another; in UTF-16 units."""
    found: list[tuple[int, int, str]] = []
    for kind, match in chain.from_iterable(((kind, m) for m in pattern.finditer(text)) for kind, pattern in _PATTERNS):
        whole = match[0].rstrip(_TRAILING) if kind == "url" else match[0]
        start, end = match.start(), match.start() + len(whole)
        if all(end <= other_start or other_end <= start for other_start, other_end, _ in found):
            found.append((start, end, kind))
    return [
        {"type": kind, "offset": units_in(text[:start]), "length": units_in(text[start:end])}
        for start, end, kind in sorted(found)
    ]
