"""What type checkers must know of the public names. Nothing here runs: mypy and pyright read it."""

from __future__ import annotations

from typing import assert_type

from aiogram import Bot, F
from aiogram.methods import SendMessage
from aiogram.types import InputMediaPhoto, Message, MessageId, Update

from tgslices import (
    ClearResult,
    DeletionPlan,
    Session,
    SessionBot,
    SessionKey,
    SessionManager,
    TrackedMessage,
)


async def a_session_keeps_the_types_of_what_it_sends(
    session: Session, message: Message, media: InputMediaPhoto
) -> None:
    assert_type(await session.send_message("text", disable_notification=True), Message)
    assert_type(await session.send_media_group([media]), list[Message])
    assert_type(await session.copy_message(from_chat_id=1, message_id=2), MessageId)
    assert_type(await session.forward_messages(1, [2]), list[MessageId])
    assert_type(await session(SendMessage(chat_id=1, text="text")), Message)
    assert_type(await session(message.answer("text")), Message)
    async with session as entered:
        assert_type(entered, Session)


async def a_session_says_what_it_holds_and_what_became_of_it(session: Session, update: Update) -> None:
    assert_type(session.key, SessionKey)
    assert_type(session.user_id, int | None)
    assert_type(await session.track(update), TrackedMessage)
    assert_type(await session.messages(F.kind == "text"), list[TrackedMessage])
    assert_type(await session.messages(lambda entry: entry.user_id == 1), list[TrackedMessage])
    assert_type(await session.clear(), ClearResult)
    assert_type(await session.clear(dry_run=True), DeletionPlan)
    assert_type((await session.clear()).accepted, tuple[TrackedMessage, ...])
    assert_type(await session.forget(), int)


async def a_bot_hands_out_sessions(bot: SessionBot, message: Message) -> None:
    assert_type(bot.sessions, SessionManager)
    assert_type(bot.sessions.get(1, 2, qualifier="order"), Session)
    assert_type(bot.sessions.of(message), Session | None)
    assert_type(await bot.sessions.settle_pending(), ClearResult)
    plain: Bot = bot
    assert_type(await plain.send_message(1, "text"), Message)
