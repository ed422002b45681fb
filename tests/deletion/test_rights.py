from __future__ import annotations

from typing import Any

import pytest
from aiogram.methods import GetBusinessConnection, GetChatMember
from aiogram.types import BusinessConnection, ChatMemberLeft, ChatMemberMember, ChatMemberOwner, User

from tests.deletion.records import BOT_ID, GROUP, PERSON, SUPERGROUP
from tests.deletion.scene import Scene
from tgslices.deletion.rights import Rights, rights_of, rights_request
from tgslices.deletion.routes import Place, Route
from tgslices.testing import Flood, Member

BOT = User(id=BOT_ID, is_bot=True, first_name="bot")
BASIC = Place(Route.ORDINARY, GROUP, None)
SUPER = Place(Route.ORDINARY, SUPERGROUP, None)
BUSINESS = Place(Route.BUSINESS, PERSON, "c")


def connection(**rights: Any) -> BusinessConnection:
    values = {"id": "c", "user": BOT, "user_chat_id": 1, "date": 1, "is_enabled": True}
    return BusinessConnection.model_validate(values | ({"rights": rights} if rights else {}))


def test_each_place_has_its_own_question_or_none() -> None:
    assert rights_request(SUPER, BOT_ID) == GetChatMember(chat_id=SUPERGROUP, user_id=BOT_ID)
    assert rights_request(BUSINESS, BOT_ID) == GetBusinessConnection(business_connection_id="c")
    assert rights_request(Place(Route.ORDINARY, PERSON, None), BOT_ID) is None
    assert rights_request(Place(Route.EPHEMERAL, GROUP, None), BOT_ID) is None


@pytest.mark.parametrize(
    ("place", "answer", "rights"),
    [
        (SUPER, ChatMemberMember(user=BOT), Rights(foreign=False)),
        (SUPER, ChatMemberLeft(user=BOT), Rights(foreign=False)),
        (SUPER, ChatMemberOwner(user=BOT, is_anonymous=False), Rights()),
        (BUSINESS, connection(can_delete_all_messages=True), Rights()),
        (BUSINESS, connection(can_delete_sent_messages=True), Rights(own=True, foreign=False)),
        (BUSINESS, connection(can_delete_outgoing_messages=True), Rights(own=True, foreign=False)),
        (BUSINESS, connection(can_reply=True), Rights(own=False, foreign=False)),
        (BUSINESS, connection(), Rights()),
    ],
)
def test_an_answer_tells_whose_messages_may_go(place: Place, answer: object, rights: Rights) -> None:
    assert rights_of(place, answer) == rights


@pytest.mark.parametrize(("kind", "accepted"), [("group", 20), ("supergroup", 0)])
async def test_an_administrator_without_the_right_is_told_apart(scene: Scene, kind: str, accepted: int) -> None:
    add = scene.api.add_group if kind == "group" else scene.api.add_supergroup
    group = add("G", members=[scene.account, scene.ann])
    group.members[scene.account.id] = Member(scene.account, "administrator", frozenset({"can_pin_messages"}))
    result = await scene.clear(scene.records(scene.plant(group, 20, own=False)))
    assert len(result.accepted) == accepted
    assert result.requests <= 6


async def test_without_an_answer_about_rights_every_message_is_asked_for(scene: Scene) -> None:
    scene.api.faults.add(Flood(3), method="getChatMember")
    group = scene.api.add_supergroup("S", members=[scene.account, scene.ann])
    result = await scene.clear(scene.records(scene.plant(group, 20, own=False)))
    assert len(result.refused) == 20
    assert result.requests >= 20
    assert scene.naps == [3]
