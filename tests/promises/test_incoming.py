"""What arrives: the promises on incoming messages, sentence by sentence, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update

from tests.needs import needs
from tests.promises.fed_bot import FedBot, ids_in, texts_of
from tgslices import GENERAL_TOPIC, Direction, Session

MENU = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="S", callback_data="s")]])
SUPERGROUP: dict[str, Any] = {"id": -1_000_000_000_777, "type": "supergroup", "title": "Team", "is_forum": True}


def in_topic(stage: FedBot, message_id: int, thread_id: int) -> dict[str, Any]:
    """Return a message of Ann in a topic of a forum."""
    return stage.message(message_id, chat=SUPERGROUP, message_thread_id=thread_id, is_topic_message=True)


def forum_session(stage: FedBot, thread_id: int | None = None) -> Session:
    return stage.bot.sessions.get(SUPERGROUP["id"], stage.ann.id, thread_id=thread_id)


async def test_an_open_key_gets_every_new_message(stage: FedBot) -> None:
    """ "An open key gets every new message of its scope: messages ..." """
    session = stage.session()
    await stage.says("one", "two")
    assert await texts_of(session, stage.chat) == ["one", "two"]
    assert [(e.user_id, e.chat_id, e.direction) for e in await session.messages()] == [
        (stage.ann.id, stage.chat.id, Direction.INCOMING)
    ] * 2


async def test_an_open_key_of_a_group_gets_its_users_messages_and_nobody_elses(stage: FedBot) -> None:
    """ "An open key gets every new message of its scope" and of no other."""
    bob = stage.api.add_person("Bob")
    group = stage.api.add_group("Team", members=[stage.ann, bob, stage.account])
    of_ann = stage.bot.sessions.get(group.id, stage.ann.id)
    of_all = stage.bot.sessions.get(group.id)
    await stage.ann.view(group).types("from Ann")
    await bob.view(group).types("from Bob")
    await stage.settled()
    assert await texts_of(of_ann, stage.ann.view(group)) == ["from Ann"]
    assert await texts_of(of_all, stage.ann.view(group)) == ["from Ann", "from Bob"]


async def test_an_open_key_gets_channel_posts(stage: FedBot) -> None:
    """ "... channel posts ..." """
    channel = stage.api.add_channel("News", admins=[stage.account, stage.ann])
    session = stage.bot.sessions.get(channel.id)
    await stage.ann.view(channel).types("today")
    await stage.settled()
    assert await texts_of(session, stage.ann.view(channel)) == ["today"]
    [entry] = await session.messages()
    assert (entry.user_id, entry.direction) == (None, Direction.INCOMING)


async def test_an_open_key_gets_business_messages(stage: FedBot) -> None:
    """ "... business messages." """
    session = stage.session(business_connection_id="conn")
    await stage.delivers("business_message", stage.message(5, business_connection_id="conn"))
    assert [(e.message_id, e.business_connection_id) for e in await session.messages()] == [(5, "conn")]


async def test_a_key_without_a_topic_matches_every_topic_of_its_chat(stage: FedBot) -> None:
    """ "A key without a topic matches every topic of its chat" """
    session = forum_session(stage)
    await stage.delivers("message", in_topic(stage, 5, thread_id=3))
    await stage.delivers("message", in_topic(stage, 6, thread_id=4))
    await stage.delivers("message", stage.message(7, chat=SUPERGROUP))
    assert [(e.message_id, e.thread_id) for e in await session.messages()] == [(5, 3), (6, 4), (7, GENERAL_TOPIC)]


async def test_a_key_with_a_topic_matches_only_its_own(stage: FedBot) -> None:
    session = forum_session(stage, thread_id=3)
    await stage.delivers("message", in_topic(stage, 5, thread_id=3))
    await stage.delivers("message", in_topic(stage, 6, thread_id=4))
    await stage.delivers("message", stage.message(7, chat=SUPERGROUP))
    assert await ids_in(session) == [5]


async def test_general_is_a_topic_of_its_own(stage: FedBot) -> None:
    """Its messages carry no number, a reply there carries that of its thread."""
    session = forum_session(stage, thread_id=GENERAL_TOPIC)
    await stage.delivers("message", in_topic(stage, 5, thread_id=3))
    await stage.delivers("message", stage.message(6, chat=SUPERGROUP))
    await stage.delivers("message", stage.message(7, chat=SUPERGROUP, message_thread_id=6))
    assert await ids_in(session) == [6, 7]


async def test_who_writes_as_a_channel_is_that_channel(stage: FedBot) -> None:
    """They all come with the same stand-in as sender."""
    channel: dict[str, Any] = {"id": -1_000_000_000_888, "type": "channel", "title": "News"}
    stand_in: dict[str, Any] = {"id": 136817688, "is_bot": True, "first_name": "Channel"}
    by_channel = stage.bot.sessions.get(SUPERGROUP["id"], channel["id"])
    by_stand_in = stage.bot.sessions.get(SUPERGROUP["id"], stand_in["id"])
    other = channel | {"id": -1_000_000_000_999}
    await stage.delivers("message", stage.message(5, chat=SUPERGROUP, sender_chat=channel) | {"from": stand_in})
    await stage.delivers("message", stage.message(6, chat=SUPERGROUP, sender_chat=other) | {"from": stand_in})
    assert await ids_in(by_channel) == [5]
    assert await ids_in(by_stand_in) == []


async def test_a_reply_chain_outside_of_topics_is_no_topic(stage: FedBot) -> None:
    """Replies in a supergroup without topics carry a ``message_thread_id`` too; only ``is_topic_message`` tells."""
    plain = SUPERGROUP | {"is_forum": False}
    sessions = [forum_session(stage, thread_id=thread) for thread in (3, GENERAL_TOPIC)]
    await stage.delivers("message", stage.message(5, chat=plain, message_thread_id=3))
    assert [await ids_in(session) for session in sessions] == [[], []]


async def test_a_key_without_a_business_connection_matches_no_business_message(stage: FedBot) -> None:
    """ "a key without a business connection matches no business message, because a business chat may carry the same
    number as the bot's own private chat" """
    private, of_chat = stage.session(), stage.bot.sessions.get(stage.chat.id)
    await stage.delivers("business_message", stage.message(5, business_connection_id="conn"))
    assert await ids_in(private) == await ids_in(of_chat) == []


