"""Sending contacts.

Source: https://core.telegram.org/bots/api#sendcontact
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.wire.json_text import Json


def send_contact(call: Call) -> Json:
    """Send a name with a telephone number."""
    if not call.arguments.text("phone_number"):
        raise bad_request("Phone number must be non-empty")
    if not call.arguments.text("first_name"):
        raise bad_request("First name must be non-empty")
    fields = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: call.arguments.text(name) for name in fields if call.arguments.text(name)}
    return send(call, "contact", {"contact": contact})


METHODS: Final[dict[str, Method]] = {
    "sendContact": send_contact,
}
