"""What is recorded of an update, and of a method with its result."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import aiogram.methods
import pytest
from aiogram.methods import CopyMessages, EditMessageText, SendChatAction, SendMediaGroup, SendMessage, TelegramMethod
from aiogram.types import Message, MessageId, Update
from pydantic import BaseModel

from tests.updates import ANN, CHANNEL, EVENTS, PRIVATE, SUPERGROUP, message, update
from tgslices.errors import NotAMessage
from tgslices.model import Direction, TrackedMessage
from tgslices.recording.messages_from_events import (
    new_message,
    record_of_event,
    record_of_incoming,
    records_of_sent,
)
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.telegram_facts.method_effects import EFFECTS, Effect, creates_messages

BOT = 42
NOW = datetime(2026, 1, 1, 0, 0, 5, 123456, tzinfo=UTC)


def parsed(values: dict[str, Any]) -> Message:
    return Message.model_validate(values)


def _returned_types(annotation: object) -> list[type]:
    if isinstance(annotation, type):
        return [annotation]
    return [found for part in get_args(annotation) for found in _returned_types(part)]


def _names_messages(annotation: object) -> bool:
    """Whether a result carries an id of a message, structurally, so that types that are new are noticed too."""
    return any(
        issubclass(found, BaseModel)
        and ({"message_id", "inline_message_id"} & set(found.model_fields) or "Message" in found.__name__)
        for found in _returned_types(annotation)
    )


def test_every_method_of_the_installed_aiogram_that_returns_messages_is_classified() -> None:
    methods = [
        method
        for name in aiogram.methods.__all__
        if inspect.isclass(method := getattr(aiogram.methods, name))
        and issubclass(method, TelegramMethod)
        and method is not TelegramMethod
    ]
    assert len(methods) > 150
    unclassified = [m.__api_method__ for m in methods if _names_messages(m.__returning__)]
    unclassified = [name for name in unclassified if name not in EFFECTS]
    assert not unclassified, f"aiogram brings methods that the table does not know: {unclassified}"


def test_no_method_that_makes_messages_is_missing_from_those_that_return_bare_lists() -> None:
    creating = {name for name, effect in EFFECTS.items() if effect is Effect.CREATES}
    assert len(creating) == 25
    assert {"sendMediaGroup", "copyMessages", "forwardMessages", "copyMessage", "forwardMessage"} <= creating


def test_an_edit_and_a_draft_make_nothing() -> None:
    assert not creates_messages(EditMessageText(text="x", chat_id=1, message_id=1))
    assert EFFECTS["stopPoll"] is Effect.EDITS
    assert EFFECTS["getUserPersonalChatMessages"] is Effect.READS
    drafts = records_of_sent(SendMessage(chat_id=1, text="x"), True, bot_id=BOT, chat_id=None, at=NOW)
    assert drafts == []


def test_a_method_newer_than_the_table_counts_when_it_sends() -> None:
    class SendHologram(TelegramMethod[Message]):
        __returning__ = Message
        __api_method__ = "sendHologram"
        chat_id: int

    class SendHolograms(TelegramMethod[list[MessageId]]):
        __returning__ = list[MessageId]
        __api_method__ = "sendHolograms"
        chat_id: int

    class SendHologramDraft(TelegramMethod[bool]):
        __returning__ = bool
        __api_method__ = "sendHologramDraft"
        chat_id: int

    methods: list[TelegramMethod[Any]] = [
        SendHologram(chat_id=1),
        SendHolograms(chat_id=1),
        SendHologramDraft(chat_id=1),
    ]
    assert [creates_messages(method) for method in methods] == [True, True, False]
    assert not creates_messages(SendChatAction(chat_id=1, action="typing"))


def test_what_was_sent_without_a_chat_is_recorded_by_the_chat_of_the_result() -> None:
    """Ephemeral sends may leave it out since Bot API 10.4."""
    fields: dict[str, Any] = {"text": "x"}
    method = SendMessage.model_construct(**fields)
    result = parsed(message(0, chat=SUPERGROUP, ephemeral_message_id=9, receiver_user=ANN))
    (record,) = records_of_sent(method, result, bot_id=BOT, chat_id=None, at=NOW)
    assert (record.chat_id, record.ephemeral_message_id, record.receiver_user_id) == (-1001, 9, 7)


def test_copies_into_direct_messages_keep_their_topic() -> None:
    method = CopyMessages(chat_id=-1003, from_chat_id=1, message_ids=[1], direct_messages_topic_id=7)
    (record,) = records_of_sent(method, [MessageId(message_id=8)], bot_id=BOT, chat_id=-1003, at=NOW)
    assert record.thread_id == 7


@pytest.mark.parametrize("kind", ["message", "channel_post", "business_message"])
def test_an_open_key_gets_every_new_message(kind: str) -> None:
    """Incoming: "messages, channel posts, business messages"."""
    assert new_message(update(kind)) is not None


@pytest.mark.parametrize("kind", sorted(set(EVENTS) - {"message", "channel_post", "business_message"}))
def test_nothing_else_in_an_update_is_a_new_message(kind: str) -> None:
    """Incoming: "Edits, callback queries, replies and redelivered updates never add an entry twice"."""
    if kind in Update.model_fields:
        assert new_message(update(kind)) is None


def test_the_record_of_a_message_has_all_that_is_needed_to_find_judge_and_delete_it() -> None:
    record = record_of_incoming(parsed(EVENTS["message"]), BOT, NOW)
    assert record is not None
    assert record == TrackedMessage(1, -1001, None, None, Direction.OUTGOING, None, NOW)  # identity alone
    assert (record.user_id, record.kind, record.direction) == (7, MessageKind.TEXT, Direction.INCOMING)
    assert (record.date, record.at) == (datetime(2026, 1, 1, tzinfo=UTC), NOW)
    assert (record.thread_id, record.business_connection_id) == (5, None)


@pytest.mark.parametrize(
    ("more", "direction"),
    [
        ({}, Direction.INCOMING),
        ({"from": {"id": BOT, "is_bot": True, "first_name": "B"}}, Direction.OUTGOING),
        ({"from": {"id": 43, "is_bot": True, "first_name": "Other"}}, Direction.INCOMING),
        ({"sender_business_bot": {"id": BOT, "is_bot": True, "first_name": "B"}}, Direction.OUTGOING),
        ({"sender_business_bot": {"id": 43, "is_bot": True, "first_name": "Other"}}, Direction.INCOMING),
    ],
)
def test_direction_comes_from_the_sender(more: dict[str, Any], direction: Direction) -> None:
    """Incoming: "Direction comes from the sender, not from the way the message arrived"."""
    record = record_of_incoming(parsed(message(**more)), BOT, NOW)
    assert record is not None
    assert record.direction is direction


def test_a_message_id_of_zero_is_recorded_only_with_an_ephemeral_id() -> None:
    """Outgoing: "A `message_id` of 0 is an ephemeral message when it carries an ephemeral id and is otherwise not
    recorded"."""
    assert record_of_incoming(parsed(message(0)), BOT, NOW) is None
    ephemeral = message(0, chat=SUPERGROUP, ephemeral_message_id=9, receiver_user=ANN)
    record = record_of_incoming(parsed(ephemeral), BOT, NOW)
    assert record is not None
    assert (record.message_id, record.ephemeral_message_id, record.receiver_user_id) == (0, 9, 7)


