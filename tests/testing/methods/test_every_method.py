"""aiogram's client calls every method that it knows, and gets back what its types demand."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.types import Message
from pydantic import TypeAdapter

from tests.testing.methods.samples import sample
from tests.testing.methods.scene import Scene
from tgslices.testing import BotAccount, BotApi, ChatView
from tgslices.testing.methods.generic import aiogram_methods
from tgslices.testing.wire.arguments import Arguments

MODELS = aiogram_methods()
NO_MESSAGE = {"sendChatAction", "sendChatJoinRequestWebApp"}
"""They send nothing that anybody sees in a chat."""
SENDING = [name for name in MODELS if name.startswith(("send", "copyM", "forwardM")) and name not in NO_MESSAGE]
EDITING = [
    name for name in MODELS if name.startswith(("editMessage", "editEphemeral")) or name == "stopMessageLiveLocation"
]


@pytest.fixture
def scene(api: BotApi, account: BotAccount, bot: Bot) -> Scene:
    return Scene(api, account, bot)


def seen(scene: Scene, *chats: ChatView) -> list[str]:
    """Everything that a person sees anywhere, or in these chats, with drafts."""
    chats = chats or (scene.private, scene.team, scene.business)
    shown = [f"{message}{message.stored.content}" for chat in chats for message in chat.visible()]
    return shown + [str(draft) for chat in chats for draft in chat.chat.drafts_at(scene.api.clock.unix_time())]


@pytest.mark.parametrize("name", MODELS)
async def test_every_method_succeeds_with_what_its_type_demands(scene: Scene, name: str) -> None:
    method = await sample(scene, MODELS[name])
    result = await scene.bot(method)
    returning = MODELS[name].__returning__
    TypeAdapter(returning).validate_python(result)
    if returning is bool:
        assert result is True
    if returning is Message or returning == Message | bool:
        assert isinstance(result, Message)


@pytest.mark.parametrize("name", SENDING)
async def test_what_is_sent_is_seen(scene: Scene, name: str) -> None:
    method = await sample(scene, MODELS[name])
    before = seen(scene)
    await scene.bot(method)
    assert len(seen(scene)) > len(before)
    assert seen(scene) != before


@pytest.mark.parametrize("name", EDITING)
async def test_what_is_edited_is_seen(scene: Scene, name: str) -> None:
    method = await sample(scene, MODELS[name])
    before = seen(scene)
    await scene.bot(method)
    changed = set(seen(scene)).symmetric_difference(before)
    assert len(changed) == 2
    assert len(seen(scene)) == len(before)


BUTTONS = {"inline_keyboard": [[{"text": "More", "callback_data": "more"}]]}
FIRST = {"sendGame": {"text": "Play", "callback_game": {}}, "sendInvoice": {"text": "Pay", "pay": True}}
"""The buttons that must stand first."""

BOLD = {"type": "bold", "offset": 0, "length": 3}


def taking(field: str) -> list[str]:
    """The methods that may be called with this argument, or without it."""
    return [name for name, model in MODELS.items() if field in model.model_fields and name not in required(field)]


def required(field: str) -> set[str]:
    """The methods that must be called with this argument."""
    known = {name: model.model_fields[field] for name, model in MODELS.items() if field in model.model_fields}
    return {name for name, info in known.items() if info.is_required()}


async def call(scene: Scene, name: str, **changes: Any) -> Any:
    """What a call that succeeds answers, with further arguments; of the type that it must have."""
    method = await sample(scene, MODELS[name])
    given = method.model_dump(exclude_unset=True) | changes
    result = await scene.bot(MODELS[name].model_validate({key: given[key] for key in given if given[key] is not None}))
    TypeAdapter(MODELS[name].__returning__).validate_python(result)
    return result


@pytest.mark.parametrize("name", taking("reply_markup"))
async def test_buttons_come_along(scene: Scene, name: str) -> None:
    first = [FIRST[name]] if name in FIRST else []
    result = await call(scene, name, reply_markup={"inline_keyboard": [first, BUTTONS["inline_keyboard"][0]]})
    assert [shown for shown in seen(scene) if "'callback_data': 'more'" in shown] != []
    if isinstance(result, Message):
        assert result.reply_markup is not None
        assert result.reply_markup.inline_keyboard[-1][0].callback_data == "more"


UNSEEN = {"postStory", "editStory"}
"""Stories are no part of a chat."""
QUIZ = {"type": "quiz", "correct_option_id": 0}
MARKED = [
    (name, field)
    for name, model in MODELS.items()
    for field in model.model_fields
    if field.endswith("entities") and name not in UNSEEN
]


@pytest.mark.parametrize(("name", "field"), MARKED)
async def test_entities_come_along(scene: Scene, name: str, field: str) -> None:
    text = "text" if field == "entities" else field.removesuffix("_entities")
    more = QUIZ if field == "explanation_entities" else {}
    await call(scene, name, **{text: "newer", field: [BOLD]}, **more)
    found = [shown for shown in seen(scene) if "entities': [{'type': 'bold'" in shown]
    assert len(found) == 1


@pytest.mark.parametrize("name", taking("business_connection_id"))
async def test_calls_for_a_business_account_go_to_its_chat(scene: Scene, name: str) -> None:
    where = await scene.in_business(MODELS[name])
    before = seen(scene, scene.business)
    others = seen(scene, scene.private, scene.team)
    result = await call(scene, name, **where)
    assert seen(scene, scene.private, scene.team)[: len(others)] == others
    if name in SENDING or name in EDITING:
        assert seen(scene, scene.business) != before
    sent = result if isinstance(result, list) else [result]
    for message in sent:
        if isinstance(message, Message):
            assert (message.business_connection_id, message.chat.id) == (scene.connection_id, scene.business.id)


@pytest.mark.parametrize("name", taking("inline_message_id"))
async def test_calls_about_inline_messages_answer_true(scene: Scene, name: str) -> None:
    where = scene.inline(name)
    before = [message.content for message in scene.team.stored()]
    result = await call(scene, name, **where)
    after = [message.content for message in scene.team.stored()]
    if MODELS[name].__returning__ == Message | bool:
        assert result is True
    assert (after != before) is (name in EDITING)


async def ask(api: BotApi, account: BotAccount, name: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    url = f"{api.url}/bot{account.token}/{name}"
    async with aiohttp.ClientSession() as client, client.post(url, json=arguments) as answer:
        return answer.status, await answer.json()


NEEDS_NOTHING = {"setWebhook"}
"""Without a URL it is as good as deleteWebhook."""
WITH_REQUIRED = [
    name
    for name, model in MODELS.items()
    if name not in NEEDS_NOTHING and any(field.is_required() for field in model.model_fields.values())
]


@pytest.mark.parametrize("name", WITH_REQUIRED)
async def test_a_call_without_its_arguments_is_refused(scene: Scene, name: str) -> None:
    status, answer = await ask(scene.api, scene.account, name, {})
    assert (status, answer["ok"], answer["error_code"]) == (400, False, 400)
    assert answer["description"].startswith("Bad Request: ")


NONSENSE = (
    "nonsense",
    "",
    "7",
    "-7",
    str(10**30),
    "1e400",
    "true",
    "null",
    '"x"',
    "[[]]",
    '[null, 1, "x", {}]',
    '[{"type": {}}]',
    '{"type": []}',
    '{"type": "chat"}',
    '[{"type": "photo"}]',
    '{"type": "x", "media": 1, "blocks": [[]], "tasks": [[]]}',
    '{"inline_keyboard": [[{"text": 1, "url": 2}]]}',
    '{"keyboard": 1}',
    '{"html": 1}',
    '{"message_id": {}}',
    '{"receiver_user_id": [1]}',
    '{"ephemeral_message_id": []}',
    '{"blocks": [{"type": "list", "items": 1}]}',
    '{"blocks": [{"type": "photo", "photo": 1}]}',
)
UNFIT = {"getUpdates", "setWebhook", "leaveChat"}
"""They wait, reach out, or end the scene."""


@pytest.mark.parametrize("nonsense", NONSENSE, ids=range(len(NONSENSE)))
async def test_nonsense_is_answered_and_nothing_crashes(scene: Scene, nonsense: str) -> None:
    """Every argument of every method at once and one by one, in the private chat and in the forum."""
    places = [
        {},
        {"chat_id": str(scene.private.id), "message_id": str(scene.message().message_id)},
        {"chat_id": str(scene.team.id), "user_id": str(scene.bob.id)},
    ]
    for name in set(MODELS) - UNFIT:
        fields = [field.alias or field_name for field_name, field in MODELS[name].model_fields.items()]
        for place in places:
            calls = [dict.fromkeys(fields, nonsense) | place]
            calls += [{**dict.fromkeys(fields, "1"), **place, field: nonsense} for field in fields]
            for arguments in calls:
                answer = await scene.api.calls.perform(scene.account, name, Arguments(arguments))
                assert answer.status in {200, 400, 403}, (name, arguments, answer)
                assert json.loads(answer.body)["ok"] is (answer.status == 200)


@pytest.mark.parametrize("url", ["", "[1", "http://[", "ftp://x", "://"])
async def test_webhooks_that_are_none(scene: Scene, url: str) -> None:
    answer = await scene.api.calls.perform(scene.account, "setWebhook", Arguments({"url": url}))
    assert answer.status == (400 if url else 200)


async def test_what_aiogram_does_not_know_is_not_there(scene: Scene) -> None:
    assert await ask(scene.api, scene.account, "sendNothingAtAll", {}) == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found: method not found"},
    )