async def test_a_key_with_a_business_connection_matches_only_its_own(stage: FedBot) -> None:
    session = stage.session(business_connection_id="conn")
    await stage.says("private")
    await stage.delivers("business_message", stage.message(5, business_connection_id="other"))
    assert await ids_in(session) == []


async def test_a_persons_edit_adds_nothing(stage: FedBot) -> None:
    """ "Edits ... never add an entry twice" """
    session = stage.session()
    await stage.says("before")
    await stage.chat.edits(stage.chat.visible()[-1], "after")
    await stage.settled()
    assert await ids_in(session) == [1]


@pytest.mark.parametrize("kind", ["edited_message", "edited_channel_post", "edited_business_message"])
async def test_an_edit_of_a_message_from_before_the_session_adds_nothing(stage: FedBot, kind: str) -> None:
    """ "An open key gets every new message": one that is edited is not new."""
    connection = "conn" if kind == "edited_business_message" else None
    session = stage.session(business_connection_id=connection)
    more = {"business_connection_id": connection} if connection else {}
    await stage.delivers(kind, stage.message(5, edit_date=1, **more))
    assert await ids_in(session) == []


async def test_a_tap_adds_nothing(stage: FedBot) -> None:
    """ "... callback queries ... never add an entry twice" """
    session = stage.session()
    async with session:
        await stage.bot.send_message(stage.chat.id, "Size?", reply_markup=MENU)
    taps: list[str | None] = []

    @stage.dispatcher.callback_query()
    async def tapped(tap: CallbackQuery) -> None:
        taps.append(tap.data)

    await stage.chat.taps("S")
    await stage.settled()
    assert taps == ["s"]
    assert await texts_of(session, stage.chat) == ["Size?"]


async def test_a_tap_on_a_message_from_before_the_session_adds_nothing(stage: FedBot) -> None:
    await stage.bot.send_message(stage.chat.id, "Size?", reply_markup=MENU)
    session = stage.session()
    await stage.chat.taps("S")
    await stage.settled()
    assert await ids_in(session) == []


async def test_a_reply_adds_itself_and_not_what_it_replies_to(stage: FedBot) -> None:
    """ "... replies ... never add an entry twice" """
    await stage.says("before the session")
    session = stage.session()
    await stage.chat.types("a reply", reply_to=stage.chat.visible()[-1])
    await stage.settled()
    await stage.chat.types("a reply to the reply", reply_to=stage.chat.visible()[-1])
    await stage.settled()
    assert await texts_of(session, stage.chat) == ["a reply", "a reply to the reply"]


async def test_a_redelivered_update_adds_nothing(stage: FedBot) -> None:
    """ "... and redelivered updates never add an entry twice" """
    session = stage.session()
    for message_id in (5, 6, 5, 6, 5):
        await stage.delivers("message", stage.message(message_id))
    assert await ids_in(session) == [5, 6]


