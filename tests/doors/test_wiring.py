"""The only wiring: ``setup_sessions``, ``SessionBot``, plain bots, several of them, and those that appear later."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Message, Update
from aiogram.webhook.aiohttp_server import TokenBasedRequestHandler

from tests.promises.stage import Stage, ids_in, polling, serving
from tests.promises.storages import ListStorage
from tgslices import (
    ConfigurationError,
    InvalidStorage,
    MemorySessionStorage,
    Session,
    SessionBot,
    SessionConfig,
    SessionKeyStrategy,
    SessionManager,
    SessionStorage,
    setup_sessions,
)
from tgslices.testing import BotApi


def sessions_of(bot: Bot) -> SessionManager:
    """Return what a plain bot has gained."""
    return cast(SessionManager, vars(bot)["sessions"])


def message(message_id: int) -> dict[str, Any]:
    """Return a message of Ann's to any bot."""
    ann = {"id": 7, "is_bot": False, "first_name": "Ann"}
    chat = {"id": 7, "type": "private", "first_name": "Ann"}
    return {"message_id": message_id, "date": 1_700_000_000, "chat": chat, "from": ann, "text": "hi"}


async def feed(dispatcher: Dispatcher, bot: Bot, message_id: int = 5) -> None:
    event = {"update_id": message_id, "message": message(message_id)}
    await dispatcher.feed_update(bot, Update.model_validate(event, context={"bot": bot}))


@pytest.fixture
async def plain(api: BotApi) -> AsyncIterator[Bot]:
    """aiogram's own Bot."""
    async with Bot(api.add_bot("plain_bot").token, session=api.client_session()) as bot:
        yield bot


@pytest.fixture
async def session_bot(api: BotApi) -> AsyncIterator[SessionBot]:
    """A bot with sessions that nobody has wired."""
    async with SessionBot(api.add_bot("session_bot").token, session=api.client_session()) as bot:
        yield bot


# The bots


async def test_a_session_bot_works_without_any_wiring(api: BotApi, session_bot: SessionBot) -> None:
    """ "`.sessions: SessionManager`, always on with in-memory defaults" """
    ann = api.add_person("Ann")
    chat = ann.private_chat(api.world.bots[session_bot.token])
    async with session_bot.sessions.get(chat.id, ann.id) as session:
        await session_bot.send_message(chat.id, "hello")
    assert isinstance(session_bot.sessions.storage, MemorySessionStorage)
    assert await session.clear() == 1
    assert chat.texts() == []


async def test_a_plain_bot_gains_sessions(plain: Bot) -> None:
    """ "Works with a plain `aiogram.Bot` too (it gains `.sessions`)" """
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, plain)
    session = sessions_of(plain).get(7)
    await feed(dispatcher, plain)
    assert await ids_in(session) == [5]
    assert plain.sessions is sessions_of(plain)  # type: ignore[attr-defined]  # a plain Bot has it at run time


async def test_several_bots_on_one_dispatcher_have_their_own_sessions(api: BotApi) -> None:
    """ "with several bots on one dispatcher" """
    accounts = [api.add_bot("first"), api.add_bot("second"), api.add_bot("third")]
    bots = [SessionBot(account.token, session=api.client_session()) for account in accounts]
    ann = api.add_person("Ann")
    chats = [ann.private_chat(account) for account in accounts]
    storage, dispatcher = MemorySessionStorage(), Dispatcher()
    setup_sessions(dispatcher, *bots, storage=storage)

    @dispatcher.message()
    async def handle(message: Message, bot: Bot, session: Session) -> None:
        async with session:
            await message.answer(f"from {session.bot.id == bot.id}")

    async with polling(dispatcher, *bots):
        for times, chat in enumerate(chats):
            for _ in range(times):
                await chat.types("hello")
                await api.idle()
        held = [await ids_in(bot.sessions.get(ann.id, ann.id)) for bot in bots]
    assert [bot.sessions.storage for bot in bots] == [storage] * 3
    assert held == [[], [2], [2, 3, 4]]  # the first message opens the session, and is outside of it
    for bot in bots:
        await bot.session.close()


async def test_one_client_session_for_several_bots_records_once(api: BotApi) -> None:
    accounts = [api.add_bot("first"), api.add_bot("second")]
    shared = api.client_session()
    ann = api.add_person("Ann")
    chats = [ann.private_chat(account) for account in accounts]
    bots = [SessionBot(account.token, session=shared) for account in accounts]
    setup_sessions(Dispatcher(), *bots)
    async with bots[0].sessions.get(ann.id) as first, bots[1].sessions.get(ann.id) as second:
        for bot, chat in zip(bots, chats, strict=True):
            await bot.send_message(chat.id, "hello")
    assert (await ids_in(first), await ids_in(second)) == ([1], [1])
    await shared.close()


