from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deletion.records import BOT_ID, GROUP, NOW, PERSON, SUPERGROUP, foreign, record
from tgslices.deletion.likely_refusals import Suspicion, suspicion_of
from tgslices.model import TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind

NEARLY_TOO_OLD = timedelta(hours=47, minutes=56)


@pytest.mark.parametrize(
    ("message", "suspicion"),
    [
        (record(), None),
        (record(kind=None), None),
        (record(1, GROUP), None),
        (record(1, SUPERGROUP, user_id=None), None),
        (foreign(1, PERSON), None),
        (foreign(1, GROUP), Suspicion.FOREIGN),
        (foreign(1, SUPERGROUP), Suspicion.FOREIGN),
        (record(1, SUPERGROUP, user_id=BOT_ID + 1), Suspicion.FOREIGN),
        (foreign(1, PERSON, business_connection_id="c"), Suspicion.FOREIGN),
        (record(business_connection_id="c"), None),
        (record(business_connection_id="c", user_id=PERSON), None),
        (foreign(1, SUPERGROUP, user_id=SUPERGROUP), Suspicion.FOREIGN),
        (record(1, SUPERGROUP, user_id=SUPERGROUP), None),
        (record(age=None), Suspicion.AGE_UNKNOWN),
        (record(age=None, business_connection_id="c"), None),
        (record(age=NEARLY_TOO_OLD), Suspicion.NEAR_LIMIT),
        (record(age=NEARLY_TOO_OLD, business_connection_id="c"), None),
        (foreign(1, GROUP, kind=MessageKind.NEW_CHAT_MEMBERS), Suspicion.SERVICE),
        (foreign(1, PERSON, kind=MessageKind.PINNED_MESSAGE), Suspicion.SERVICE),
        (record(kind=MessageKind.UNKNOWN), Suspicion.SERVICE),
        (record(kind=MessageKind.DICE, age=timedelta(hours=30)), Suspicion.DICE),
        (record(1, SUPERGROUP, kind=MessageKind.DICE), None),
    ],
)
def test_what_may_well_be_refused_is_a_suspect(message: TrackedMessage, suspicion: Suspicion | None) -> None:
    assert suspicion_of(message, now=NOW, bot_id=BOT_ID) is suspicion


def test_the_most_urgent_suspicion_comes_first() -> None:
    assert min(Suspicion) is Suspicion.NEAR_LIMIT
