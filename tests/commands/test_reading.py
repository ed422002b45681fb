"""Verbs that look, while the bot is running."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands.conftest import BOT, run
from tgslices.commands.arguments import VERBS, read_arguments
from tgslices.commands.main import main
from tgslices.model import SessionKey
from tgslices.storage.acquiring import durable
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.ending_protocol import Due
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.testing.contract.samples import sent

HOUR = timedelta(hours=1)
ORDER = SessionKey(BOT, 7, 7, qualifier="order")
IDENTITY = ("--bot", str(BOT))


async def make(url: str) -> None:
    """Make a file with nothing in it."""
    storage = durable(open_storage(url))
    await storage.start()
    await storage.aclose()


async def open_each(storage: DurableSessionStorage, count: int) -> datetime:
    """Open sessions an hour apart, the oldest first; return the present."""
    now = datetime.now(UTC)
    for number in range(count):
        key = SessionKey(BOT, number % 2, number, qualifier=f"number {number}")
        await storage.open(key, at=now - (count - number) * HOUR)
    return now


async def test_sessions_are_listed_in_pages_while_the_bot_is_running(storage: DurableSessionStorage, url: str) -> None:
    await open_each(storage, 5)
    first = await run("sessions", url, *IDENTITY, "--limit", "3")
    assert (first.code, first.err) == (0, "")
    *table, more = first.out.splitlines()
    assert table[0].split() == ["OPENED", "ACTIVE", "ENTRIES", "OLDEST", "DUE", "IN", "SESSION"]
    assert [line.split()[:2] for line in table[1:]] == [["5", "h"], ["4", "h"], ["3", "h"]]
    assert table[1].endswith("chat=0,user=0,qualifier=number%200")
    rest = await run("sessions", url, *IDENTITY, "--json", "--after", more.split()[-1])
    assert [it["session"].split("=")[-1] for it in rest.json["sessions"]] == ["number%203", "number%204"]
    assert rest.json["after"] is None


async def test_sessions_are_chosen_by_chat_person_qualifier_and_age(storage: DurableSessionStorage, url: str) -> None:
    await open_each(storage, 5)
    for options, names in {
        ("--chat", "1"): ["chat=1,user=1,qualifier=number%201", "chat=1,user=3,qualifier=number%203"],
        ("--user", "2"): ["chat=0,user=2,qualifier=number%202"],
        ("--qualifier", "number 4", "--qualifier", ""): ["chat=0,user=4,qualifier=number%204"],
        ("--older-than", "4h"): ["chat=0,user=0,qualifier=number%200", "chat=1,user=1,qualifier=number%201"],
    }.items():
        listed = await run("sessions", url, *IDENTITY, "--names", *options)
        assert listed.out.splitlines() == names
        counted = await run("sessions", url, *IDENTITY, "--count", *options)
        assert counted.out == f"{len(names)}\n"


async def test_a_session_is_shown_by_its_name_with_its_data_masked(storage: DurableSessionStorage, url: str) -> None:
    now = datetime.now(UTC)
    await storage.open(ORDER, at=now - 2 * HOUR)
    await storage.add(ORDER, sent(11, date=now - HOUR, at=now - HOUR))
    await storage.put_data(ORDER, {"form": StoredData('"12 Harbour Road"', 1, now)})
    name = "chat=7,user=7,qualifier=order"
    shown = await run("show", url, name, *IDENTITY)
    assert shown.code == 0
    assert f"{name} is open." in shown.out
    assert "Opened 2 h ago" in shown.out
    assert "Entries: 1." in shown.out
    assert "17 characters" in shown.out
    assert "Harbour" not in shown.out
    asked = await run("show", url, name, *IDENTITY, "--data", "--json")
    assert asked.json["data"]["form"]["value"] == '"12 Harbour Road"'
    assert [entry["message_id"] for entry in asked.json["entries"]] == [11]
    masked = await run("show", url, name, *IDENTITY, "--json")
    assert "Harbour" not in masked.out
    none = await run("show", url, "chat=8", *IDENTITY)
    assert (none.code, none.out.splitlines()[0]) == (0, "chat=8 is not open.")


async def test_pending_deletions_and_due_sessions_are_listed(storage: DurableSessionStorage, url: str) -> None:
    now = datetime.now(UTC)
    await storage.open(ORDER, at=now, due=Due(now + 3 * HOUR, now + 40 * HOUR))
    await storage.add(ORDER, sent(11, date=now, at=now))
    await storage.add(ORDER, sent(12, date=now, at=now))
    await storage.claim(ORDER, None, now=now, until=now + 2 * HOUR, limit=None)
    pending = await run("pending", url, *IDENTITY, "--json", "--limit", "1")
    assert pending.json["count"] == 2
    assert pending.json["pending"][0]["session"] == "chat=7,user=7,qualifier=order"
    table = await run("pending", url, *IDENTITY, "--limit", "1")
    assert "1 h" in table.out
    assert f"There are more: --after {pending.json['after']}" in table.out
    rest = await run("pending", url, *IDENTITY, "--json", "--limit", "9", "--after", pending.json["after"])
    seen = [it["message"]["message_id"] for it in (*pending.json["pending"], *rest.json["pending"])]
    assert (sorted(seen), rest.json["count"], rest.json["after"]) == ([11, 12], 2, None)
    due = await run("due", url, *IDENTITY)
    assert due.out.splitlines()[1].split()[-3:] == ["2", "h", "chat=7,user=7,qualifier=order"]
    assert "The next pending deletion is due in 1 h." in due.out


async def test_pending_deletions_are_counted_by_how_long_they_have_been(
    storage: DurableSessionStorage, url: str
) -> None:
    now = datetime.now(UTC)
    for number, hours in enumerate((0, 2, 30)):
        await storage.add(ORDER, sent(number, date=now, at=now))
        await storage.claim(ORDER, None, now=now - hours * HOUR, until=now + HOUR)
    counted = await run("pending", url, *IDENTITY, "--count")
    older = {"1 min": 2, "1 h": 2, "1 d": 1}
    assert counted.out.splitlines() == ["3", *(f"{n} of them for {age} or longer" for age, n in older.items())]
    asked = await run("pending", url, *IDENTITY, "--count", "--json")
    assert asked.json == {"count": 3, "pending_for": {"60": 2, "3600": 2, "86400": 1}}
    shown = await run("show", url, "chat=7,user=7,qualifier=order", *IDENTITY, "--json")
    assert shown.json["pending"] == 3
    other = await run("show", url, "chat=7,user=7,qualifier=other", *IDENTITY, "--json")
    assert other.json["pending"] == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("sessions",), "Pass --bot ID, or set BOT_TOKEN."),
        (("sessions", *IDENTITY, "--after", "nowhere"), "is no place in a list of sessions"),
        (("show", "user=7", *IDENTITY), "'user=7' names no session. Write it as it is listed"),
        (("show", "chat=7,chat=8", *IDENTITY), "names no session"),
        (("show", "chat=x", *IDENTITY), "names no session"),
    ],
    ids=str,
)
def test_what_cannot_be_done_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'slices.db'}"
    asyncio.run(make(url))
    assert main([words[0], url, *words[1:]]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert text in said.err


@pytest.mark.parametrize("url", ["sqlite:///{}/slices.db", "sqlite:///file:{}/slices.db?uri=true"])
def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", url.format(tmp_path), *IDENTITY]) == 2
    assert f"There is no SQLite file at '{tmp_path}/slices.db'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    asyncio.run(make(f"sqlite:///{tmp_path}/slices.db"))
    assert main(["sessions", url.format(tmp_path), *IDENTITY]) == 0


def test_what_is_in_memory_cannot_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "memory://", *IDENTITY]) == 2
    assert capsys.readouterr().err.startswith("What is in memory is gone with its process.")


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_verb_shows_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        read_arguments([verb, "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert f"tgslices {verb} " in shown.partition("example:")[2]
    assert "--json" in shown


@pytest.mark.parametrize("time", ["", "5", "h", "1.5h", "-2h", "9w"])
def test_what_is_no_length_of_time_is_refused(time: str) -> None:
    with pytest.raises(SystemExit) as left:
        read_arguments(["sessions", "redis://host", f"--older-than={time}"])
    assert left.value.code == 2
