"""How the server reads message identifiers."""

from __future__ import annotations

import re
from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.wire.json_text import read_json

MAX_MESSAGE_IDS: Final = 100
"""How many identifiers one call may name.

Source: https://core.telegram.org/bots/api#deletemessages and tdlib/telegram-bot-api ``Client.cpp:13813``
"""

_DIGITS: Final = re.compile("-?[0-9]{1,30}")

MAX_INT32: Final = 2**31 - 1
MAX_INT64: Final = 2**63 - 1


def integer(text: str) -> int:
    """Any identifier as the server reads it: 0 for anything that is no number of 64 bits."""
    value = _leading(text)
    return value if -MAX_INT64 <= value <= MAX_INT64 else 0


def message_id(text: str) -> int:
    """One identifier as the server reads it: 0 for anything missing, negative or unparsable.

    Source: tdlib/telegram-bot-api ``Client.cpp:12390``, ``get_message_id``.
    """
    value = _leading(text)
    return value if 0 < value <= MAX_INT32 else 0


def _leading(text: str) -> int:
    """The digits in front, so that a fraction is cut off; 0 if there are none.

    Source: tdlib/td ``tdutils/td/utils/misc.h:157``, ``to_integer``
    """
    found = _DIGITS.match(text)
    return 0 if found is None else int(found[0])


def message_ids(text: str, *, limit: int = MAX_MESSAGE_IDS, field: str = "message_ids") -> list[int]:
    """A list of identifiers in the caller's order, duplicates kept; may be empty.

    Raises:
        ApiError: one bad identifier, or too many of them, refuse all.

    Source: tdlib/telegram-bot-api ``Client.cpp:12403-12441``, ``get_message_ids``.
    """
    if not text:
        raise bad_request("Message identifiers are not specified")
    try:
        value = read_json(text)
    except ValueError:
        raise bad_request(f"Can't parse {field} JSON object") from None
    if not isinstance(value, list):
        raise bad_request("Expected an Array of message identifiers")
    if len(value) > limit:
        raise bad_request("Too many message identifiers specified")
    return [_checked_id(item) for item in value]


def _checked_id(item: object) -> int:
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        raise bad_request("Message identifier must be a Number")
    try:
        number = int(item) if isinstance(item, str | int) else int(str(item))
    except ValueError:
        number = MAX_INT32 + 1
    if not -MAX_INT32 - 1 <= number <= MAX_INT32:
        raise bad_request("Can't parse message identifier as a Number")
    if number <= 0:
        raise bad_request("Invalid message identifier specified")
    return number
