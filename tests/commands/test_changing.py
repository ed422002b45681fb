"""Verbs that change: nothing without ``--write``, and what they promise with it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.commands.conftest import BOT, run, run_process
from tgslices import SessionBot
from tgslices.commands.main import main
from tgslices.config import SessionConfig
from tgslices.manager import SessionManager
from tgslices.model import SessionKey
from tgslices.storage.acquiring import durable
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.ending_protocol import Due
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.testing import BotApi, Failure
from tgslices.testing.contract.samples import sent

HOUR = timedelta(hours=1)
ORDER = SessionKey(BOT, 7, 7, qualifier="order")
NAME = "chat=7,user=7,qualifier=order"
IDENTITY = ("--bot", str(BOT), "--json")


@pytest.fixture
async def left(url: str) -> AsyncIterator[DurableSessionStorage]:
    """What a bot left behind: the storage, which is closed while the command runs."""
    storage = durable(open_storage(url))
    await storage.open(ORDER, at=datetime.now(UTC), due=Due(datetime.now(UTC) + HOUR, datetime.now(UTC) + HOUR))
    for number in range(3):
        await storage.add(ORDER, sent(number, at=datetime.now(UTC)))
    await storage.put_data(ORDER, {"form": StoredData("1", 1, datetime.now(UTC))})
    await storage.aclose()
    yield storage
    await storage.aclose()


async def test_nothing_is_changed_unless_told_to_write(left: DurableSessionStorage, url: str) -> None:
    for words in (("close", url, NAME), ("erase", url, "7"), ("settle", url)):
        ran = await run(*words, *IDENTITY)
        assert (ran.code, ran.err) == (2, "")
        text = f"Nothing was changed: tgslices {words[0]} changes what is stored. Add --write."
        assert ran.json == {"error": text}
    await left.start()
    assert len(await left.list(ORDER)) == 3


async def test_a_session_is_forgotten_extended_and_closed(left: DurableSessionStorage, url: str) -> None:
    forgotten = await run("forget", "--write", url, NAME, *IDENTITY)
    assert forgotten.json == {"session": NAME, "dropped": 3}
    extended = await run("extend", "--write", url, NAME, *IDENTITY, "--by", "5h")
    assert extended.json["extended"] is True
    await left.start()
    [listed] = await left.look_at_sessions([ORDER])
    assert listed.due_at is not None
    assert listed.due_at - datetime.now(UTC) > 4 * HOUR
    await left.aclose()
    closed = await run("close", "--write", url, "-", *IDENTITY, stdin=f"{NAME}\n\n")
    assert closed.json == {"session": NAME, "dropped": 0}
    await left.start()
    assert await left.open_keys(BOT) == []
    assert await left.read_data(ORDER, now=datetime.now(UTC)) == {}
    never = await run("extend", "--write", url, NAME, *IDENTITY) if not url.startswith("sqlite") else None
    assert never is None or (never.code, "does not end by itself" in never.json["error"]) == (2, True)


async def test_a_file_that_a_running_bot_owns_is_not_written_and_can_be_read(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'slices.db'}"
    storage = durable(open_storage(url))
    await storage.open(ORDER, at=datetime.now(UTC))
    ran = await run_process("close", "--write", url, NAME, *IDENTITY)
    assert (ran.code, ran.err) == (2, "")
    assert "is owned alone by process" in ran.json["error"]
    assert (await run_process("sessions", url, *IDENTITY, "--count")).json == {"count": 1}
    await storage.aclose()


async def test_telegram_is_asked_with_the_token_of_the_environment(url: str) -> None:
    asks = run_process if url.startswith("sqlite") else run
    async with BotApi() as api:
        account, ann = api.add_bot("order_bot"), api.add_person("Ann")
        chat = ann.private_chat(account)
        environment = {"BOT_TOKEN": account.token, "BOT_API": api.url}
        storage = durable(open_storage(url))
        async with SessionBot(account.token, session=api.client_session()) as bot:
            manager = SessionManager(bot, SessionConfig(storage=storage))
            order = await manager.get(chat.id, ann.id, qualifier="order").open()
            support = await manager.get(chat.id, ann.id, qualifier="support").open()
            for session in (order, order, support):
                await chat.until(lambda view: True)
                await session.track(await bot.send_message(chat.id, "hello"))
            now = datetime.now(UTC)
            await storage.claim(support.key, None, now=now, until=now)
            await storage.aclose()
        name = f"chat={chat.id},user={ann.id},qualifier=order"
        tokenless = await run("clear", "--write", url, name, "--bot", str(account.id))
        assert (tokenless.code, tokenless.err) == (
            2,
            "Telegram has to be asked, and there is no token. Set BOT_TOKEN.\n",
        )
        cleared = await asks("clear", "--write", url, name, "--json", **environment)
        assert cleared.json == {"session": name, "accepted": 2, "requests": 1}
        assert len(chat.texts()) == 1
        settled = await asks("settle", "--write", url, "--json", **environment)
        assert settled.json["result"] == {"accepted": 1, "requests": 1}
        assert chat.texts() == []
        erased = await asks("erase", "--write", url, str(ann.id), "--json", **environment)
        assert (erased.json["sessions"], erased.json["is_whole"]) == (2, True)
        assert (await run("sessions", url, "--json", "--count", **environment)).json == {"count": 0}
        for ran in (tokenless, cleared, settled, erased):
            assert account.token not in ran.out + ran.err


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_what_telegram_refuses_is_told_without_the_token(left: DurableSessionStorage, url: str) -> None:
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        await left.start()
        key = SessionKey(account.id, 7, 7)
        await left.open(key, at=datetime.now(UTC))
        await left.add(key, sent(1, date=datetime.now(UTC), at=datetime.now(UTC)))
        await left.aclose()
        api.faults.add(Failure(401, f"Unauthorized: /bot{account.token}/deleteMessages"), method="deleteMessages")
        environment = {"BOT_TOKEN": account.token, "BOT_API": api.url}
        refused = await run("clear", "--write", url, "chat=7,user=7", "--json", **environment)
        assert (refused.code, refused.err) == (2, "")
        assert refused.json["error"].startswith("Telegram was asked, and that failed (TelegramUnauthorizedError: ")
        assert account.token not in refused.out
        nonsense = await run("clear", "--write", url, "chat=7", "--bot", "42", BOT_TOKEN="nonsense")
        assert (nonsense.code, nonsense.err) == (2, "BOT_TOKEN holds no token. Set it as BotFather has told it.\n")


@pytest.mark.parametrize("words", [("--json",), ()], ids=["json", "text"])
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_deletions_that_stay_pending_have_an_exit_code_of_their_own(
    left: DurableSessionStorage, url: str, words: tuple[str, ...]
) -> None:
    async with BotApi() as api:
        account, ann = api.add_bot("order_bot"), api.add_person("Ann")
        environment = {"BOT_TOKEN": account.token, "BOT_API": api.url}
        chat = ann.private_chat(account)
        await left.start()
        key, now = SessionKey(account.id, chat.id), datetime.now(UTC)
        async with SessionBot(account.token, session=api.client_session()) as bot:
            for text in ("one", "two"):
                message = await bot.send_message(chat.id, text)
                await left.add(key, sent(message.message_id, chat.id, date=now, at=now))
        await left.aclose()
        api.faults.add(Failure(429, "Too Many Requests: retry after 3600"), method="deleteMessages")
        cleared = await run("clear", "--write", url, f"chat={chat.id}", *words, **environment)
        assert cleared.code == 3
        assert (
            cleared.err
            == "2 deletions stay pending: a running bot goes on with what is due, as does tgslices settle.\n"
        )
        if words:
            assert cleared.json == {"session": f"chat={chat.id}", "pending": 2, "requests": 1}
        assert len(chat.texts()) == 2
        settled = await run("settle", "--write", url, *words, **environment)  # nothing is due yet
        assert (settled.code, settled.err) == (0, "")


@pytest.mark.parametrize(
    "words",
    [("nothing",), (), ("sessions",), ("sessions", "redis://h", "--limit", "0"), ("close", "redis://h", "x", "--what")],
    ids=str,
)
def test_a_command_line_that_cannot_be_read_is_told_as_json_where_json_is_asked_for(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for more in ((), ("--json",)):
        with pytest.raises(SystemExit) as stopped:
            main([*words, *more])
        assert stopped.value.code == 2
        told.append(capsys.readouterr())
    text, as_json = told
    assert (text.out, as_json.err) == ("", "")
    assert text.err.startswith("usage: tgslices")
    _, _, mistake = text.err.rstrip("\n").partition(": error: ")
    assert mistake
    assert json.loads(as_json.out)["error"].partition(". Look at tgslices")[0].startswith(mistake[:20])
