"""Links as the server takes them. Source: tdlib/td ``LinkManager.cpp`` and ``HttpUrl.cpp``."""

from __future__ import annotations

from typing import Any

import pytest

from tgslices.testing.text.links import LinkError, date_fields, date_of, emoji_of, full_link, user_of


@pytest.mark.parametrize(
    ("link", "full"),
    [
        ("example.com", "http://example.com/"),
        ("HTTPS://User@Example.COM:0443/A b", "https://User@example.com:443/A%20b"),
        ("example.com?q", "http://example.com/?q"),
        ("[::1]/x", "http://[::1]/x"),
        ("tg:resolve?domain=x", "tg://resolve?domain=x"),
        ("TG://resolve/?domain=x", "tg://resolve?domain=x"),
        ("tonsite://a.b", "tonsite://a.b/"),
    ],
)
def test_a_link_is_written_out(link: str, full: str) -> None:
    assert full_link(link) == full


@pytest.mark.parametrize(
    ("link", "error"),
    [
        ("http://localhost:3000/", "Wrong HTTP URL"),
        ("profile", "Wrong HTTP URL"),
        ("ftp://example.com", "Unsupported URL protocol"),
        ("example.com:0", "Wrong port number specified in the URL"),
        ("example.com:70000", "Wrong port number specified in the URL"),
        ("http://", "URL host is empty"),
        ("exa mple.com", "Disallowed character in URL host"),
        ("a%2.com", "Wrong percent-encoded symbol in URL host"),
        ("[::x]", "Wrong IPv6 address specified in the URL"),
        ("tg://example.com", "Unallowed characters in URL host"),
        ("tg:http://example", "Wrong tg URL"),
        ("ton://u@a", "Wrong ton URL"),
    ],
)
def test_what_is_no_link_is_refused(link: str, error: str) -> None:
    with pytest.raises(LinkError) as caught:
        full_link(link)
    assert str(caught.value) == error


def test_only_secure_links_may_be_asked_for() -> None:
    assert full_link("https://example.com", https_only=True) == "https://example.com/"
    for link in ("http://example.com", "example.com", "tg:resolve"):
        with pytest.raises(LinkError, match="Only HTTPS links are allowed"):
            full_link(link, https_only=True)


@pytest.mark.parametrize(
    ("link", "number"),
    [("tg://user?id=42", 42), ("TG:USER/?x=1&id=42#y", 42), ("tg://user?id=042", 0), ("tg://users?id=42", 0)],
)
def test_users_in_links(link: str, number: int) -> None:
    assert user_of(link) == number


def test_emojis_in_links() -> None:
    assert emoji_of("tg://emoji?id=5") == 5
    assert emoji_of("tg://emoji?id=") == 0
    assert emoji_of("https://emoji?id=5") == 0


@pytest.mark.parametrize(
    ("form", "shown"), [("", None), ("R", "r"), ("Tt", "t"), ("TDW", "wDT"), ("dD", "d"), ("W", "w")]
)
def test_forms_of_dates(form: str, shown: str | None) -> None:
    expected: dict[str, Any] = {"unix_time": 7} | ({"date_time_format": shown} if shown else {})
    assert date_fields(7, form) == expected
    assert date_of(f"tg://time?unix=7&format={form}") == expected


def test_unknown_forms_of_dates_are_refused() -> None:
    assert date_fields(7, "rt") is None
    assert date_of("tg://time?unix=0") is None
