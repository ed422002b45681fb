"""aiogram's client calls every method that it knows, and gets back what its types demand."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.types import Message
from pydantic import TypeAdapter

from tgslices.testing import BotAccount, BotApi
from tgslices.testing.arguments import Arguments
from tgslices.testing.methods.generic import aiogram_methods
from tgslices.testing.methods.memory import drafts_in

from .samples import Scene, sample

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


def seen(scene: Scene) -> list[str]:
    """Everything that a person sees anywhere, with drafts."""
    chats = (scene.private, scene.team, scene.business)
    shown = [f"{message}{message.stored.content}" for chat in chats for message in chat.visible()]
    return shown + [str(draft) for chat in chats for draft in drafts_in(scene.api.world, chat.chat)]


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
