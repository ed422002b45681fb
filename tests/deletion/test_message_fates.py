from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deletion.records import BOT_ID, GROUP, NOW, PERSON, SUPERGROUP, foreign, record
from tgslices.deletion.message_fates import MIGRATED, NAMELESS, Fate, may_succeed_later
from tgslices.deletion.rights import Rights
from tgslices.model import TrackedMessage
from tgslices.results import Outcome
from tgslices.telegram_facts.message_kind import MessageKind

REFUSED = Fate(Outcome.REFUSED, "Bad Request: message can't be deleted")
KICKED = Fate(Outcome.UNREACHABLE, "Forbidden: bot was kicked from the supergroup chat")
PLAIN = Rights(foreign=False)
NOTICE = MessageKind.NEW_CHAT_TITLE
OLD = timedelta(hours=47, minutes=56)


@pytest.mark.parametrize(
    ("message", "rights", "later"),
    [
        (foreign(2, SUPERGROUP), PLAIN, True),
        (foreign(2, SUPERGROUP), None, True),
        (foreign(2, SUPERGROUP), Rights(), False),
        (foreign(2, GROUP), PLAIN, True),
        (foreign(2, GROUP), Rights(), False),
        (record(2, GROUP), PLAIN, False),
        (record(2, GROUP, kind=NOTICE), PLAIN, True),
        (record(2, SUPERGROUP, kind=NOTICE), PLAIN, True),
        (record(2, SUPERGROUP, user_id=None), PLAIN, True),
        (foreign(2, SUPERGROUP, age=OLD), PLAIN, False),
        (foreign(1, SUPERGROUP), PLAIN, False),
        (foreign(2, SUPERGROUP, kind=MessageKind.FORUM_TOPIC_CREATED), None, False),
        (foreign(2, SUPERGROUP, kind=MessageKind.SUPERGROUP_CHAT_CREATED), PLAIN, False),
        (foreign(2, PERSON), None, False),
        (record(2, kind=None), None, False),
        (record(0, GROUP, ephemeral_message_id=1, receiver_user_id=PERSON), None, False),
        (record(2, business_connection_id="c", age=OLD), Rights(own=False, foreign=False), True),
        (record(2, business_connection_id="c"), Rights(own=True, foreign=False), False),
        (foreign(2, PERSON, business_connection_id="c"), Rights(own=True, foreign=False), True),
        (foreign(2, PERSON, business_connection_id="c"), None, True),
    ],
)
def test_a_refused_message_may_go_once_the_bot_has_a_right_that_it_lacked(
    message: TrackedMessage, rights: Rights | None, later: bool
) -> None:
    assert may_succeed_later(message, REFUSED, rights=rights, now=NOW, bot_id=BOT_ID) is later


@pytest.mark.parametrize(
    ("fate", "age", "later"),
    [
        (KICKED, timedelta(hours=1), True),
        (KICKED, OLD, False),
        (MIGRATED, timedelta(hours=1), False),
        (NAMELESS, timedelta(hours=1), False),
        (Fate(Outcome.PENDING, "Too Many Requests"), timedelta(hours=1), False),
    ],
)
def test_what_is_out_of_reach_may_go_later_unless_it_is_for_good(fate: Fate, age: timedelta, later: bool) -> None:
    message = record(2, SUPERGROUP, age=age)
    assert may_succeed_later(message, fate, rights=None, now=NOW, bot_id=BOT_ID) is later
