"""What is sent: the promises on what counts as sent in a session, sentence by sentence, over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

import aiogram.methods
import pytest
from aiogram import Bot, flags
from aiogram.client.session.middlewares.base import NextRequestMiddlewareType
from aiogram.exceptions import TelegramBadRequest, TelegramMigrateToChat, TelegramNetworkError
from aiogram.methods import Response, SendMessage, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InputMediaPhoto, Message

from tests.promises.fed_bot import FedBot, ids_in, texts_of
from tgslices import Direction, Session, SessionQualifier, SessionStorage
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.telegram_facts.method_effects import EFFECTS, Effect
from tgslices.testing import Drop, Failure

Order = Annotated[Session, SessionQualifier("order")]
METHODS: dict[str, type[TelegramMethod[Any]]] = {
    getattr(aiogram.methods, name).__api_method__: getattr(aiogram.methods, name)
    for name in aiogram.methods.__all__
    if name not in {"TelegramMethod", "Request", "Response"}
}


async def librarys_window(bot: Bot, chat_id: int) -> None:
    """Send as a library does that knows nothing of sessions."""
    await bot.send_message(chat_id, "a window")


@pytest.mark.parametrize(
    "send",
    [
        lambda message: message.answer("sent"),
        lambda message: message.reply("sent"),
        lambda message: message.bot.send_message(message.chat.id, "sent"),
        lambda message: message.bot(SendMessage(chat_id=message.chat.id, text="sent")),
        lambda message: SendMessage(chat_id=message.chat.id, text="sent").as_(message.bot),
        lambda message: message.send_copy(message.chat.id),
    ],
    ids=["answer", "reply", "bot.send_message", "bot(method)", "method.as_(bot)", "send_copy"],
)
async def test_whatever_is_sent_inside_a_block_is_recorded(
    stage: FedBot, send: Callable[[Message], Awaitable[Message]]
) -> None:
    """ "What a bot sends inside `async with session:` ... is recorded, whatever code sends it ... and before the caller
    gets the result." """
    held: list[list[int]] = []

    @stage.dispatcher.message()
    async def handle(message: Message, order: Order) -> None:
        await send(message)
        async with order:
            sent = await send(message)
            held.append([sent.message_id])
            held.append([entry.message_id for entry in await stage.bot.sessions.storage.list(order.key)])
        await send(message)

    await stage.says("sent")
    assert held[0] == held[1]
    assert stage.chat.texts() == ["sent"] * 4
    [entry] = await stage.session("order").messages()
    assert (entry.direction, entry.user_id, entry.kind) == (Direction.OUTGOING, stage.bot.id, MessageKind.TEXT)
    assert entry.date is not None
    assert abs((entry.at - entry.date).total_seconds()) < 5


async def test_another_librarys_window_is_recorded(stage: FedBot) -> None:
    """ "... another library's window ..." """
    async with stage.session() as session:
        await librarys_window(stage.bot, stage.chat.id)
    assert await texts_of(session, stage.chat) == ["a window"]


async def test_a_copied_album_is_recorded(stage: FedBot) -> None:
    """ "... a copied album ..." and "A result that only carries ids takes its chat from the method" """
    stage.answers("copyMessages", [{"message_id": 77}, {"message_id": 78}])
    async with stage.session() as session:
        await stage.bot.copy_messages(stage.chat.id, from_chat_id=-5, message_ids=[1, 2])
    entries = await session.messages()
    assert [(e.chat_id, e.message_id, e.kind, e.user_id) for e in entries] == [
        (stage.chat.id, 77, None, stage.bot.id),
        (stage.chat.id, 78, None, stage.bot.id),
    ]
    assert [e.date for e in entries] == [e.at for e in entries]


async def test_an_album_is_recorded_whole_and_in_order(stage: FedBot) -> None:
    stage.answers("sendMediaGroup", [stage.message(number) for number in range(70, 80)])
    photo = InputMediaPhoto(media="file-id")
    async with stage.session() as session:
        await stage.bot.send_media_group(stage.chat.id, [photo] * 10)
    assert await ids_in(session) == list(range(70, 80))


