"""The example's own verdict: it passes as it stands, and fails when the bot does not do what it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from examples.order_flow.__main__ import main
from tests.examples.runs import MODULE, run
from tests.storage.conftest import postgres, postgres_url, redis_server
from tests.storage.redis.servers import RedisServer
from tests.thoroughness import some_of

__all__ = ["postgres", "postgres_url", "redis_server"]

pytestmark = pytest.mark.timeout(300)  # a new process takes its time on a busy machine

SPOILT = """
import sys
from examples.order_flow.__main__ import main
from tgslices import Session

honest = Session.clear

{spoil}

Session.clear = clear
sys.exit(main())
"""

FORGETS_ONE = """
async def clear(self, predicate=None):
    first, *_ = await self.messages()
    return await honest(self, predicate or (lambda entry: entry != first))
"""

WIPES_SUPPORT_TOO = """
async def clear(self, predicate=None):
    await honest(self.bot.sessions.get(self.chat_id, self.user_id, qualifier="support"))
    return await honest(self, predicate)
"""


def spoilt(folder: Path, spoil: str) -> str:
    """Write a program that spoils what the example does and runs it; return its path."""
    program = folder / "spoilt.py"
    program.write_text(SPOILT.format(spoil=spoil), "utf-8")
    return str(program)


@pytest.fixture
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_TOKEN", raising=False)


@pytest.fixture(params=some_of(["sqlite", "postgresql", "redis"], 1))
def storage(request: pytest.FixtureRequest) -> list[str]:
    """Arguments that choose a storage; SQLite is what the example takes when nothing is said."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        with server.client() as client:
            client.flushall()
        return ["--storage", server.url]
    return [] if request.param == "sqlite" else ["--storage", request.getfixturevalue("postgres_url")]


async def test_the_customer_sees_support_and_the_farewell_and_nothing_else(tmp_path: Path) -> None:
    played = await run(MODULE, cwd=tmp_path)
    assert (played.code, played.err) == (0, "")
    before, rest = played.out.split("After /done:")
    after, abandoned = rest.split("After two hours without a word:")
    assert re.findall(r"^ +\d+  (.*)$", before, re.MULTILINE) == [
        "Ann: /order",
        "Order bot: One large pizza. Where to? Type the address.",
        "Ann: /support",
        "Order bot: What can we help with? Reply to this message.",
        "Ann: Do you deliver after ten?",
        "Order bot: We deliver until eleven, also to your door.  [That helped]",
        "Ann: 12 Harbour Road",
        "Order bot: One large pizza to 12 Harbour Road. Shall we?  [Order it] [Change it] [Drop it]",
        "Ann: /start",
        "Order bot: On its way: one large pizza to 12 Harbour Road. Send /done when it has arrived, or /cancel.",
    ]
    assert re.findall(r"^ +\d+  (.*)$", after, re.MULTILINE) == [
        "Ann: /support",
        "Order bot: What can we help with? Reply to this message.",
        "Ann: Do you deliver after ten?",
        "Order bot: We deliver until eleven, also to your door.  [That helped]",
        "Order bot: Enjoy your pizza! I have tidied up after us.",
    ]
    assert "The wipe took 7 messages in 1 request: ClearResult(7, accepted=7, requests=1)." in after
    assert "The server's log has 7 messages in 1 request." in after
    assert re.findall(r"^ +\d+  (.*)$", abandoned, re.MULTILINE) == [
        "Ann: /support",
        "Order bot: What can we help with? Reply to this message.",
        "Ann: Do you deliver after ten?",
        "Order bot: We deliver until eleven, also to your door. Case closed; its 4 messages stay here.",
        "Order bot: Enjoy your pizza! I have tidied up after us.",
        "Order bot: Nothing came for two hours, so your order was cancelled. /order begins another one.",
    ], "what was ordered last is gone"
    assert abandoned.endswith("All 9 messages of the order are gone; the 6 others are there.\n")
    assert list(tmp_path.iterdir()) == []


async def test_a_bot_that_leaves_a_message_behind_fails(tmp_path: Path) -> None:
    played = await run(spoilt(tmp_path, FORGETS_ONE))
    assert played.code == 1
    assert played.err == ("The rehearsal failed.\nStill visible, though it belongs to the order:    1  Ann: /order\n")


async def test_a_bot_that_wipes_too_much_fails(tmp_path: Path) -> None:
    played = await run(spoilt(tmp_path, WIPES_SUPPORT_TOO))
    assert played.code == 1
    verdict, *lines = played.err.splitlines()
    assert verdict == "The rehearsal failed."
    assert [line.partition(":    ") for line in lines] == [
        ("Gone, though it belongs to support", ":    ", line)
        for line in (
            "3  Ann: /support",
            "4  Order bot: What can we help with? Reply to this message.",
            "5  Ann: Do you deliver after ten?",
            "6  Order bot: We deliver until eleven, also to your door.  [That helped]",
        )
    ]


def test_an_unknown_storage_gets_one_line(capsys: pytest.CaptureFixture[str], no_token: None) -> None:
    assert main(["--storage", "nonsense://here"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "nonsense" in err


def test_crashing_without_a_durable_storage_gets_one_line(capsys: pytest.CaptureFixture[str], no_token: None) -> None:
    assert main(["--crash", "--storage", "memory://"]) == 2
    assert capsys.readouterr() == (
        "",
        "--crash needs a storage that outlives the process; leave out --storage for SQLite.\n",
    )


@pytest.mark.parametrize("lease", ["0", "-1", "nan", "inf", "3601", "soon"])
def test_a_lease_that_is_no_duration_is_refused(lease: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([f"--lease={lease}"])
    assert left.value.code == 2
    assert capsys.readouterr().err.endswith(
        f"error: argument --lease: {lease!r} is no number of seconds from 1 to 3600\n"
    )


def test_help_names_every_option_and_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("--storage", "--lease", "--crash", "BOT_TOKEN", "BOT_API"))


@pytest.mark.timeout(500)
async def test_the_slice_survives_two_kills(storage: list[str]) -> None:
    played = await run(MODULE, "--crash", *storage)
    assert (played.code, played.err) == (0, "")
    kills = re.findall(r"^Killed process (\d+) in the middle of the (\w+)", played.out, re.MULTILINE)
    assert [place for _, place in kills] == ["order", "wipe"]
    started = re.findall(r"^Started the bot as process (\d+)\.$", played.out, re.MULTILINE)
    assert [number for number, _ in kills] == started[:2]
    assert len(set(started)) == 3
    left, whole = map(int, re.findall(r"; (\d+) of (\d+) messages are still there", played.out)[0])
    assert 0 < left < whole
    assert played.out.endswith(f"All {whole + 1} messages of the order are gone; the 5 others are there.\n")
