"""A Bot API emulator for tests: bots talk to it over HTTP with aiogram's ordinary client, nothing is mocked.

It keeps chats, members, messages and a clock that can be moved, applies the server's own rules, and goes wrong on
demand.
"""

from tgslices.testing.calls import ApiRequest
from tgslices.testing.entities import BotAccount, BusinessConnection, Chat, Member, StoredMessage, Tap, User
from tgslices.testing.errors import ApiError
from tgslices.testing.faults import Drop, Failure, Fault, Flood, Slow
from tgslices.testing.person import Person
from tgslices.testing.server import BotApi
from tgslices.testing.view import ChatView, VisibleMessage

__all__ = (
    "ApiError",
    "ApiRequest",
    "BotAccount",
    "BotApi",
    "BusinessConnection",
    "Chat",
    "ChatView",
    "Drop",
    "Failure",
    "Fault",
    "Flood",
    "Member",
    "Person",
    "Slow",
    "StoredMessage",
    "Tap",
    "User",
    "VisibleMessage",
)
