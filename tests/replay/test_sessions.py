"""Sessions replayed through a dispatcher: what is recorded is copied, and the copies are recorded around."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Dispatcher, F
from aiogram.types import InputMediaPhoto

from tests.promises.fed_bot import FedBot, ids_in, polling, texts_of
from tests.storage.conftest import any_storage, emptied_postgres_url, postgres, postgres_url, redis_server
from tgslices import (
    ConfigurationError,
    PredicateFailed,
    SessionBot,
    SessionStorage,
    setup_sessions,
)
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import BotApi, Chat, ChatView

__all__ = ("any_storage", "emptied_postgres_url", "postgres", "postgres_url", "redis_server")


@pytest.fixture
def storage(any_storage: SessionStorage) -> SessionStorage:
    """Where the sessions of the bot are kept."""
    return any_storage


@pytest.fixture
async def fed(storage: SessionStorage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FedBot]:
    """A bot that polls, and Ann."""
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        ann = api.add_person("Ann")
        dispatcher = Dispatcher()
        async with SessionBot(account.token, session=api.client_session()) as bot:
            setup_sessions(dispatcher, bot, storage=storage)
            fed = FedBot(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)
            async with polling(dispatcher, bot):
                yield fed


@pytest.fixture
def desk(fed: FedBot) -> Chat:
    """Where sessions are replayed to."""
    return fed.api.add_supergroup("Desk", members=[fed.ann, fed.account])


def at(desk: Chat, fed: FedBot) -> ChatView:
    """Return the desk as Ann sees it."""
    return fed.ann.view(desk)


async def test_a_conversation_is_copied_both_ways_with_its_albums(fed: FedBot, desk: Chat) -> None:
    session = fed.session("order")
    await session.send_message("Which pizza?")
    await fed.says("Margherita")
    await fed.chat.sends_album()
    await fed.settled()
    await session.send_media_group([InputMediaPhoto(media=f"https://example.org/{n}.jpg") for n in range(3)])
    result = await session.replay(desk.id)
    assert result.requests == 4
    assert len(result.copied) == 7
    assert list(result.copied) == await session.messages()
    assert at(desk, fed).texts()[-7:][:2] == ["Which pizza?", "Margherita"]


async def test_a_block_around_records_the_copies(fed: FedBot, desk: Chat) -> None:
    order, case = fed.session("order"), fed.bot.sessions.get(desk.id, qualifier="case")
    await order.send_message("one")
    await order.send_message("two")
    async with case:
        result = await order.replay(desk.id)
    assert await ids_in(case) == list(result.copied.values())
    assert await texts_of(order, fed.chat) == ["one", "two"]
    assert int(await case.clear()) == 2
    assert fed.chat.texts() == ["one", "two"]


@pytest.mark.parametrize("exact", [True, False])
async def test_recorded_copies_are_of_the_kinds_of_their_originals_and_albums_stay_albums(
    fed: FedBot, desk: Chat, exact: bool
) -> None:
    order, case = fed.session("order"), fed.bot.sessions.get(desk.id, qualifier="case")
    await order.send_message("one")
    for _ in range(2):
        await order.send_media_group([InputMediaPhoto(media=f"https://example.org/{n}.jpg") for n in range(3)])
    async with case:
        await order.replay(desk.id, exact=exact)
        await fed.bot.copy_message(desk.id, fed.chat.id, (await order.messages())[0].message_id)
    text, *photos, by_hand = await case.messages()
    assert [entry.kind for entry in (text, *photos, by_hand)] == ["text", *["photo"] * 6, None]
    assert (
        len({entry.media_group_id for entry in photos[:3]}) == len({entry.media_group_id for entry in photos[3:]}) == 1
    )
    assert len({entry.media_group_id for entry in photos}) == 2
    archive = fed.api.add_supergroup("Archive", members=[fed.account])
    assert (await case.replay(archive.id)).requests == 4


async def test_a_replay_without_a_block_is_recorded_nowhere(fed: FedBot, desk: Chat) -> None:
    order, case = fed.session("order"), fed.bot.sessions.get(desk.id, qualifier="case")
    await order.send_message("one")
    await order.replay(desk.id)
    assert await case.messages() == []
    assert len(await order.messages()) == 1


async def test_a_replay_into_the_sessions_own_chat_ends(fed: FedBot) -> None:
    session = fed.session("order")
    async with session:
        await session.send_message("one")
        assert len((await session.replay(fed.chat.id)).copied) == 1
    assert await texts_of(session, fed.chat) == ["one", "one"]


async def test_a_predicate_chooses(fed: FedBot, desk: Chat) -> None:
    session = fed.session("order")
    await session.send_message("question")
    await fed.says("answer")
    result = await session.replay(desk.id, predicate=F.direction == "in")
    assert len(result.copied) == 1
    assert at(desk, fed).texts()[-1] == "answer"


async def test_what_cannot_be_replayed_is_refused_before_anything_is_sent(fed: FedBot, desk: Chat) -> None:
    session = fed.session("order")
    await session.send_message("one")
    with pytest.raises(ConfigurationError, match="Pass a Chat, its id, or its @username"):
        await session.replay(fed.bot)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(PredicateFailed):
        await session.replay(desk.id, predicate=lambda entry: entry.text)  # the mistake
    assert fed.api.count("copyMessage") == 0


async def test_an_empty_session_asks_for_nothing(fed: FedBot, desk: Chat) -> None:
    assert (await fed.session("order").replay(desk.id)).requests == 0


async def test_after_a_restart_albums_are_still_albums(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    async with BotApi() as api:
        account, ann = api.add_bot("order_bot"), api.add_person("Ann")
        desk, chat = api.add_supergroup("Desk", members=[ann, account]), ann.private_chat(account)
        await chat.types("/start")
        for is_later in (False, True):
            async with SessionBot(account.token, session=api.client_session()) as bot:
                setup_sessions(Dispatcher(), bot, storage=SQLAlchemySessionStorage(url))
                session = bot.sessions.get(chat.id, ann.id)
                if not is_later:
                    await session.send_media_group([InputMediaPhoto(media="https://example.org/1.jpg")] * 3)
                    continue
                result = await session.replay(desk.id)
                assert (len(result.copied), result.requests) == (3, 1)


async def test_pruning_leaves_the_newest(fed: FedBot) -> None:
    session = fed.session("order")
    for number in range(8):
        await session.send_message(str(number))
    before = len(fed.api.requests)
    result = await session.prune(keep=5)
    assert len(result.accepted) == 3
    assert len([call for call in fed.api.requests[before:] if call.method != "getUpdates"]) == 1
    assert fed.chat.texts() == await texts_of(session, fed.chat) == ["3", "4", "5", "6", "7"]
    assert await session.prune(keep=5) == 0
    assert await session.is_open()
    assert int(await session.prune(keep=0)) == 5


@pytest.mark.parametrize("keep", [-1, True, 1.5, "5"])
async def test_pruning_to_what_is_no_number_is_refused(fed: FedBot, keep: object) -> None:
    session = fed.session("order")
    await session.send_message("one")
    with pytest.raises(ConfigurationError, match="Pass a whole number from 0 on"):
        await session.prune(keep=keep)  # type: ignore[arg-type]  # the mistake
    assert len(await session.messages()) == 1
