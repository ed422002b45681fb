"""Which expected notices are kept, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiogram.methods import BanChatMember

from tgslices.recording.notices import NOTICE_WINDOW, Notices
from tgslices.recording.progress import Progress

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BLOCK: Any = object()


def test_notices_that_never_come_are_given_up_although_nobody_asks_for_them() -> None:
    """A group may tell of no bans; while a session is open, no update asks whether any notice is awaited."""
    notices = Notices(Progress())
    for number in range(5000):
        ban = BanChatMember(chat_id=-1 - number, user_id=1)
        notices.expect(ban, BLOCK, NOW + number * SECOND, chat_id=-1 - number)
        assert len(notices.expected) <= 200


def test_a_clock_that_is_put_back_makes_no_notice_awaited_for_longer() -> None:
    notices = Notices(Progress())
    notices.expect(BanChatMember(chat_id=-1, user_id=1), BLOCK, NOW, chat_id=-1)
    assert notices.are_awaited(NOW - SECOND)
    assert notices.are_awaited(NOW + NOTICE_WINDOW)
    assert not notices.are_awaited(NOW - timedelta(hours=5))
