from __future__ import annotations

from typing import Any

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteMessages

from tests.deletion.records import PERSON, SUPERGROUP
from tgslices.deletion.answers import Answer, classify
from tgslices.deletion.routes import Route

METHOD: Any = DeleteMessages(chat_id=PERSON, message_ids=[1])


def bad(text: str) -> TelegramBadRequest:
    return TelegramBadRequest(METHOD, f"Bad Request: {text}")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (bad("message can't be deleted"), Answer.REFUSED),
        (bad("message can't be deleted for everyone"), Answer.REFUSED),
        (bad("MESSAGE_DELETE_FORBIDDEN"), Answer.REFUSED),
        (bad("MESSAGE_ID_INVALID"), Answer.REFUSED),
        (bad("invalid message identifier specified"), Answer.REFUSED),
        (bad("chat not found"), Answer.UNREACHABLE),
        (bad("chat_id is empty"), Answer.UNREACHABLE),
        (bad("private chat not found"), Answer.UNREACHABLE),
        (bad("group chat was upgraded to a supergroup chat"), Answer.CHAT_GONE),
        (TelegramForbiddenError(METHOD, "Forbidden: the group chat was deleted"), Answer.CHAT_GONE),
        (bad("something that nobody has heard of"), Answer.UNREACHABLE),
        (TelegramForbiddenError(METHOD, "Forbidden: bot was kicked from the supergroup chat"), Answer.UNREACHABLE),
        (TelegramForbiddenError(METHOD, "Forbidden: user is deactivated"), Answer.CHAT_GONE),
        (TelegramMigrateToChat(METHOD, "Bad Request: group chat was upgraded", SUPERGROUP), Answer.CHAT_GONE),
        (TelegramRetryAfter(METHOD, "Too Many Requests: retry after 3", 3), Answer.FLOOD),
        (TelegramServerError(METHOD, "Bad Gateway"), Answer.FAULT),
        (TelegramNetworkError(METHOD, "Request timeout error"), Answer.FAULT),
        (TelegramConflictError(METHOD, "Conflict"), Answer.FAULT),
        (TelegramAPIError(METHOD, "I'm a teapot"), Answer.FAULT),
        (ClientDecodeError("Failed to decode object", ValueError(), "<html>"), Answer.FAULT),
        (ConnectionResetError(), Answer.FAULT),
        (TelegramNotFound(METHOD, "Not Found: method not found"), Answer.NO_METHOD),
        (TelegramNotFound(METHOD, "Not Found"), Answer.NO_METHOD),
    ],
)
def test_an_error_of_a_batch_says_what_it_means_for_its_messages(error: Exception, answer: Answer) -> None:
    assert classify(error, Route.ORDINARY) is answer


@pytest.mark.parametrize("text", ["message to delete not found", "message identifier is not specified"])
def test_a_single_message_that_is_gone_counts_as_accepted(text: str) -> None:
    assert classify(bad(text), Route.ORDINARY, singly=True) is Answer.ACCEPTED
    assert classify(bad(text), Route.ORDINARY) is not Answer.ACCEPTED


def test_no_server_lacks_the_deletion_of_one_message() -> None:
    assert classify(TelegramNotFound(METHOD, "Not Found"), Route.ORDINARY, singly=True) is Answer.FAULT


@pytest.mark.parametrize("route", [Route.BUSINESS, Route.EPHEMERAL])
def test_other_routes_know_a_missing_method_by_its_text(route: Route) -> None:
    assert classify(TelegramNotFound(METHOD, "Not Found: method not found"), route) is Answer.NO_METHOD
    assert classify(TelegramNotFound(METHOD, "Not Found"), route) is Answer.FAULT


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("business connection not found", Answer.UNREACHABLE),
        ("BUSINESS_CONNECTION_INVALID", Answer.UNREACHABLE),
        ("BOT_ACCESS_FORBIDDEN", Answer.REFUSED),
    ],
)
def test_business_errors(text: str, answer: Answer) -> None:
    assert classify(bad(text), Route.BUSINESS) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("message not found", Answer.ACCEPTED),
        ("message can't be deleted", Answer.REFUSED),
        ("something that nobody has heard of", Answer.REFUSED),
        ("chat not found", Answer.UNREACHABLE),
        ("BOT_NOT_ADMIN", Answer.UNREACHABLE),
        ("USER_ID_INVALID", Answer.REFUSED),
        ("PEER_ID_INVALID", Answer.REFUSED),
    ],
)
def test_an_unknown_error_of_an_ephemeral_message_concerns_that_message_alone(text: str, answer: Answer) -> None:
    assert classify(bad(text), Route.EPHEMERAL) is answer


def test_a_receiver_who_is_gone_does_not_shut_the_group() -> None:
    gone = TelegramForbiddenError(METHOD, "Forbidden: user is deactivated")
    assert classify(gone, Route.EPHEMERAL) is Answer.REFUSED
    kicked = TelegramForbiddenError(METHOD, "Forbidden: bot was kicked from the group chat")
    assert classify(kicked, Route.EPHEMERAL) is Answer.UNREACHABLE


@pytest.mark.parametrize(
    "error", [TelegramUnauthorizedError(METHOD, "Unauthorized"), RuntimeError("Session is closed")]
)
def test_an_error_that_says_nothing_about_messages_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        classify(error, Route.ORDINARY)
    assert raised.value is error
