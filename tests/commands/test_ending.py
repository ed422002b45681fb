"""How a command ends: its exit code, what it says, what it never says, and what it leaves as it was."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import BOT, run, run_process
from tests.storage.sqlalchemy.backends import PostgresServer
from tests.storage.sqlalchemy.test_described import where, write_version_1
from tgslices.commands.main import main
from tgslices.model import SessionKey
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage

IDENTITY = ("--bot", str(BOT))
ORDER = SessionKey(BOT, 7, 7, qualifier="order")
NAME = "chat=7,user=7,qualifier=order"
SECRET = "topsecret"

__all__ = ("where",)


@pytest.fixture
async def kept(tmp_path: Path) -> str:
    """A file that a bot has left, with sessions whose names fill more than a pipe."""
    url = f"sqlite:///{tmp_path / 'slices.db'}"
    storage = SQLAlchemySessionStorage(url)
    for number in range(60):
        await storage.open(SessionKey(BOT, number, qualifier="x" * 3_000), at=datetime.now(UTC))
    await storage.aclose()
    return url


@pytest.mark.parametrize(
    "words",
    [
        ("sessions", "sqlite:///nowhere.db"),
        ("sessions", "redis://127.0.0.1:1"),
        ("show", "sqlite:///nowhere.db", "nonsense"),
        ("close", "sqlite:///nowhere.db", NAME),
        ("check", "nonsense"),
        ("pending", "env:NOT_SET"),
    ],
    ids=str,
)
def test_an_error_is_json_where_json_is_asked_for(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, *IDENTITY]) == 2
    told = capsys.readouterr()
    assert main([*words, *IDENTITY, "--json"]) == 2
    as_json = capsys.readouterr()
    assert (told.out, as_json.err) == ("", "")
    assert json.loads(as_json.out) == {"error": told.err.removesuffix("\n")}


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{SECRET}/more@127.0.0.1:1",
        f"redis://:{SECRET}?more@127.0.0.1:1",
        f"redis://:{SECRET}#more@127.0.0.1:1",
        f"redis://bot:{SECRET}@[::1/0",
        f"redis://bot:{SECRET}@127.0.0.1:port/0",
        f"postgresql://bot:more@{SECRET}@127.0.0.1:1/bot",
        f"postgresql://bot:{SECRET}@127.0.0.1:port/bot",
        f"postgresql://127.0.0.1:1/bot?password={SECRET}",
        f"postgresql://bot:{SECRET}@127.0.0.1:1/bot?sslmode=nonsense",
        f"mysql://bot:{SECRET}@127.0.0.1/bot",
    ],
)
def test_a_password_is_told_to_nobody(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", url, *IDENTITY]) == 2
    said = capsys.readouterr()
    assert said.err
    assert SECRET not in said.out + said.err
    assert "Traceback" not in said.err


def test_an_error_that_nobody_expected_is_no_finding_and_hides_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise LookupError(SECRET)

    monkeypatch.setattr("tgslices.commands.opening.open_storage", fail)
    assert main(["check", "plugin://", *IDENTITY, "--json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {"error": "LookupError was not expected. Report it with the lines above it."}
    assert "in fail" in said.err
    assert SECRET not in said.err


async def test_the_url_may_be_that_of_a_variable(kept: str) -> None:
    ran = await run_process("sessions", "env:SLICES_URL", *IDENTITY, "--count", SLICES_URL=kept)
    assert (ran.code, ran.out) == (0, "60\n")


async def ended(*words: str, **how: Any) -> tuple[int, str]:
    """Run a command whose output nobody reads to its end; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tgslices", *words), stderr=asyncio.subprocess.PIPE, **how
    )
    if process.stdout is not None:
        await process.stdout.readline()
        process.stdout._transport.close()  # type: ignore[attr-defined]  # as head does
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.parametrize("words", [("--names",), ("--json",), ("--limit", "60")], ids=str)
async def test_a_reader_that_has_gone_is_no_error(kept: str, words: tuple[str, ...]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reading, writing = os.pipe()
    os.close(reading)
    code, said = await ended("sessions", kept, *IDENTITY, *words, stdout=writing, env=environment)
    os.close(writing)
    assert (code, said) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("words", [(), ("--json",)], ids=str)
async def test_what_cannot_be_written_is_an_error(kept: str, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        code, said = await ended("sessions", kept, *IDENTITY, *words, stdout=full)
    assert code == 2
    assert "No space left on device" in said


async def test_a_command_that_is_interrupted_says_so() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tgslices", "sessions", url, *IDENTITY), stderr=asyncio.subprocess.PIPE
    )
    connection, _ = await asyncio.to_thread(silent.accept)
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    assert (process.returncode, said.decode()) == (
        130,
        "Interrupted. What was begun is finished by the bot, or by the same command again.\n",
    )
    connection.close()
    silent.close()


@pytest.mark.parametrize(
    "words",
    [
        ("sessions", "--older-than", "999999999d"),
        ("sessions", "--limit", "0"),
        ("sessions", "--limit", "10001"),
        ("sessions", "--chat", "9223372036854775808"),
        ("sessions", "--user", "٣"),
        ("page", "--port", "65536"),
        ("check", "--margin", "999999999d"),
    ],
    ids=str,
)
def test_a_number_that_is_out_of_range_is_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([words[0], "sqlite:///nowhere.db", *IDENTITY, *words[1:]])
    assert left.value.code == 2
    assert f"argument {words[1]}" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["close", "forget", "extend", "settle", "erase", "clear"])