def test_a_result_that_only_carries_ids_takes_its_chat_from_the_method() -> None:
    """ "A result that only carries ids ... has `kind=None`, the bot as user and the time of the answer as `date`"."""
    method = CopyMessages(chat_id=-1001, from_chat_id=1, message_ids=[1, 2], message_thread_id=5)
    made = records_of_sent(
        method, [MessageId(message_id=8), MessageId(message_id=9)], bot_id=BOT, chat_id=-1001, at=NOW
    )
    assert [(m.message_id, m.chat_id, m.thread_id) for m in made] == [(8, -1001, 5), (9, -1001, 5)]
    assert {(m.kind, m.user_id, m.date, m.direction) for m in made} == {(None, BOT, NOW, Direction.OUTGOING)}


def test_an_album_is_recorded_whole_and_in_order() -> None:
    made = records_of_sent(
        SendMediaGroup(chat_id=7, media=[]), [parsed(message(3)), parsed(message(4))], bot_id=BOT, chat_id=None, at=NOW
    )
    assert [m.message_id for m in made] == [3, 4]


def test_a_business_send_keeps_its_connection_even_when_the_answer_leaves_it_out() -> None:
    method = SendMessage(chat_id=7, text="x", business_connection_id="conn")
    (record,) = records_of_sent(method, parsed(message(3)), bot_id=BOT, chat_id=None, at=NOW)
    assert record.business_connection_id == "conn"


