"""A Bot API emulator for tests: bots talk to it over HTTP with aiogram's ordinary client, nothing is mocked.

It keeps chats, members, messages and a clock that can be moved, applies the server's own rules, and goes wrong on
demand.
"""

from tgslices.testing.errors import ApiError
from tgslices.testing.faults import Drop, Failure, Fault, Faults, Flood, Partial, Pretend, Slow
from tgslices.testing.http.call_log import ApiRequest, CallLog
from tgslices.testing.people.allowed import NotAllowed
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.people.person import Person
from tgslices.testing.people.seeing import VisibleMessage
from tgslices.testing.running import Run, running
from tgslices.testing.server import BotApi
from tgslices.testing.state.accounts import BotAccount, BusinessConnection, Member, User
from tgslices.testing.state.chats import Chat, StoredMessage, Topic
from tgslices.testing.state.clock import Clock
from tgslices.testing.state.inquiries import Inquiry
from tgslices.testing.state.taps import Tap

__all__ = (  # noqa: RUF022  # in tiers, as a reader needs them
    # the emulator, and a bot that runs against it
    "BotApi",
    "Run",
    "running",
    # people
    "ChatView",
    "NotAllowed",
    "Person",
    "VisibleMessage",
    # faults
    "ApiError",
    "Drop",
    "Failure",
    "Fault",
    "Faults",
    "Flood",
    "Partial",
    "Pretend",
    "Slow",
    # values
    "ApiRequest",
    "BotAccount",
    "BusinessConnection",
    "CallLog",
    "Chat",
    "Clock",
    "Inquiry",
    "Member",
    "StoredMessage",
    "Tap",
    "Topic",
    "User",
)
