from __future__ import annotations

from typing import Any

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import GetChat

from tgslices.error_texts.without_secrets import described, without_secrets, words_of
from tgslices.errors import ConfigurationError

TOKEN = "123456789:AAF-dGhpc19pc19ub3RfYV90b2tlbl9hdF9hbGw"
SECRET = TOKEN.partition(":")[2]
METHOD: Any = GetChat(chat_id=1)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TelegramBadRequest(METHOD, "Bad Request: chat not found"), "TelegramBadRequest: Bad Request: chat not found"),
        (
            TelegramRetryAfter(METHOD, "Too Many Requests: retry after 3", 3),
            "TelegramRetryAfter: Too Many Requests: retry after 3",
        ),
        (TelegramNetworkError(METHOD, f"TooManyRedirects: http://x/bot{TOKEN}/getChat"), "TelegramNetworkError"),
        (
            caused(TelegramNetworkError(METHOD, f"InvalidURL: http://x/bot{TOKEN}/getMe"), ValueError(TOKEN)),
            "TelegramNetworkError (ValueError)",
        ),
        (
            caused(ClientDecodeError("Failed to decode object", ValueError(), f"<p>{TOKEN}</p>"), ValueError()),
            "ClientDecodeError (ValueError)",
        ),
        (ConfigurationError(f"{TOKEN} is wrong.", "Pass a bot."), "ConfigurationError: [token] is wrong. Pass a bot."),
        (OSError(f"no route to http://x/bot{TOKEN}/getMe"), "OSError"),
    ],
)
def test_an_error_is_told_without_what_may_hold_a_token(error: Exception, text: str) -> None:
    assert described(error) == text
    assert SECRET not in described(error)


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"POST https://api.telegram.org/bot{TOKEN}/sendMessage",
        f"upstream 'GET /bot{TOKEN.replace(':', '%3A')}/getMe' failed",
        f"upstream 'GET /bot{TOKEN.replace(':', '%3a')}/getMe' failed",
        f"http://127.0.0.1:8081/file/bot{TOKEN}/photos/1.jpg",
    ],
)
def test_no_token_is_left_in_a_text(text: str) -> None:
    assert SECRET not in without_secrets(text)
    assert "[token]" in without_secrets(text)


def test_a_short_token_of_a_test_is_found_in_a_url() -> None:
    assert without_secrets("http://localhost:1234/bot42:secret/getMe") == "http://localhost:1234/bot[token]/getMe"


def test_a_page_becomes_one_short_line() -> None:
    page = without_secrets("<html>\n" + "<p>Bad Gateway</p>\n" * 100)
    assert page.startswith("<html> <p>Bad Gateway</p> <p>")
    assert (len(page), page[-1]) == (300, "…")


def test_times_and_addresses_stay_as_they_are() -> None:
    assert (
        without_secrets("at 18:45:02 on [::1]:8443 or 127.0.0.1:5432") == "at 18:45:02 on [::1]:8443 or 127.0.0.1:5432"
    )


def test_the_words_of_telegram_come_without_those_of_aiogram() -> None:
    text = "Bad Request: group chat was upgraded to a supergroup chat"
    assert words_of(TelegramMigrateToChat(METHOD, text, -1001)) == text