async def test_a_bot_that_appears_later_is_wired_by_its_first_update(plain: Bot) -> None:
    """ "with ... bots that appear later" """
    dispatcher, storage = Dispatcher(), MemorySessionStorage()
    setup_sessions(dispatcher, storage=storage)
    opened: list[Session] = []

    @dispatcher.message()
    async def handle(message: Message, session: Session) -> None:
        opened.append(session)

    assert "sessions" not in vars(plain)
    await feed(dispatcher, plain, 5)
    await feed(dispatcher, plain, 6)
    assert sessions_of(plain).storage is storage
    assert await ids_in(opened[0]) == [6]


async def test_the_bots_of_a_token_based_webhook_are_wired_when_they_appear(api: BotApi) -> None:
    """ "(token-based webhooks)": two bots that the handler makes by itself."""
    dispatcher, storage = Dispatcher(), ListStorage()
    setup_sessions(dispatcher, storage=storage)
    handler = TokenBasedRequestHandler(
        dispatcher, handle_in_background=False, bot_settings={"session": api.client_session()}
    )
    opened: list[Session] = []

    @dispatcher.message()
    async def handle(message: Message, session: Session) -> None:
        opened.append(session)
        async with session:
            await message.answer("hello")

    accounts = [api.add_bot("first"), api.add_bot("second")]
    ann = api.add_person("Ann")
    async with serving(handler, dispatcher, "/hook/{bot_token}") as url:
        for account in accounts:
            async with Bot(account.token, session=api.client_session()) as owner:
                await owner.set_webhook(f"{url}/hook/{account.token}")
            for text in ("one", "two"):
                await ann.private_chat(account).types(text)
                await api.idle()
        assert [await ids_in(session) for session in opened[::2]] == [[2, 3, 4], [2, 3, 4]]
        assert {session.key.bot_id for session in opened} == {account.id for account in accounts}


async def test_a_dispatcher_that_polls_a_bot_it_was_not_told_of_wires_it_at_the_start(api: BotApi, plain: Bot) -> None:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher)
    async with polling(dispatcher, plain):
        assert isinstance(sessions_of(plain), SessionManager)


async def test_two_dispatchers_that_share_a_bot_record_each_message_once(session_bot: SessionBot) -> None:
    """ "when called for two dispatchers that share one bot: each message is recorded once" """
    first, second = Dispatcher(), Dispatcher()
    storage = ListStorage()
    setup_sessions(first, session_bot, storage=storage)
    manager = session_bot.sessions
    setup_sessions(second, session_bot)
    assert session_bot.sessions is manager
    session = manager.get(7)
    await feed(first, session_bot)
    await feed(second, session_bot)
    await feed(second, session_bot, 6)
    assert await ids_in(session) == [5, 6]


async def test_a_second_dispatcher_keeps_its_other_bots_where_the_shared_one_is(
    session_bot: SessionBot, plain: Bot
) -> None:
    storage = MemorySessionStorage()
    setup_sessions(Dispatcher(), session_bot, storage=storage)
    setup_sessions(Dispatcher(), session_bot, plain)
    assert sessions_of(plain).storage is storage


# Calling it again


@pytest.mark.parametrize("again", ["same", "none"])
async def test_calling_it_again_changes_nothing(session_bot: SessionBot, again: str) -> None:
    """ "Calling it again for a wired bot with the same or no storage changes nothing" """
    dispatcher, storage = Dispatcher(), MemorySessionStorage()
    setup_sessions(dispatcher, session_bot, storage=storage)
    manager, before = session_bot.sessions, shape_of(dispatcher, session_bot)
    for _ in range(3):
        setup_sessions(dispatcher, session_bot, storage=storage if again == "same" else None)
        setup_sessions(dispatcher, storage=storage if again == "same" else None)
    assert session_bot.sessions is manager
    assert manager.storage is storage
    assert shape_of(dispatcher, session_bot) == before


def shape_of(dispatcher: Dispatcher, bot: Bot) -> list[int]:
    """Return how many of everything that a wiring adds there are."""
    return [
        len(dispatcher.update.outer_middleware),
        *(len(observer.middleware) for observer in dispatcher.observers.values()),
        *(len(observer.handlers) for observer in dispatcher.observers.values()),
        len(dispatcher.startup.handlers),
        len(dispatcher.shutdown.handlers),
        len(bot.session.middleware),
    ]


async def test_another_storage_for_a_wired_dispatcher_is_an_error(session_bot: SessionBot) -> None:
    """ "with another storage it is a configuration error" """
    dispatcher, storage = Dispatcher(), MemorySessionStorage()
    setup_sessions(dispatcher, session_bot, storage=storage)
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(dispatcher, session_bot, storage=MemorySessionStorage())
    assert str(caught.value) == (
        f"The sessions of this dispatcher are kept in {storage!r} already. "
        "Call setup_sessions with that storage, or with none."
    )
    assert session_bot.sessions.storage is storage


