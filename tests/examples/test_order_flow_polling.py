"""The example with a token: it polls until it is told to stop, and a wrong token gets one clear line."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import psutil
import pytest

from examples.order_flow.__main__ import main
from examples.order_flow.rehearsal.customer import PATIENCE
from tests.examples.runs import MODULE, finish, run, start
from tgslices.testing import BotApi

pytestmark = pytest.mark.timeout(300)  # a new process takes its time on a busy machine

STRANGER = "123456:AAunknown-to-every-server"
MALFORMED = "The token in BOT_TOKEN is malformed. Copy it whole from @BotFather; it looks like 123456:ABC-def.\n"


async def test_a_malformed_token_gets_one_line(tmp_path: Path) -> None:
    stopped = await run(MODULE, cwd=tmp_path, BOT_TOKEN="nonsense")
    assert (stopped.code, stopped.out, stopped.err) == (2, "", MALFORMED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("token", ["123456:", "12 34:AA", ":AA", " ", "123456:AA\n"])
def test_every_malformed_token_is_told_apart(
    token: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_TOKEN", token)
    assert main([]) == 2
    assert capsys.readouterr() == ("", MALFORMED)


async def test_a_refused_token_gets_one_line(tmp_path: Path) -> None:
    async with BotApi() as api:
        stopped = await run(MODULE, cwd=tmp_path, BOT_TOKEN=STRANGER, BOT_API=api.url)
    assert (stopped.code, stopped.out) == (2, "")
    assert stopped.err == "The token in BOT_TOKEN is refused. Ask @BotFather for the bot's current one.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("BOT_TOKEN", STRANGER)
    monkeypatch.setenv("BOT_API", url)
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"{url} cannot be reached: ")
    assert STRANGER not in err


async def test_it_polls_and_ends_politely(tmp_path: Path) -> None:
    async with BotApi() as api:
        account = api.add_bot("order_flow_bot")
        chat = api.add_person("Ann").private_chat(account)
        process = await start(MODULE, cwd=tmp_path, BOT_TOKEN=account.token, BOT_API=api.url)
        try:
            await chat.types("/order")
            await chat.until(lambda view: len(view.texts()) == 2, timeout=PATIENCE)
        finally:
            process.send_signal(signal.SIGINT)
        stopped = await finish(process)
    assert (stopped.code, stopped.out) == (0, "")
    assert "Traceback" not in stopped.err
    assert account.token not in stopped.err
    assert (tmp_path / "order_flow.db").exists()


async def test_an_interrupted_rehearsal_stops_the_bot_that_it_started() -> None:
    process = await start(MODULE, "--crash")
    try:
        bot = re.match(rb"Started the bot as process (\d+)\.", await process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
    stopped = await finish(process)
    assert (stopped.code, stopped.err) == (130, "Interrupted.\n")
    assert bot is not None
    assert not psutil.pid_exists(int(bot[1]))
