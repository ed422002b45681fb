"""Errors that the server answers instead of a result, in Telegram's own words.

The texts are those of ``fail_query_with_error``: the class of the error, a colon, and the cause. The cause begins with
a small letter, unless it is one of the server's upper-case codes.
Source: tdlib/telegram-bot-api ``Client.cpp:71-205`` at 01a3679.
"""

from __future__ import annotations

from typing import Any, Final

_PREFIXES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class ApiError(Exception):
    """The error that a Bot API call is answered with.

    ``code`` is also the HTTP status; ``parameters`` are Telegram's ``ResponseParameters``, empty for most errors.
    Source: https://core.telegram.org/bots/api#making-requests
    """

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(code, description, parameters)
        self.code = code
        self.description = description
        self.parameters = parameters or {}

    def __str__(self) -> str:
        return f"{self.code} {self.description}"

    def payload(self) -> dict[str, Any]:
        """The JSON object that the client gets."""
        data: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            data["parameters"] = self.parameters
        return data


def check(refusal: ApiError | None) -> None:
    """Raise a refusal, if there is one.

    Raises:
        ApiError: the refusal.
    """
    if refusal is not None:
        raise refusal


def described(code: int, cause: str) -> str:
    """The text that the server makes of a cause; the bare class of the error for an empty one."""
    prefix = _PREFIXES.get(code, "Bad Request")
    if not cause:
        return prefix
    if cause.startswith(prefix):
        return cause
    is_server_code = len(cause) > 1 and (cause[1] == "_" or "A" <= cause[1] <= "Z")
    return f"{prefix}: {cause if is_server_code else cause[0].lower() + cause[1:]}"


def bad_request(cause: str) -> ApiError:
    """An error 400 with this cause."""
    return ApiError(400, described(400, cause))


def not_encoded() -> ApiError:
    """An error 400 for bytes that are no text. Source: tdlib/td ``Requests.cpp:1989``."""
    return bad_request("Strings must be encoded in UTF-8")


def forbidden(cause: str) -> ApiError:
    """An error 403 with this cause."""
    return ApiError(403, described(403, cause))


def not_found(cause: str) -> ApiError:
    """An error 404 with this cause."""
    return ApiError(404, described(404, cause))


def conflict(cause: str) -> ApiError:
    """An error 409 with this cause."""
    return ApiError(409, described(409, cause))


def unauthorized(cause: str = "") -> ApiError:
    """An error 401 for a token that no bot has. A well-formed token gets the bare word."""
    return ApiError(401, described(401, cause))


def too_many_requests(retry_after: int) -> ApiError:
    """An error 429; ``retry_after`` is in whole seconds, from 1 on, as in Telegram's JSON.

    Raises:
        ValueError: ``retry_after`` is no such number.

    Source: tdlib/telegram-bot-api ``Query.cpp``, ``set_retry_after_error``.
    """
    if type(retry_after) is not int or retry_after < 1:
        raise ValueError(f"retry_after must be a whole number of seconds from 1 on, not {retry_after!r}")
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def migrated(chat_id: int) -> ApiError:
    """An error 400 that names the supergroup which a basic group has become.

    Source: tdlib/telegram-bot-api ``Client.cpp:8149-8156``.
    """
    return ApiError(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": chat_id},
    )