def test_a_date_in_another_zone_is_kept_as_utc() -> None:
    local = parsed(message()).model_copy(update={"date": NOW.astimezone().replace(microsecond=0)})
    record = record_of_incoming(local, BOT, NOW)
    assert record is not None
    assert record.date is not None
    assert record.date.utcoffset() == timedelta(0)
    assert record.date == NOW.replace(microsecond=0)


@pytest.mark.parametrize(
    "kind", ["message", "edited_message", "channel_post", "edited_business_message", "callback_query"]
)
def test_any_event_with_a_message_can_be_tracked_by_hand(kind: str) -> None:
    assert record_of_event(update(kind), BOT, NOW, None).message_id == 1
    assert record_of_event(update(kind), BOT, NOW, Direction.OUTGOING).direction is Direction.OUTGOING


def test_an_inaccessible_message_can_be_tracked_although_its_age_is_unknown() -> None:
    tap = {**EVENTS["callback_query"], "message": {"message_id": 3, "chat": PRIVATE, "date": 0}}
    record = record_of_event(update("callback_query", tap), BOT, NOW, None)
    assert (record.message_id, record.date) == (3, None)


@pytest.mark.parametrize(
    "tapped",
    [
        {"message_id": 3, "chat": PRIVATE, "date": 0},
        {"message_id": 3, "chat": CHANNEL, "date": 1, "sender_chat": CHANNEL, "text": "post"},
        message(3, chat=SUPERGROUP, sender_chat=SUPERGROUP),
    ],
    ids=["inaccessible", "post", "anonymous"],
)
def test_who_taps_tells_that_the_bot_sent_the_message(tapped: dict[str, Any]) -> None:
    event = update("callback_query", {**EVENTS["callback_query"], "message": tapped})
    assert event.callback_query is not None
    for tap in (event, event.callback_query):
        assert record_of_event(tap, BOT, NOW, None).direction is Direction.OUTGOING
        assert record_of_event(tap, BOT, NOW, Direction.INCOMING).direction is Direction.INCOMING


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "inline_query",
            (
                "Update cannot be tracked, because it carries no message that this bot could delete. "
                "Pass a Message, or an Update or event that carries one."
            ),
        ),
        (
            "guest_message",
            (
                "Update cannot be tracked, because a guest message belongs to a chat that the bot may not be in. "
                "Pass a Message, or an Update or event that carries one."
            ),
        ),
    ],
)
def test_what_carries_no_message_cannot_be_tracked(kind: str, text: str) -> None:
    with pytest.raises(NotAMessage) as caught:
        record_of_event(update(kind), BOT, NOW, None)
    assert str(caught.value) == text


def test_a_channel_post_has_no_user() -> None:
    record = record_of_incoming(parsed(EVENTS["channel_post"]), BOT, NOW)
    assert record is not None
    assert (record.chat_id, record.user_id) == (CHANNEL["id"], None)
