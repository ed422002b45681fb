"""What the logger ``tgslices`` says about deletions: one line for what a run did, one for a flood, and no token."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from aiogram.exceptions import TelegramUnauthorizedError

from tests.deletion.scene import Scene
from tgslices.testing import Failure, Flood


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tgslices")


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    ours = [record for record in caplog.records if record.name == "tgslices"]
    assert all(record.exc_info is None for record in ours), "a traceback may quote the token"
    return [record.getMessage() for record in ours if record.levelno == level]


async def test_one_line_says_what_a_clear_did(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    group = scene.api.add_supergroup("S", members=[scene.account, scene.ann])
    messages = scene.plant(group, 3) + scene.plant(group, 1, own=False) + scene.plant(group, 2, age=timedelta(days=3))
    await scene.clear(scene.records(messages))
    (line,) = lines(caplog, logging.INFO)
    assert line == (
        f"Bot {scene.account.id} cleared 6 messages in the session of chat_id {scene.ann.id}, user_id {scene.ann.id} "
        "with 2 requests: 3 accepted, 1 refused, 2 expired: Bad Request: message can't be deleted (1)"
    )


async def test_a_run_for_several_sessions_names_the_bot(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    messages = scene.records(scene.plant(scene.private_chat(), 2))
    claimed = await scene.claim(messages[:1])
    claimed += await scene.claim(messages[1:], replace(scene.key, qualifier="order"))
    await scene.executor().run(scene.bot, claimed)
    assert lines(caplog, logging.INFO) == [f"Bot {scene.account.id} cleared 2 messages with 1 request: 2 accepted"]


async def test_a_qualifier_that_is_a_whole_text_makes_no_long_line(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    messages = scene.records(scene.plant(scene.private_chat(), 1))
    claimed = await scene.claim(messages, replace(scene.key, qualifier="q" * 1_000_000))
    await scene.executor().run(scene.bot, claimed)
    (line,) = lines(caplog, logging.INFO)
    assert "qualifier 'qqq" in line
    assert len(line) < 300


async def test_nothing_to_delete_is_not_worth_a_line(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    await scene.executor().run(scene.bot, [])
    assert lines(caplog, logging.INFO) == []


async def test_one_line_says_what_a_flood_paused_and_for_how_long(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.api.faults.add(Flood(20), times=4)
    await scene.clear(scene.records(scene.plant(scene.private_chat(), 1000)))
    first, *more = lines(caplog, logging.WARNING)
    assert first == (
        f"Flood: bot {scene.account.id} asks for no deletion for 20 seconds (Too Many Requests: retry after 20)"
    )
    assert more == [], "four requests met the same flood"


async def test_no_line_holds_a_token_whatever_fails(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    seen_by_proxy = f"POST /bot{scene.account.token}/deleteMessages"
    for code in (400, 403, 404, 500, 502):
        scene.api.faults.add(Failure(code, f"refused: {seen_by_proxy}"))
        await scene.clear(scene.records(scene.plant(scene.private_chat())), patience=timedelta())
    scene.api.faults.add(Failure(401, f"Unauthorized: {seen_by_proxy}"))
    with pytest.raises(TelegramUnauthorizedError):
        await scene.clear(scene.records(scene.plant(scene.private_chat())))
    told = lines(caplog, logging.INFO) + lines(caplog, logging.WARNING) + lines(caplog, logging.ERROR)
    assert len(told) == 5
    assert scene.account.token.partition(":")[2] not in " ".join(told)
