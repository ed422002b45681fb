"""The door for what is sent: a request middleware that records what the bot makes inside a block."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import DeleteBusinessMessages, Response, TelegramMethod
from aiogram.methods.base import TelegramType

from tgslices.deletion.executor import deleting_for_sessions
from tgslices.error_texts.without_secrets import described
from tgslices.manager import SessionManager, known_manager
from tgslices.middlewares.allowed_updates import ASKING_FOR_UPDATES, UpdateRequests
from tgslices.middlewares.answer_classes import keep_answer_class
from tgslices.middlewares.own_deletions import DELETIONS, gone_by, may_be_done
from tgslices.middlewares.passing_requests import create, edit, fetch, follow, let_id_go
from tgslices.model import TrackedMessage
from tgslices.recording.blocks import Block, Passage, beyond_calls, blocks_of
from tgslices.recording.handles_of_key import Send
from tgslices.recording.messages_from_events import carries_ids_only, is_sent_directly, records_of_sent
from tgslices.recording.notices import NOTICES
from tgslices.replay.originals import copying, like_originals
from tgslices.telegram_facts.method_effects import EFFECTS, Effect, creates_messages

log = logging.getLogger("tgslices")

_MAX_USERNAMES: Final = 1024
_USERNAME_LASTS: Final = timedelta(minutes=1)
"""How long a username is taken for the same chat: it may pass to another one, where the ids are other messages."""


class OutgoingMiddleware(BaseRequestMiddleware):
    """Records what a bot sends inside ``async with session:``, before the caller gets the result.

    One serves any number of bots that share an aiogram client session.
    """

    def __init__(self) -> None:
        self._sending: set[asyncio.Task[Any]] = set()
        self._chat_ids: dict[tuple[int, str], tuple[int, datetime]] = {}
        self._asking = UpdateRequests()

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Make the request, and record it where the running task is inside a block of this bot."""
        keep_answer_class(method)
        blocks = blocks_of(bot.id)
        if not blocks or not any(block.is_call for block in blocks):
            return await self._pass(make_request, bot, method, blocks)
        with beyond_calls():
            return await self._pass(make_request, bot, method, blocks)

    def _pass(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        blocks: list[Block],
    ) -> Awaitable[Response[TelegramType]]:
        """Return what makes the request: no coroutine between, because every request pays for each."""
        name = method.__api_method__
        if creates_messages(method):
            holding = [block for block in blocks if block.may_hold(method)]
            if holding:
                return self._send_apart(make_request, bot, method, holding)
            return create(make_request, bot, method)
        if name in ASKING_FOR_UPDATES:
            self._asking.check(bot, method)
            return fetch(make_request, bot, method)
        if name in DELETIONS:
            return self._delete(make_request, bot, method)
        if name in NOTICES and blocks:
            return self._leave_notice(make_request, bot, method, blocks)
        if EFFECTS.get(name) is Effect.EDITS:
            return edit(make_request, bot, method)
        return follow(make_request, bot, method)

    def _send_apart(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        blocks: list[Block],
    ) -> asyncio.Future[Response[TelegramType]]:
        """Send in a task of its own: a caller that is cancelled must not lose the record of what was sent."""
        send = Send(blocks[0].tracker.clock())
        ways = [block.begin(send) for block in blocks]
        loop = asyncio.get_running_loop()
        # Not shield: that tells the caller a turn of the event loop later.
        answer: asyncio.Future[Response[TelegramType]] = loop.create_future()
        task = loop.create_task(self._send(make_request, bot, method, ways, send, answer), name="tgslices-send")
        self._sending.add(task)
        task.add_done_callback(partial(self._sent, answer))
        return answer

    def _sent(self, answer: asyncio.Future[Any], task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not answer.done():  # the task was cancelled
            answer.cancel()
        if not task.cancelled():
            task.exception()  # the caller has it, unless it was cancelled: then nobody is left to tell

    async def _send(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        ways: list[Passage],
        send: Send,
        answer: asyncio.Future[Response[TelegramType]],
    ) -> None:
        progress = ways[0].block.tracker.progress
        progress.in_progress += 1
        try:
            response = await follow(make_request, bot, method)
            try:
                await self._record(bot, method, response, ways)
            except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
                log.error("What %s sent could not be recorded: %s", method.__api_method__, described(error))  # noqa: TRY400  # a traceback may show a token
            if not answer.done():  # as it is when the caller was cancelled: then nobody is left to tell
                answer.set_result(response)
        except Exception as error:  # the caller has it
            if answer.done():
                raise
            answer.set_exception(error)
        finally:
            del answer  # which has the error, which has this frame
            for way in ways:
                way.end()
            send.end()
            progress.in_progress -= 1
            progress.end_work()

    async def _record(self, bot: Bot, method: TelegramMethod[Any], result: object, ways: list[Passage]) -> None:
        """Add what was sent to the innermost block whose place it is."""
        at, is_direct = ways[0].block.tracker.clock(), is_sent_directly(method, result)
        if (manager := known_manager(bot)) is not None:
            await let_id_go(manager, result)
        chat_id = await self._numeric_chat(bot, method, at) if carries_ids_only(result) else None
        messages = records_of_sent(method, result, bot_id=bot.id, chat_id=chat_id, at=at)
        if originals := copying.get():
            messages = like_originals(messages, originals)
        ways[0].block.tracker.keyboards.note_sent(method, result, chat_id)
        if len(messages) == 1:
            await _record_one(messages[0], ways, is_direct=is_direct)
        else:
            await asyncio.gather(*(_record_one(message, ways, is_direct=is_direct) for message in messages))

    async def _delete(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Delete, and let what the bot's own code deletes leave the sessions.

        So does an ephemeral message that may be gone: its id may be another's next.
        """
        manager = None if deleting_for_sessions.get() else known_manager(bot)
        try:
            response = await follow(make_request, bot, method)
        except Exception as error:
            if manager is not None and _may_be_gone(method, error):
                await self._drop(bot, method, manager)
            raise
        is_done: object = response
        if manager is not None and is_done is True:
            await self._drop(bot, method, manager)
        return response

    async def _drop(self, bot: Bot, method: TelegramMethod[Any], manager: SessionManager) -> None:
        if not (manager.is_used or manager.is_wired):
            return
        tracker = manager.tracker
        if isinstance(method, DeleteBusinessMessages):
            await tracker.drop_business(method.business_connection_id, method.message_ids)
            return
        try:
            chat_id = await self._numeric_chat(bot, method, tracker.clock())
        except Exception as error:  # noqa: BLE001  # whatever a client session raises
            log.error("What %s deleted stays in its sessions: %s", method.__api_method__, described(error))  # noqa: TRY400  # a traceback may show a token
            return
        gone, surely = gone_by(method, chat_id)
        await tracker.drop(gone, surely=surely)

    async def _leave_notice(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        blocks: list[Block],
    ) -> Response[TelegramType]:
        """Make a call that leaves a notice in the chat, which belongs to the block's session when it arrives."""
        block = next((block for block in blocks if block.may_hold(method)), None)
        if block is None or not block.may_begin():
            return await follow(make_request, bot, method)
        notices, now = block.tracker.notices, block.tracker.clock()
        try:
            chat_id = await self._numeric_chat(bot, method, now)
        except Exception:  # noqa: BLE001  # the call itself says what is wrong with its chat
            return await follow(make_request, bot, method)
        expected = notices.expect(method, block, now, chat_id=chat_id)
        try:
            return await follow(make_request, bot, method)
        except BaseException as error:
            if expected is not None and not may_be_done(error):
                notices.withdraw(expected)
            raise

    async def _numeric_chat(self, bot: Bot, method: TelegramMethod[Any], now: datetime) -> int:
        """Return the id of the chat that a method was aimed at; ``@username`` is asked for, and kept for a minute."""
        target: int | str = method.chat_id  # type: ignore[attr-defined]  # every method that asks for this has it
        try:
            return int(target)
        except ValueError:
            name = str(target)
        chat_id, asked_at = self._chat_ids.get((bot.id, name), (0, None))
        if asked_at is None or abs(now - asked_at) > _USERNAME_LASTS:
            if len(self._chat_ids) >= _MAX_USERNAMES:
                self._chat_ids.clear()
            chat_id = (await bot.get_chat(name)).id
            self._chat_ids[bot.id, name] = chat_id, now
        return chat_id


def _may_be_gone(method: TelegramMethod[Any], error: Exception) -> bool:
    return method.__api_method__ == "deleteEphemeralMessage" and may_be_done(error)


async def _record_one(message: TrackedMessage, ways: list[Passage], *, is_direct: bool) -> None:
    for way in ways:
        if way.takes(message, is_direct=is_direct):
            await way.block.record(message, way)
            return


def watch(bot: Bot) -> None:
    """Put the middleware in front of a bot's requests, once for each aiogram client session."""
    if not any(isinstance(middleware, OutgoingMiddleware) for middleware in bot.session.middleware):
        bot.session.middleware(OutgoingMiddleware())