@pytest.mark.parametrize("method", ["copyMessage", "copyMessages", "forwardMessages"])
async def test_usernames_are_resolved_to_the_numeric_id(stage: FedBot, method: str) -> None:
    """ "`@username` targets are resolved to the numeric id": asked for once in a minute."""
    channel = stage.api.add_channel("News", admins=[stage.account], username="news")
    made = {"message_id": 77}
    stage.answers(method, made if method == "copyMessage" else [made])
    ids: dict[str, Any] = {"message_id": 1} if method == "copyMessage" else {"message_ids": [1]}
    session = stage.session()
    with session.recording(everywhere=True):
        for _ in range(3):
            await stage.bot(METHODS[method](chat_id="@news", from_chat_id=stage.chat.id, **ids))
    assert [(e.chat_id, e.message_id) for e in await session.messages()] == [(channel.id, 77)]
    assert stage.api.count("getChat") == 1


async def test_a_username_that_passed_to_another_chat_means_that_one(stage: FedBot) -> None:
    """Under the old chat's id a wipe would delete somebody else's messages."""
    old, new = (stage.api.add_channel(title, admins=[stage.account]) for title in ("Old", "New"))
    stage.answers("copyMessage", {"message_id": 77})
    tracker = stage.bot.sessions.tracker
    began = tracker.clock()
    session = stage.session()
    with session.recording(everywhere=True):
        old.username = "news"
        await stage.bot.copy_message("@news", stage.chat.id, 1)
        old.username, new.username = None, "news"
        tracker.clock = lambda: began + timedelta(seconds=61)
        await stage.bot.copy_message("@news", stage.chat.id, 1)
    assert [(e.chat_id, e.message_id) for e in await session.messages()] == [(old.id, 77), (new.id, 77)]


async def test_a_numeric_chat_in_a_string_is_that_chat(stage: FedBot) -> None:
    stage.answers("copyMessage", {"message_id": 77})
    async with stage.session() as session:
        await stage.bot.copy_message(str(stage.chat.id), stage.chat.id, 1)
    assert [(e.chat_id, e.message_id) for e in await session.messages()] == [(stage.chat.id, 77)]
    assert stage.api.count("getChat") == 0


async def test_a_copy_into_a_channel_that_cannot_be_looked_up_succeeds(
    stage: FedBot, caplog: pytest.LogCaptureFixture
) -> None:
    """ "Recording never makes a successful send fail" """
    stage.answers("copyMessage", {"message_id": 77})
    stage.api.faults.add(Failure(400, "Bad Request: chat not found"), method="getChat")
    async with stage.session() as session:
        assert (await stage.bot.copy_message("@gone", stage.chat.id, 1)).message_id == 77
    assert await session.messages() == []
    assert "What copyMessage sent could not be recorded" in caplog.text
    assert stage.account.token not in caplog.text


