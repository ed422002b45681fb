"""The only wiring: ``setup_sessions``, ``SessionBot``, plain bots, several of them, and those that appear later."""

from __future__ import annotations

from aiogram import Bot, Dispatcher
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import TokenBasedRequestHandler

from tests.middlewares.feeding import feed, sessions_of
from tests.promises.fed_bot import ids_in, polling, serving
from tests.promises.storages import ListStorage
from tgslices import (
    MemorySessionStorage,
    Session,
    SessionBot,
    SessionManager,
    setup_sessions,
)
from tgslices.testing import BotApi


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
        opened.append(await session.open())

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