@pytest.mark.parametrize("kind", [MemorySessionStorage, ListStorage])
async def test_another_storage_for_a_wired_bot_is_an_error(session_bot: SessionBot, kind: type[SessionStorage]) -> None:
    storage = kind()
    setup_sessions(Dispatcher(), session_bot, storage=storage)
    second = Dispatcher()
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(second, session_bot, storage=MemorySessionStorage())
    assert str(caught.value) == (
        f"The sessions of bot {session_bot.id} are kept in {storage!r} already. "
        "Call setup_sessions with that storage, or with none."
    )
    setup_sessions(second, session_bot, storage=storage)


async def test_sessions_that_were_used_before_are_an_error(session_bot: SessionBot) -> None:
    session_bot.sessions.get(7)
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(Dispatcher(), session_bot)
    assert str(caught.value) == (
        f"The sessions of bot {session_bot.id} were used before setup_sessions. "
        "Call setup_sessions first, so that nothing is left behind in the memory of the default storage."
    )
    assert session_bot.token not in str(caught.value)


async def test_an_attribute_that_is_in_the_way_is_an_error(plain: Bot) -> None:
    plain.sessions = "mine"  # type: ignore[attr-defined]  # the mistake under test
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(Dispatcher(), plain)
    assert str(caught.value) == (
        f"Bot {plain.id} has an attribute 'sessions' that is no SessionManager: 'mine'. "
        "Rename it; setup_sessions needs that name."
    )


# What it is told


class OwnManager(SessionManager):
    """A manager of a bot's author."""


async def test_a_manager_factory_is_called_with_the_bot_and_the_configuration(plain: Bot) -> None:
    """ "A `manager_factory` is called with the bot and the configuration that `setup_sessions` was given." """
    calls: list[tuple[Bot, SessionConfig]] = []

    def make(bot: Bot, config: SessionConfig) -> OwnManager:
        calls.append((bot, config))
        return OwnManager(bot, config)

    def clock() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    storage = MemorySessionStorage()
    setup_sessions(
        Dispatcher(),
        plain,
        storage=storage,
        key_strategy=SessionKeyStrategy.CHAT,
        manager_factory=make,
        clock=clock,
        lease=timedelta(seconds=5),
        patience=timedelta(seconds=6),
        in_flight=7,
        backlog=8,
    )
    [(bot, config)] = calls
    assert bot is plain
    assert config == SessionConfig(
        storage, SessionKeyStrategy.CHAT, clock, timedelta(seconds=5), timedelta(seconds=6), 7, 8
    )
    assert isinstance(sessions_of(plain), OwnManager)


async def test_a_class_may_be_the_factory_and_serves_bots_that_appear_later(plain: Bot) -> None:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, manager_factory=OwnManager)
    await feed(dispatcher, plain)
    assert isinstance(sessions_of(plain), OwnManager)


async def test_a_factory_that_returns_something_else_is_an_error(plain: Bot) -> None:
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(Dispatcher(), plain, manager_factory=lambda bot, config: cast(Any, 5))
    assert str(caught.value) == (
        "The manager_factory returned 5. Return a SessionManager or an instance of a subclass."
    )


@pytest.mark.parametrize("strategy", [SessionKeyStrategy.CHAT, lambda scope: None])
async def test_the_key_strategy_decides_what_handlers_get(session_bot: SessionBot, strategy: Any) -> None:
    dispatcher, held = Dispatcher(), list[Any]()
    setup_sessions(dispatcher, session_bot, key_strategy=strategy)

    @dispatcher.message()
    async def handle(message: Message, session: Session | None) -> None:
        held.append(session and (session.chat_id, session.user_id))

    await feed(dispatcher, session_bot)
    assert held == [(7, None) if strategy is SessionKeyStrategy.CHAT else None]


REMEDY = "Implement the four async methods of tgslices.SessionStorage: add, list, remove, clear."


class Forgetful:
    """A storage of three methods."""

    async def add(self, *args: Any) -> None: ...
    async def list(self, *args: Any) -> Any: ...
    async def remove(self, *args: Any) -> Any: ...


@pytest.mark.parametrize(
    ("storage", "text"),
    [
        (
            Forgetful(),
            f"Forgetful is no session storage: it misses clear. {REMEDY}",
        ),
        (
            "sqlite:///x.db",
            f"str is no session storage: it misses add, list, remove, clear. {REMEDY}",
        ),
        (MemorySessionStorage, "MemorySessionStorage is a class and no session storage. Pass an instance of it."),
    ],
    ids=["three methods", "a URL", "a class"],
)
async def test_what_is_no_storage_is_refused_before_anything_is_changed(
    session_bot: SessionBot, storage: Any, text: str
) -> None:
    """ "a storage object that misses a method" """
    dispatcher, manager = Dispatcher(), session_bot.sessions
    before = shape_of(dispatcher, session_bot)
    with pytest.raises(InvalidStorage) as caught:
        setup_sessions(dispatcher, session_bot, storage=storage)
    assert str(caught.value) == text
    assert session_bot.sessions is manager
    assert shape_of(dispatcher, session_bot) == before
    setup_sessions(dispatcher, session_bot)