def made_by(stage: FedBot, method: type[TelegramMethod[Any]], message_id: int) -> object:
    """Return what the server answers to a method, by the type that aiogram expects."""
    expected = str(method.__returning__)
    one = {"message_id": message_id} if "MessageId" in expected else stage.message(message_id)
    if "Poll" in expected:
        one = {
            "id": "1",
            "question": "?",
            "options": [],
            "total_voter_count": 0,
            "is_closed": True,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
    return [one] if expected.startswith("list") else one


def effects(effect: Effect) -> list[str]:
    return [name for name, known in EFFECTS.items() if known is effect and name in METHODS]


async def test_every_method_that_creates_a_message_counts(stage: FedBot) -> None:
    """ "Only methods that create a message count": every one of them does."""
    creating = effects(Effect.CREATES)
    assert len(creating) > 20
    async with stage.session() as session:
        for number, name in enumerate(creating, 100):
            stage.answers(name, made_by(stage, METHODS[name], number))
            await stage.bot(METHODS[name].model_construct(chat_id=stage.chat.id))
    assert await ids_in(session) == list(range(100, 100 + len(creating)))


async def test_edits_and_reads_never_count(stage: FedBot) -> None:
    """ "... edits, drafts and reads never do." """
    harmless = [*effects(Effect.EDITS), *effects(Effect.READS)]
    assert len(harmless) > 7
    async with stage.session() as session:
        for number, name in enumerate(harmless, 100):
            stage.answers(name, made_by(stage, METHODS[name], number))
            await stage.bot(METHODS[name].model_construct(chat_id=stage.chat.id))
    assert await session.messages() == []


@pytest.mark.parametrize(
    "method", ["sendMessageDraft", "sendRichMessageDraft", "sendChatAction", "sendGift", "pinChatMessage"]
)
async def test_drafts_and_what_else_answers_true_never_count(stage: FedBot, method: str) -> None:
    if method not in METHODS:
        assert "Draft" in method  # which this release of aiogram does not know yet
        return
    stage.answers(method, True)
    async with stage.session() as session:
        assert await stage.bot(METHODS[method].model_construct(chat_id=stage.chat.id)) is True
    assert await session.messages() == []


async def test_a_real_edit_in_a_block_adds_nothing(stage: FedBot) -> None:
    async with stage.session() as session:
        menu = await stage.bot.send_message(stage.chat.id, "Size?")
        await menu.edit_text("Which size?")
        await stage.bot.edit_message_text("Which?", chat_id=stage.chat.id, message_id=menu.message_id)
    assert await texts_of(session, stage.chat) == ["Which?"]


async def test_a_message_id_of_zero_is_an_ephemeral_message_when_it_carries_an_ephemeral_id(stage: FedBot) -> None:
    """ "A `message_id` of 0 is an ephemeral message when it carries an ephemeral id" """
    ephemeral = {"ephemeral_message_id": 9, "receiver_user": stage.ann.json()}
    stage.answers("sendMessage", stage.message(0, **ephemeral))
    async with stage.session() as session:
        await stage.bot.send_message(stage.chat.id, "only for you")
    [entry] = await session.messages()
    assert (entry.message_id, entry.ephemeral_message_id, entry.receiver_user_id) == (0, 9, stage.ann.id)


async def test_a_message_id_of_zero_is_otherwise_not_recorded(stage: FedBot) -> None:
    """ "... and is otherwise not recorded; it never enters a batch." """
    stage.answers("sendMessage", stage.message(0))
    stage.answers("copyMessages", [{"message_id": 0}, {"message_id": 78}])
    async with stage.session() as session:
        assert (await stage.bot.send_message(stage.chat.id, "scheduled")).message_id == 0
        await stage.bot.copy_messages(stage.chat.id, stage.chat.id, [1, 2])
    assert await ids_in(session) == [78]


async def test_two_ephemeral_messages_are_two_entries(stage: FedBot) -> None:
    numbers = iter([9, 10, 9])
    bob = stage.api.add_person("Bob")
    receivers = iter([stage.ann, stage.ann, bob])
    stage.answers(
        "sendMessage",
        lambda _: stage.message(0, ephemeral_message_id=next(numbers), receiver_user=next(receivers).json()),
    )
    async with stage.session() as session:
        for _ in range(3):
            await stage.bot.send_message(stage.chat.id, "only for you")
    found = [(e.ephemeral_message_id, e.receiver_user_id) for e in await session.messages()]
    assert found == [(9, stage.ann.id), (10, stage.ann.id), (9, bob.id)]


async def test_a_business_send_is_recorded_with_its_connection_and_not_again_when_it_comes_back(stage: FedBot) -> None:
    session = stage.bot.sessions.get(stage.chat.id, business_connection_id="conn")
    stage.answers("sendMessage", stage.message(5, **{"from": stage.account.json()}))
    async with session:
        await stage.bot.send_message(stage.chat.id, "hi", business_connection_id="conn")
    back = stage.message(5, business_connection_id="conn", sender_business_bot=stage.account.json())
    await stage.delivers("business_message", back)
    assert [(e.message_id, e.business_connection_id, e.direction) for e in await session.messages()] == [
        (5, "conn", Direction.OUTGOING)
    ]


async def test_a_send_that_telegram_refuses_raises_what_aiogram_raises_and_adds_nothing(stage: FedBot) -> None:
    async with stage.session() as session:
        with pytest.raises(TelegramBadRequest, match=r"^Telegram server says - Bad Request: text must be non-empty$"):
            await stage.bot.send_message(stage.chat.id, " ")
        with pytest.raises(TelegramBadRequest, match=r"^Telegram server says - Bad Request: text must be non-empty$"):
            await session.send_message(" ")
    assert await session.messages() == []


@pytest.mark.parametrize("as_flag", [True, False], ids=["flags=", "decorator"])
async def test_a_returned_method_is_sent_inside_the_flags_session(stage: FedBot, as_flag: bool) -> None:
    """A handler "marked with an aiogram flag that opens a session around its whole run, so that a returned method is
    sent inside the block and recorded, also under webhooks"."""
    order = SessionQualifier("order")

    async def handle(message: Message) -> SendMessage:
        await message.answer("sent on the way")
        return message.answer("returned")

    if as_flag:
        stage.dispatcher.message.register(handle, flags={"tgslices": order})
    else:
        stage.dispatcher.message.register(flags.tgslices(order)(handle))
    await stage.says("/order")
    await stage.chat.until(lambda view: "returned" in view.texts())
    assert await texts_of(stage.session("order"), stage.chat) == ["sent on the way", "returned"]
    assert stage.chat.texts() == ["/order", "sent on the way", "returned"]


async def test_the_bare_flag_means_the_unqualified_session(stage: FedBot) -> None:
    @flags.tgslices
    async def handle(message: Message) -> SendMessage:
        return message.answer("returned")

    stage.dispatcher.message.register(handle)
    await stage.says("/order")
    assert await texts_of(stage.session(), stage.chat) == ["returned"]


async def test_without_the_flag_a_returned_method_is_sent_outside_of_any_block(stage: FedBot) -> None:
    @stage.dispatcher.message()
    async def handle(message: Message, order: Order) -> SendMessage:
        async with order:
            return message.answer("returned")

    await stage.says("/order")
    await stage.chat.until(lambda view: "returned" in view.texts())
    assert await stage.session("order").messages() == []


async def test_the_record_is_made_before_the_caller_has_the_result(stage: FedBot, storage: SessionStorage) -> None:
    """The storage is looked at itself, because a session writes what waits before it looks."""
    session = stage.session()
    async with session:
        sent = await stage.bot.send_message(stage.chat.id, "sent")
        assert [entry.message_id for entry in await storage.list(session.key)] == [sent.message_id]


async def test_what_telegram_sent_without_an_answer_is_in_no_session(stage: FedBot) -> None:
    session = stage.session()
    stage.api.faults.add(Drop(after_work=True), method="sendMessage")
    async with session:
        with pytest.raises(TelegramNetworkError):
            await stage.bot.send_message(stage.chat.id, "sent")
    assert stage.chat.texts() == ["sent"]
    assert await session.messages() == []


async def test_a_bot_that_was_given_another_client_session_records(stage: FedBot) -> None:
    """As a startup handler does that takes a proxy: nothing would be recorded, and nobody would know why."""
    session, before = stage.session(), stage.bot.session
    stage.bot.session = stage.api.client_session()
    try:
        async with session:
            await stage.bot.send_message(stage.chat.id, "1")
        await session.send_message("2")
    finally:
        await stage.bot.session.close()
        stage.bot.session = before
    assert await texts_of(session, stage.chat) == ["1", "2"]


async def test_a_private_chat_never_migrates_whatever_an_answer_says(stage: FedBot) -> None:
    """Of two chats that a request names, the other one may be the group that became a supergroup."""
    session = await stage.session().open()

    async def refuse(
        make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        raise TelegramMigrateToChat(method, "moved", -1_000_000_000_001)

    stage.bot.session.middleware(refuse)
    with pytest.raises(TelegramMigrateToChat):
        await stage.bot.forward_message(stage.chat.id, -4001, 1)
    stage.bot.session.middleware.unregister(refuse)
    assert session.chat_id == stage.chat.id