async def test_a_pinned_message_adds_only_the_notice(stage: FedBot) -> None:
    await stage.says("before the session")
    session = stage.session()
    pinned = stage.message(1)
    await stage.delivers("message", stage.message(5, text=None, pinned_message=pinned))
    assert await ids_in(session) == [5]


@needs(Update, "guest_message")
async def test_a_guest_message_is_never_recorded(stage: FedBot) -> None:
    """ "guest messages are never recorded" """
    session = stage.session()
    handled: list[bool] = []

    @stage.dispatcher.guest_message()
    async def guest(message: Message, mine: Session) -> None:
        handled.append(mine.key == session.key)
        async with mine:
            pass

    await stage.dispatcher.feed_update(stage.bot, stage.update("guest_message", stage.message(5)))
    assert handled == [True]
    assert await ids_in(session) == []


async def test_an_ephemeral_message_that_arrives_is_recorded_by_its_own_id(stage: FedBot) -> None:
    """By an aiogram that knows them, and by one that does not and hands out JSON."""
    session, handled = stage.session(), list[int]()

    @stage.dispatcher.message()
    async def handle(message: Message) -> None:
        handled.append(message.message_id)

    whisper = stage.message(0, ephemeral_message_id=9, receiver_user=stage.account.json())
    await stage.delivers("message", whisper)
    [entry] = await session.messages()
    assert (entry.message_id, entry.ephemeral_message_id, entry.receiver_user_id) == (0, 9, stage.account.id)
    assert handled == [0]


async def test_direction_comes_from_the_sender(stage: FedBot) -> None:
    """ "Direction comes from the sender, not from the way the message arrived." """
    session = stage.bot.sessions.get(stage.chat.id)
    await stage.delivers("message", stage.message(5))
    own = {"from": stage.account.json(), "text": None, "pinned_message": stage.message(5)}
    await stage.delivers("message", stage.message(6, **own))
    assert [(e.message_id, e.direction) for e in await session.messages()] == [
        (5, Direction.INCOMING),
        (6, Direction.OUTGOING),
    ]


async def test_what_the_bot_wrote_for_a_business_account_is_outgoing(stage: FedBot) -> None:
    """It arrives as an update from the account's owner; ``sender_business_bot`` names who wrote it."""
    session = stage.bot.sessions.get(stage.chat.id, business_connection_id="conn")
    more = {"business_connection_id": "conn"}
    await stage.delivers("business_message", stage.message(5, **more, sender_business_bot=stage.account.json()))
    await stage.delivers("business_message", stage.message(6, **more))
    assert [(e.message_id, e.direction) for e in await session.messages()] == [
        (5, Direction.OUTGOING),
        (6, Direction.INCOMING),
    ]


async def test_deleted_business_messages_removes_the_entries(stage: FedBot) -> None:
    """ "`deleted_business_messages` removes the entries." """
    more = {"business_connection_id": "conn"}
    business, private = stage.session(**more), stage.session()
    for message_id in (1, 2, 3):
        await stage.delivers("business_message", stage.message(message_id, **more))
        await stage.delivers("message", stage.message(message_id))
    gone = {"chat": stage.chat.chat.json(), "message_ids": [1, 3, 99, 2**63], **more}
    await stage.delivers("deleted_business_messages", gone)
    assert await ids_in(business) == [2]
    assert await ids_in(private) == [1, 2, 3]


async def test_tracking_happens_before_filters_and_handlers(stage: FedBot) -> None:
    """ "Tracking happens before filters and handlers, so a message that no handler wants is recorded too" """
    session = stage.session()
    seen: list[list[int]] = []

    async def unwanted(message: Message) -> bool:
        seen.append(await ids_in(session))
        return False

    @stage.dispatcher.message(unwanted)
    async def never(message: Message) -> None:
        raise AssertionError("the filter did not want it")

    await stage.says("unwanted")
    assert seen == [[1]]
    assert await texts_of(session, stage.chat) == ["unwanted"]


async def test_a_message_whose_handler_fails_is_recorded(stage: FedBot, caplog: pytest.LogCaptureFixture) -> None:
    session = stage.session()

    @stage.dispatcher.message()
    async def fail(message: Message) -> None:
        raise LookupError("on purpose")

    if stage.account.webhook is None:
        await stage.says("hi")
    else:
        with pytest.raises(LookupError):
            await stage.dispatcher.feed_update(stage.bot, stage.update("message", stage.message(1)))
    assert await ids_in(session) == [1]