async def test_a_storage_that_is_false_is_a_storage(session_bot: SessionBot) -> None:
    """An empty one that has a length, say."""

    class Sized(ListStorage):
        def __len__(self) -> int:
            return len(self.entries)

    storage = Sized()
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, session_bot, storage=storage)
    session = session_bot.sessions.get(7)
    await feed(dispatcher, session_bot)
    assert len(storage) == 1
    assert session_bot.sessions.storage is storage
    await session.close()


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"lease": timedelta()}, "lease is datetime.timedelta(0). Pass a positive timedelta as lease."),
        ({"lease": 60}, "lease is 60. Pass a positive timedelta as lease."),
        (
            {"patience": timedelta(-1)},
            "patience is datetime.timedelta(days=-1). Pass a positive timedelta as patience.",
        ),
        ({"in_flight": 0}, "in_flight is 0. Pass a positive integer as in_flight."),
        ({"in_flight": "4"}, "in_flight is '4'. Pass a positive integer as in_flight."),
        ({"backlog": 0}, "backlog is 0. Pass a positive integer as backlog."),
        (
            {"clock": lambda: datetime(2026, 1, 1)},  # noqa: DTZ001  # the mistake under test
            "The clock tells a naive time. Return an aware datetime in UTC from it.",
        ),
    ],
)
async def test_options_that_could_only_fail_later_are_refused(plain: Bot, option: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(Dispatcher(), plain, **option)
    assert str(caught.value) == text
    assert "sessions" not in vars(plain)


def test_further_options_are_keyword_only() -> None:
    with pytest.raises(AttributeError):
        setup_sessions(Dispatcher(), MemorySessionStorage())  # type: ignore[arg-type]  # the mistake under test


def test_a_configuration_is_a_value() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SessionConfig().backlog = 5  # type: ignore[misc]  # the mistake under test


# Which updates arrive


def test_deleted_business_messages_are_asked_for(stage: Stage) -> None:
    """ "makes sure that such updates are among the allowed ones" """
    assert "deleted_business_messages" in stage.dispatcher.resolve_used_update_types()
    bare = Dispatcher()
    assert "deleted_business_messages" not in bare.resolve_used_update_types()


@pytest.mark.parametrize("way", ["polling", "webhook"])
@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        (["message", "business_message"], "deleted_business_messages"),
        (["business_message"], "message or deleted_business_messages"),
        (["callback_query"], "message"),
        (["message", "business_message", "deleted_business_messages"], None),
        (["message"], None),
        ([], None),
        (None, None),
    ],
)
async def test_the_log_says_which_updates_are_not_allowed(
    stage: Stage, caplog: pytest.LogCaptureFixture, way: str, allowed: list[str] | None, missing: str | None
) -> None:
    """ "or says in the log that they are not": once for a bot."""
    for _ in range(3):
        if way == "polling":
            await stage.bot.get_updates(allowed_updates=allowed)
        else:
            await stage.bot.set_webhook("http://127.0.0.1:9/", allowed_updates=allowed)
    method = "getUpdates" if way == "polling" else "setWebhook"
    text = (
        f"{method} of bot {stage.bot.id} allows no {missing} updates, so sessions cannot see them; "
        "add them to allowed_updates"
    )
    assert caplog.messages == ([text] if missing else [])


async def test_a_real_polling_gets_deleted_business_messages(api: BotApi) -> None:
    """aiogram asks for the kinds that have a handler, and so does the emulator hand them out."""
    account, owner, ann = api.add_bot("order_bot"), api.add_person("Shop"), api.add_person("Ann")
    connection = api.connect_business(owner, account)
    dispatcher = Dispatcher()

    @dispatcher.business_message()
    async def handle(message: Message, session: Session) -> None:
        pass

    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot)
        async with polling(dispatcher, bot, allowed_updates=dispatcher.resolve_used_update_types()):
            chat = ann.business_chat(owner)
            session = bot.sessions.get(ann.id, business_connection_id=connection)
            first, second = await chat.types("one"), await chat.types("two")
            await api.idle()
            assert len(await session.messages()) == 2
            await chat.deletes(first)
            await api.idle()
            assert len(await session.messages()) == 1
            await chat.deletes(second)
            await api.idle()
            assert await session.messages() == []