def test_a_verb_that_writes_makes_no_file(tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    named = {"settle": [], "erase": ["7"]}.get(verb, [NAME])
    assert main([verb, "--write", f"sqlite:///{tmp_path / 'slices.db'}", *named, *IDENTITY]) == 2
    assert "There is no SQLite file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


async def test_a_verb_that_writes_upgrades_nothing(postgres: PostgresServer, where: str) -> None:
    await write_version_1(postgres, where)
    for _ in range(2):
        ran = await run("close", "--write", where, NAME, *IDENTITY)
        assert (ran.code, ran.out) == (2, "")
        assert "have version 1, and this release needs version 2. The bot upgrades them when it starts." in ran.err


async def test_what_bots_share_is_written_beside_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'slices.db'}"
    storage = SQLAlchemySessionStorage(url, shared=True)
    await storage.open(ORDER, at=datetime.now(UTC))
    ran = await run_process("close", "--write", url, NAME, *IDENTITY)
    assert (ran.code, ran.err) == (0, "")
    assert await storage.open_keys(BOT) == []
    await storage.aclose()


@pytest.mark.parametrize("url", ["postgresql", "redis"], indirect=True)
async def test_a_prefix_and_a_schema_lead_to_what_a_bot_keeps_under_them(url: str, postgres: PostgresServer) -> None:
    options: dict[str, Any] = {"prefix": "shop_"}
    if url.startswith("postgresql"):
        options["schema"] = "till"
        await postgres.execute(re.findall(r"test_\d+", url)[0], "CREATE SCHEMA till")
    storage = open_storage(url, **options)
    assert isinstance(storage, RedisSessionStorage | SQLAlchemySessionStorage)
    await storage.open(ORDER, at=datetime.now(UTC))
    await storage.aclose()
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    assert (await run("sessions", url, *IDENTITY, "--names", *words)).out == f"{NAME}\n"
    assert (await run("close", "--write", url, NAME, *IDENTITY, *words)).code == 0
    assert (await run("sessions", url, *IDENTITY, "--count", *words)).out == "0\n"


@pytest.mark.parametrize("url", ["redis"], indirect=True)
async def test_an_option_that_the_storage_does_not_know_is_named(url: str) -> None:
    ran = await run("sessions", url, *IDENTITY, "--schema", "till")
    assert ran.code == 2
    assert ran.err == "A storage of the scheme redis has no option schema. It takes prefix, timeout, reads_only.\n"


async def test_a_server_of_a_socket_is_reached(tmp_path: Path, redis_server: Any) -> None:
    ran = await run("sessions", f"unix://{tmp_path / 'nobody.sock'}", *IDENTITY)
    assert ran.code == 2
    assert "cannot be reached" in ran.err


async def test_names_go_on_to_the_end_and_a_limit_ends_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'slices.db'}"
    storage = SQLAlchemySessionStorage(url)
    for number in range(120):
        await storage.open(SessionKey(BOT, number), at=datetime.now(UTC))
    await storage.aclose()
    assert len((await run("sessions", url, *IDENTITY, "--names")).out.splitlines()) == 120
    assert len((await run("sessions", url, *IDENTITY, "--names", "--limit", "7")).out.splitlines()) == 7


async def test_a_terminal_is_told_nothing_that_it_would_obey(storage: DurableSessionStorage, url: str) -> None:
    text = '"\x9b31m\u202e\u2028é"'
    await storage.open(ORDER, at=datetime.now(UTC))
    await storage.put_data(ORDER, {"form": StoredData(text, 1, datetime.now(UTC))})
    shown = await run("show", url, NAME, *IDENTITY, "--data")
    assert '"\\x9b31m\\u202e\\u2028é"' in shown.out
    as_json = await run_process("show", url, NAME, *IDENTITY, "--data", "--json", PYTHONIOENCODING="ascii")
    assert as_json.json["data"]["form"]["value"] == text
    assert (await run_process("show", url, NAME, *IDENTITY, "--data", PYTHONIOENCODING="ascii")).code == 0


async def test_a_file_that_may_not_be_written_is_read_and_nothing_is_made_beside_it(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    reader = SQLAlchemySessionStorage(kept, reads_only=True)
    assert len(await reader.open_keys(BOT)) == 60
    assert {path.name for path in tmp_path.iterdir()} == {"slices.db", "slices.db-tgslices_lock"}
    with closing(sqlite3.connect(tmp_path / "slices.db")) as bot, bot:
        bot.execute("DELETE FROM tgslices_keys WHERE chat_id < 30")
        bot.commit()
        assert len(await reader.open_keys(BOT)) == 30
    await reader.aclose()
