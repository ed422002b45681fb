"""Marked-up text, with the server's own errors. Source: tdlib/td MessageEntity.cpp."""

import pytest

from tgslices.testing import ApiError
from tgslices.testing.text import parse_markup

UNMATCHED = "check for unmatched surrogate code units"

Marks = list[tuple[str, int, int]]


def marks(text: str, mode: str) -> tuple[str, Marks]:
    plain, entities = parse_markup(text, mode)
    return plain, [(item["type"], item["offset"], item["length"]) for item in entities]


@pytest.mark.parametrize(
    ("text", "plain", "expected"),
    [
        ("plain", "plain", []),
        ("a <b>bold</b> <I>one</I>", "a bold one", [("bold", 2, 4), ("italic", 7, 3)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("😀<u>x</u>", "😀x", [("underline", 2, 1)]),
        ("1 &lt; 2 &amp; &quot;&#65;&#x42;&nbsp;", '1 < 2 & "AB&nbsp;', []),
        ("<s>a</s><del>b</del>", "ab", [("strikethrough", 0, 1), ("strikethrough", 1, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ('<a href="https://example.org/?a=1&amp;b=2">link</a>', "link", [("text_link", 0, 4)]),
        ('<a href="tg://user?id=42">Ann</a>', "Ann", [("text_mention", 0, 3)]),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<code>x</code>", "x", [("code", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ("<blockquote>x</blockquote>", "x", [("blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="5">😀</tg-emoji>', "😀", [("custom_emoji", 0, 2)]),
        ("<b></b>x", "x", []),
        ("<b >x</b >", "x", [("bold", 0, 1)]),
        ('<tg-time unix="1647531900" format="wDT">x</tg-time>', "x", [("date_time", 0, 1)]),
        ("<tg-time>x</tg-time>", "x", []),
        ("&#12345678;&lt x&#x;", "&#12345678;< x&#x;", []),
        ("<a href=example.com>x</a><a>no link</a>", "xno link", [("text_link", 0, 1)]),
    ],
)
def test_html(text: str, plain: str, expected: Marks) -> None:
    assert marks(text, "HTML") == (plain, expected)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("é<x>", 'Unsupported start tag "x" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
        ('<tg-time unix="1" format="rt">x</tg-time>', "Invalid date format used"),
        ("<b a=x,>", "Unexpected end of name token at byte offset 5"),
        ("<b a=", 'Unclosed start tag "b" at byte offset 0'),
        (
            "&#xDFDF;",
            f"Text contains invalid Unicode characters after decoding HTML entities, {UNMATCHED}",
        ),
        ("<a =x>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
    ],
)
def test_malformed_html(text: str, error: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_markup(text, "html")
    assert caught.value.description == f"Bad Request: can't parse entities: {error}"


@pytest.mark.parametrize(
    ("text", "plain", "expected"),
    [
        ("a *b* _c_ __d__ ~e~ ||f||", "a b c d e f", [
            ("bold", 2, 1), ("italic", 4, 1), ("underline", 6, 1), ("strikethrough", 8, 1), ("spoiler", 10, 1)]),
        (r"1\.5 \* 2", "1.5 * 2", []),
        ("*a _b_*", "a b", [("bold", 0, 3), ("italic", 2, 1)]),
        ("[x](https://example.org/a\\)b)", "x", [("text_link", 0, 1)]),
        ("![x](tg://emoji?id=5)", "x", [("custom_emoji", 0, 1)]),
        ("`a.b` ```python\nx.y```", "a.b x.y", [("code", 0, 3), ("pre", 4, 3)]),
        (">a\n>b\nc", "a\nb\nc", [("blockquote", 0, 4)]),
        (">a", "a", [("blockquote", 0, 1)]),
        (">a||", "a", [("expandable_blockquote", 0, 1)]),
        (">a\r\n>b||c||d||\r\n", "a\r\nbcd\r\n", [("expandable_blockquote", 0, 8), ("spoiler", 4, 1)]),
        ("![x](TG://TIME?unix=5&format=r)", "x", [("date_time", 0, 1)]),
        ("[Ann](tg://user?id=42)", "Ann", [("text_mention", 0, 3)]),
    ],
)  # fmt: skip
def test_markdown(text: str, plain: str, expected: Marks) -> None:
    assert marks(text, "MarkdownV2") == (plain, expected)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a.b", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a|b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
        ("é*b", "Can't find end of Bold entity at byte offset 2"),
        ("[a](b", "Can't find end of a URL at byte offset 4"),
        ("![a]", "The entity must contain a tg://emoji or tg://time URL"),
        ("![a](b)", "Invalid tg://emoji or tg://time URL specified"),
        (">*a\nb*", "Can't find end of Bold entity at byte offset 1"),
    ],
)
def test_malformed_markdown(text: str, error: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_markup(text, "MarkdownV2")
    assert caught.value.description == f"Bad Request: can't parse entities: {error}"


@pytest.mark.parametrize(
    ("text", "plain", "expected"),
    [
        ("a *b* _c_ `d` \\*", "a b c d *", [("bold", 2, 1), ("italic", 4, 1), ("code", 6, 1)]),
        ("[x](https://example.org) [y]", "x y", [("text_link", 0, 1)]),
        ("```python\nx```", "x", [("pre", 0, 1)]),
    ],
)
def test_legacy_markdown(text: str, plain: str, expected: Marks) -> None:
    assert marks(text, "Markdown") == (plain, expected)


def test_malformed_legacy_markdown_and_unknown_modes() -> None:
    with pytest.raises(ApiError) as caught:
        parse_markup("a_b", "markdown")
    assert caught.value.description == (
        "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 1"
    )
    with pytest.raises(ApiError) as caught:
        parse_markup("a", "BBCode")
    assert caught.value.description == "Bad Request: unsupported parse_mode"
    assert parse_markup("<b>", "") == ("<b>", [])
