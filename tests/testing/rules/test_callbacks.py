"""How long a tap can be answered, and with how much."""

from datetime import timedelta

import pytest

from tgslices.testing.rules.callbacks import ANSWER_WINDOW, answer_refusal, url_refusal


@pytest.mark.parametrize("age", [timedelta(0), ANSWER_WINDOW])
def test_a_fresh_tap_can_be_answered(age: timedelta) -> None:
    assert answer_refusal(age, "x" * 200) is None


@pytest.mark.parametrize("age", [None, ANSWER_WINDOW + timedelta(seconds=1)])
def test_an_old_or_unknown_one_cannot(age: timedelta | None) -> None:
    error = answer_refusal(age, "")
    assert error is not None
    assert error.description == ("Bad Request: query is too old and response timeout expired or query ID is invalid")


def test_an_answer_is_short() -> None:
    error = answer_refusal(timedelta(0), "x" * 201)
    assert error is not None
    assert error.description == "Bad Request: MESSAGE_TOO_LONG"


@pytest.mark.parametrize(
    "url", ["", "https://t.me/order_bot?start=x", "t.me/order_bot", "tg://resolve?domain=order_bot"]
)
def test_an_answer_may_lead_to_telegram(url: str) -> None:
    assert url_refusal(url, is_game=False) is None


def test_only_games_lead_elsewhere() -> None:
    """https://core.telegram.org/bots/api#answercallbackquery (``url``)"""
    error = url_refusal("https://example.org", is_game=False)
    assert error is not None
    assert error.description == "Bad Request: URL_INVALID"
    assert url_refusal("https://example.org", is_game=True) is None
