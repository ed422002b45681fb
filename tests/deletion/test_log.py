"""What the logger ``tgslices`` says about deletions: one line for what a run did, one for a flood, and no token."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from aiogram.exceptions import TelegramUnauthorizedError

from tests.deletion.stage import Stage
from tgslices.testing import Failure, Flood


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tgslices")


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    ours = [record for record in caplog.records if record.name == "tgslices"]
    assert all(record.exc_info is None for record in ours), "a traceback may quote the token"
    return [record.getMessage() for record in ours if record.levelno == level]


async def test_one_line_says_what_a_clear_did(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    group = stage.api.add_supergroup("S", members=[stage.account, stage.ann])
    messages = stage.plant(group, 3) + stage.plant(group, 1, own=False) + stage.plant(group, 2, age=timedelta(days=3))
    await stage.clear(stage.records(messages))
    (line,) = lines(caplog, logging.INFO)
    assert line == (
        f"Bot {stage.account.id} cleared 6 messages in the session of chat_id {stage.ann.id}, user_id {stage.ann.id} "
        "with 2 requests: 3 accepted, 1 refused, 2 expired: Bad Request: message can't be deleted (1)"
    )


async def test_a_run_for_several_sessions_names_the_bot(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    messages = stage.records(stage.plant(stage.private_chat(), 2))
    claimed = await stage.claim(messages[:1])
    claimed += await stage.claim(messages[1:], replace(stage.key, qualifier="order"))
    await stage.executor().run(stage.bot, claimed)
    assert lines(caplog, logging.INFO) == [f"Bot {stage.account.id} cleared 2 messages with 1 request: 2 accepted"]


async def test_nothing_to_delete_is_not_worth_a_line(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await stage.executor().run(stage.bot, [])
    assert lines(caplog, logging.INFO) == []


async def test_one_line_says_what_a_flood_paused_and_for_how_long(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.api.faults.add(Flood(20), times=4)
    await stage.clear(stage.records(stage.plant(stage.private_chat(), 1000)))
    first, *more = lines(caplog, logging.WARNING)
    assert first == (
        f"Flood: bot {stage.account.id} asks for no deletion for 20 seconds (Too Many Requests: retry after 20)"
    )
    assert more == [], "four requests met the same flood"


async def test_no_line_holds_a_token_whatever_fails(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    seen_by_proxy = f"POST /bot{stage.account.token}/deleteMessages"
    for code in (400, 403, 404, 500, 502):
        stage.api.faults.add(Failure(code, f"refused: {seen_by_proxy}"))
        await stage.clear(stage.records(stage.plant(stage.private_chat())), patience=timedelta())
    stage.api.faults.add(Failure(401, f"Unauthorized: {seen_by_proxy}"))
    with pytest.raises(TelegramUnauthorizedError):
        await stage.clear(stage.records(stage.plant(stage.private_chat())))
    told = lines(caplog, logging.INFO) + lines(caplog, logging.WARNING) + lines(caplog, logging.ERROR)
    assert len(told) == 5
    assert stage.account.token.partition(":")[2] not in " ".join(told)
