"""``python -m tgslices.testing`` as a user runs it."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiogram import Bot

from tests.forks import Program, start
from tests.testing.state.test_tokens import NO_TOKEN
from tgslices.testing.__main__ import main
from tgslices.testing.http.client import loopback_session


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[tuple[Program, str]]:
    process = await start("tgslices.testing", *arguments)
    try:
        lines = [(await process.stdout.readline()).decode()]
        while "Press Ctrl-C" not in lines[-1]:
            line = (await process.stdout.readline()).decode()
            assert line, lines
            lines.append(line)
        yield process, "".join(lines)
    finally:
        process.kill()
        await process.wait()


async def refused(*arguments: str) -> tuple[int | None, bytes, str]:
    """The exit code, what was printed, and what was complained of."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tgslices.testing", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complained = await process.communicate()
    return process.returncode, printed, complained.decode()


async def test_it_prints_where_the_bot_api_and_the_page_are_and_ends_politely() -> None:
    async with command("--bot", "order_bot") as (process, printed):
        url = re.search(r"Bot API: +(\S+)", printed)
        page = re.search(r"Chat page: (\S+)", printed)
        token = re.search(r"@order_bot: token (\S+)", printed)
        assert url and page and token
        async with Bot(token[1], session=loopback_session(url[1])) as bot:
            assert (await bot.get_me()).username == "order_bot"
        async with aiohttp.ClientSession() as client, client.get(page[1]) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/html"
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


async def test_chats_and_host_names_are_added_on_the_command_line() -> None:
    arguments = ("--person", "Ada", "--person", "Ben", "--group", "Team", "--channel", "News", "--allow-host", "desk")
    async with command(*arguments) as (_, printed), aiohttp.ClientSession() as client:
        page = re.search(r"Chat page: (\S+)", printed)
        assert page is not None
        async with client.ws_connect(f"{page[1]}page/live", headers={"Host": "desk"}) as socket:
            things = (await socket.receive_json())["set"]
    places = [thing for name, thing in things.items() if name.startswith("place:g")]
    assert [(place["kind"], place["title"]) for place in places] == [("supergroup", "Team"), ("channel", "News")]
    assert all({*place["roles"].values()} == {"administrator", "member"} for place in places)


async def test_a_world_comes_from_a_file_and_options_add_to_it(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text('[[bot]]\nusername = "desk_bot"\ntoken = "42:secret"\n[[person]]\nname = "Ada"\n', "utf-8")
    async with command("--world", str(path), "--person", "Ben", "--group", "Team") as (_, printed):
        page = re.search(r"Chat page: (\S+)", printed)
        assert page
        async with aiohttp.ClientSession() as client, client.ws_connect(f"{page[1]}page/live") as socket:
            things = (await socket.receive_json())["set"]
    assert "@desk_bot: token 42:secret" in printed
    assert "test_bot" not in printed
    assert [thing["name"] for name, thing in things.items() if name.startswith("person:")] == ["Ada", "Ben"]
    assert [thing["title"] for name, thing in things.items() if name.startswith("place:g")] == ["Team"]


def test_a_file_without_a_world_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "world.toml"
    with pytest.raises(SystemExit) as exited:
        main(["--world", str(path)])
    assert (exited.value.code, capsys.readouterr().err.splitlines()[-1]) == (
        2,
        f"python -m tgslices.testing: error: argument --world: [Errno 2] No such file or directory: '{path}'",
    )


async def test_it_says_so_when_it_does_not_bind_to_loopback() -> None:
    async with command("--host", "0.0.0.0") as (process, _):
        warning = (await process.stderr.readline()).decode()
    assert warning == "0.0.0.0 is not loopback; whoever reaches it can play every person and bot.\n"


async def test_the_log_says_what_was_asked_even_of_a_method_that_there_is_not() -> None:
    async with command("--verbose") as (process, printed):
        url, token = re.search(r"Bot API: +(\S+)", printed), re.search(r"token (\S+)", printed)
        assert url and token
        async with aiohttp.ClientSession() as client, client.post(f"{url[1]}/bot{token[1]}/noSuchThing") as answer:
            assert (await answer.json())["error_code"] == 404
        line = (await process.stderr.readline()).decode()
        assert line.endswith("noSuchThing {}: Not Found: method not found\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "99999"], "Cannot listen on 127.0.0.1:99999: a port is a number from 0 to 65535.\n"),
        (["--port", "-1"], "Cannot listen on 127.0.0.1:-1: a port is a number from 0 to 65535.\n"),
        (["--host", "a..b"], "Cannot listen on a..b:0: this is no name of a host.\n"),
    ],
    ids=["too large", "negative", "no name"],
)
def test_an_address_that_there_is_not_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr() == ("", complaint)


async def test_a_bot_gets_the_token_that_it_is_configured_with() -> None:
    async with command("--bot", "order_bot", "--bot", "help_bot", "--token", "42:secret") as (_, printed):
        assert "@order_bot: token 42:secret\n" in printed
        assert re.search(r"^@help_bot: token (\d+):(?!secret)\S+$", printed, re.MULTILINE)


@pytest.mark.parametrize(
    ("tokens", "complaint"),
    [
        (["nonsense"], NO_TOKEN),
        (["42:a", "43:b"], "there are 2 tokens for 1 bots; add a bot with --bot"),
    ],
    ids=["no token", "too many"],
)
def test_a_token_that_cannot_be_had_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], tokens: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit):
        main([argument for token in tokens for argument in ("--token", token)])
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"python -m tgslices.testing: error: argument --token: {complaint}"
    )


@pytest.mark.parametrize("url", ["memory://", "sqlite:///slices.db", "sqlite+aiosqlite:///slices.db"])
def test_a_storage_that_another_process_keeps_to_itself_is_refused(
    capsys: pytest.CaptureFixture[str], url: str
) -> None:
    with pytest.raises(SystemExit):
        main(["--storage", url])
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"python -m tgslices.testing: error: argument --storage: What is kept in {url.partition(':')[0]} is known to "
        "the bot's process alone. Call api.inspect(bot.sessions) there, with BotApi(page=True)."
    )


def test_a_storage_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--storage", "nonsense"])
    assert capsys.readouterr().err.splitlines()[-1] == (
        "python -m tgslices.testing: error: argument --storage: The URL of the storage has no scheme. "
        "Write it like sqlite:///slices.db, postgresql://user:password@host/database, redis://host or memory://."
    )


async def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, printed, complained = await refused("--port", str(port))
    assert (code, printed) == (1, b"")
    assert complained.startswith(f"Cannot listen on 127.0.0.1:{port}: ")
    assert complained.count("\n") == 1
