"""The example with a token: it polls until it is told to stop, and a wrong token gets one clear line."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.examples.runs import MODULE, finish, run, start
from tgslices.testing import BotApi

STRANGER = "123456:AAunknown-to-every-server"


@pytest.mark.parametrize("token", ["nonsense", "123456:", "12 34:AA", ":AA"])
async def test_a_malformed_token_gets_one_line(token: str, tmp_path: Path) -> None:
    stopped = await run(*MODULE, cwd=tmp_path, BOT_TOKEN=token)
    assert (stopped.code, stopped.out) == (2, "")
    assert stopped.err == (
        "The token in BOT_TOKEN is malformed. Copy it whole from @BotFather; it looks like 123456:ABC-def.\n"
    )
    assert list(tmp_path.iterdir()) == []


async def test_a_refused_token_gets_one_line(tmp_path: Path) -> None:
    async with BotApi() as api:
        stopped = await run(*MODULE, cwd=tmp_path, BOT_TOKEN=STRANGER, BOT_API=api.url)
    assert (stopped.code, stopped.out) == (2, "")
    assert stopped.err == "The token in BOT_TOKEN is refused. Ask @BotFather for the bot's current one.\n"
    assert list(tmp_path.iterdir()) == []


async def test_a_server_that_is_not_there_gets_one_line() -> None:
    async with BotApi() as api:
        url = api.url
    stopped = await run(*MODULE, BOT_TOKEN=STRANGER, BOT_API=url)
    assert (stopped.code, stopped.out) == (2, "")
    assert stopped.err.startswith(f"{url} cannot be reached: ")
    assert stopped.err.count("\n") == 1
    assert STRANGER not in stopped.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_polls_and_ends_politely(number: signal.Signals, tmp_path: Path) -> None:
    async with BotApi() as api:
        account = api.add_bot("order_flow_bot")
        chat = api.add_person("Ann").private_chat(account)
        process = await start(*MODULE, cwd=tmp_path, BOT_TOKEN=account.token, BOT_API=api.url)
        try:
            await chat.types("/order")
            await chat.until(lambda view: len(view.texts()) == 2, timeout=60)
        finally:
            process.send_signal(number)
        stopped = await finish(process)
    assert (stopped.code, stopped.out) == (0, "")
    assert "Traceback" not in stopped.err
    assert account.token not in stopped.err
    assert (tmp_path / "order_flow.db").exists()


@pytest.mark.timeout(300)
async def test_an_interrupted_rehearsal_stops_the_bot_that_it_started() -> None:
    process = await start(*MODULE, "--crash")
    assert process.stdout is not None
    try:
        async with asyncio.timeout(240):
            while b"Killed process" not in await process.stdout.readline():
                pass
    finally:
        process.send_signal(signal.SIGINT)
    stopped = await finish(process)
    assert (stopped.code, stopped.err) == (130, "Interrupted.\n")
