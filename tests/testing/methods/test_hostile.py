"""Every method with hostile arguments: each call gets a well-formed answer of Telegram's, and none needs the net.

Each method is called as it should be, and then with every argument in turn replaced by some of a table of texts, and
with its JSON arguments changed at places that a seeded generator picks.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from aiogram import Bot
from pydantic import TypeAdapter

from tests.testing.methods.hostility import ALSO, CHANGES, FULL, LEAVES, PICKED, TEXTS
from tests.testing.methods.samples import sample
from tests.testing.methods.scene import Scene
from tgslices.testing import BotAccount, BotApi
from tgslices.testing.http.calls import CRASHED, HTTPAnswer
from tgslices.testing.methods.generic import aiogram_methods
from tgslices.testing.page.snapshot import snapshot
from tgslices.testing.wire.arguments import Arguments

MODELS = aiogram_methods()


@pytest.fixture
def scene(api: BotApi, account: BotAccount, bot: Bot) -> Scene:
    return Scene(api, account, bot)


def changed(value: Any, dice: random.Random) -> Any:
    """A copy that is hostile in one place."""
    if isinstance(value, list) and value and dice.random() < 0.8:
        place = dice.randrange(len(value))
        return value[:place] + [changed(value[place], dice)] * dice.choice((0, 1, 1, 1, 3)) + value[place + 1 :]
    if isinstance(value, dict) and value and dice.random() < 0.85:
        name = dice.choice([*value])
        rest = {key: item for key, item in value.items() if key != name}
        return rest if dice.random() < 0.15 else {**rest, name: changed(value[name], dice)}
    return dice.choice(LEAVES)


def container(text: str) -> Any:
    """The JSON list or object that a text is, or None."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, list | dict) else None


async def right_arguments(scene: Scene, name: str) -> Arguments:
    """The arguments of a call that succeeds, as they travelled, with those that are not needed named, too."""
    if name in {"getUpdates", "setWebhook"}:
        return Arguments({"offset": "0", "limit": "1", "timeout": "0", "allowed_updates": "[]", "url": ""})
    await scene.bot(await sample(scene, MODELS[name]))
    right = scene.api.requests[-1].raw
    fields = {field.alias or key for key, field in MODELS[name].model_fields.items()}
    others = {key: json.dumps(FULL[key]) if key in FULL else "" for key in fields if key not in right.values}
    return Arguments({**others, **right.values}, right.files)


def hostile(right: Arguments, seed: int) -> Iterator[Arguments]:
    dice = random.Random(seed)
    for name, text in right.values.items():
        plain = {key: value for key, value in right.values.items() if key not in FULL or key == name}
        variants = dice.sample(TEXTS, PICKED)
        for given in filter(None, (container(text), FULL.get(name), ALSO.get(name))):
            variants += [json.dumps(changed(given, dice)) for _ in range(CHANGES)]
        for variant in variants:
            yield Arguments({**plain, name: variant}, right.files)


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def check_answer(name: str, answer: HTTPAnswer) -> None:
    said = json.loads(answer.body, parse_constant=refuse)
    if answer.status == 200:
        told = {"description"} if name in {"setWebhook", "deleteWebhook"} else set()
        assert said.keys() == {"ok", "result"} | told
        assert said["ok"] is True
        TypeAdapter(MODELS[name].__returning__).validate_python(said["result"])
    else:
        assert answer.status in {400, 403, 404, 409, 413, 429}
        assert said.keys() - {"parameters"} == {"ok", "error_code", "description"}
        assert (said["ok"], said["error_code"]) == (False, answer.status)
        assert isinstance(said["description"], str)
        assert said["description"] not in {"", CRASHED}


def check_views(scene: Scene) -> None:
    """Everything that somebody may look at can be looked at."""
    for view in (scene.private, scene.team, scene.business):
        str(view).encode()
        view.keyboard()
    json.dumps(snapshot(scene.api.world, scene.api.requests), allow_nan=False, ensure_ascii=False).encode()
    for update in scene.account.updates.pending.values():
        json.loads(update.body, parse_constant=refuse)


def harmless(name: str, arguments: Arguments) -> Arguments:
    """The same, but waiting for nothing, and with no webhook that leads out of this machine."""
    if name == "setWebhook" and arguments.text("url"):
        return Arguments({**arguments.values, "url": "http://127.0.0.1:9/"})
    return Arguments({**arguments.values, "timeout": "0"}) if name == "getUpdates" else arguments


@pytest.mark.parametrize("name", MODELS)
async def test_hostile_arguments_get_telegrams_answers(
    scene: Scene, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    right = await right_arguments(scene, name)
    for arguments in hostile(right, zlib.crc32(name.encode())):
        given = harmless(name, arguments)
        answer = await scene.api.calls.perform(scene.account, name, given)
        try:
            check_answer(name, answer)
        except Exception as error:
            told = f"{name} {given.values!r:.2000}: {answer.body[:2000]!r}\n{caplog.text[-3000:]}"
            raise AssertionError(told) from error
    check_views(scene)
