from __future__ import annotations

import pytest
from aiogram.methods import DeleteBusinessMessages, DeleteMessage, DeleteMessages

from tests.deletion.records import GROUP, PERSON, SUPERGROUP, record
from tgslices.deletion.plan import MAX_IDS_PER_REQUEST
from tgslices.deletion.requests import request_for
from tgslices.deletion.routes import MAX_MESSAGE_ID, Place, Route, place_of, route_of
from tgslices.model import TrackedMessage
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind

EPHEMERAL = record(0, GROUP, ephemeral_message_id=5, receiver_user_id=PERSON)
BUSINESS = record(5, business_connection_id="c")
PRIVATE = Place(Route.ORDINARY, PERSON, None)
IN_GROUP = Place(Route.EPHEMERAL, GROUP, None)


@pytest.mark.parametrize(
    ("message", "route"),
    [
        (record(1), Route.ORDINARY),
        (record(MAX_MESSAGE_ID), Route.ORDINARY),
        (record(MAX_MESSAGE_ID + 1), None),
        (record(0), None),
        (record(-1), None),
        (record(1, chat_id=0), None),
        (BUSINESS, Route.BUSINESS),
        (record(0, business_connection_id="c"), None),
        (EPHEMERAL, Route.EPHEMERAL),
        (record(0, GROUP, ephemeral_message_id=5), None),
        (record(0, GROUP, ephemeral_message_id=0, receiver_user_id=PERSON), None),
        (record(5, ephemeral_message_id=5, receiver_user_id=1, business_connection_id="c"), None),
    ],
)
def test_a_message_has_one_route_or_none(message: TrackedMessage, route: Route | None) -> None:
    assert route_of(message) is route
    place = place_of(message)
    assert place == (None if route is None else Place(route, message.chat_id, message.business_connection_id))


@pytest.mark.parametrize(
    ("chat_id", "kind"),
    [
        (PERSON, ChatKind.PRIVATE),
        (GROUP, ChatKind.GROUP),
        (-999_999_999_999, ChatKind.GROUP),
        (-1_000_000_000_000, ChatKind.CHANNEL),
        (SUPERGROUP, ChatKind.CHANNEL),
    ],
)
def test_the_id_of_a_chat_tells_its_kind(chat_id: int, kind: ChatKind) -> None:
    assert chat_kind(chat_id) is kind


@pytest.mark.parametrize(
    "intruder", [record(2, GROUP), record(0), BUSINESS, EPHEMERAL, record(2, business_connection_id="")]
)
def test_no_request_can_carry_a_message_of_another_chat_or_route(intruder: TrackedMessage) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is compared
        request_for(PRIVATE, (record(1), intruder))
    assert str(caught.value) == f"{intruder} does not belong to {PRIVATE}."


@pytest.mark.parametrize(
    ("route", "count"), [(Route.ORDINARY, 0), (Route.ORDINARY, MAX_IDS_PER_REQUEST + 1), (Route.EPHEMERAL, 2)]
)
def test_no_request_can_carry_more_or_less_than_its_call_takes(route: Route, count: int) -> None:
    with pytest.raises(ValueError, match=rf"^One request of the {route.value} route cannot delete {count} messages.$"):
        request_for(Place(route, PERSON, None), [record(n) for n in range(1, count + 1)])


def test_several_messages_cannot_be_deleted_singly() -> None:
    with pytest.raises(ValueError, match="cannot delete 2 messages"):
        request_for(PRIVATE, [record(1), record(2)], singly=True)


def test_each_route_has_its_own_call() -> None:
    ordinary = [record(1), record(2)]
    assert request_for(PRIVATE, ordinary) == DeleteMessages(chat_id=PERSON, message_ids=[1, 2])
    assert request_for(PRIVATE, ordinary[:1], singly=True) == DeleteMessage(chat_id=PERSON, message_id=1)
    assert request_for(Place(Route.BUSINESS, PERSON, "c"), [BUSINESS]) == DeleteBusinessMessages(
        business_connection_id="c", message_ids=[5]
    )
    ephemeral = request_for(IN_GROUP, [EPHEMERAL])
    assert ephemeral.__api_method__ == "deleteEphemeralMessage"
    assert ephemeral.model_dump() == {"chat_id": GROUP, "receiver_user_id": PERSON, "ephemeral_message_id": 5}


def test_an_ephemeral_message_can_be_deleted_with_an_aiogram_that_lacks_the_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("aiogram.methods.DeleteEphemeralMessage", raising=False)
    ephemeral = request_for(IN_GROUP, [EPHEMERAL])
    assert ephemeral.__api_method__ == "deleteEphemeralMessage"
    assert ephemeral.model_dump() == {"chat_id": GROUP, "receiver_user_id": PERSON, "ephemeral_message_id": 5}
