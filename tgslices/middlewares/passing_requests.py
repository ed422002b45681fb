"""Requests that add no entry to a session, and what the sessions learn from them all the same."""

from __future__ import annotations

import asyncio

from aiogram import Bot
from aiogram.client.session.middlewares.base import NextRequestMiddlewareType
from aiogram.exceptions import TelegramMigrateToChat
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from tgslices.manager import SessionManager, known_manager
from tgslices.middlewares.own_deletions import DELETIONS, gone_before, may_be_done
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind, chat_number


async def follow(
    make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
) -> Response[TelegramType]:
    """Make a request, and learn from its refusal that a group has become a supergroup: the update may never come.

    A refused deletion is left alone: whoever runs it settles its entries under the keys that they were claimed from.
    Source: telegram-bot-api ``Client.cpp`` lines 8149-8156 (``migrate_to_chat_id`` beside the error)
    """
    try:
        return await make_request(bot, method)
    except TelegramMigrateToChat as error:
        old_chat_id, manager = chat_number(getattr(method, "chat_id", None)), known_manager(bot)
        is_group = old_chat_id is not None and chat_kind(old_chat_id) is ChatKind.GROUP  # and not where it reads from
        if old_chat_id is not None and is_group and manager is not None and method.__api_method__ not in DELETIONS:
            await manager.tracker.migrate(old_chat_id, error.migrate_to_chat_id)
        raise


async def fetch(
    make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
) -> Response[TelegramType]:
    """Fetch updates. What was fetched before is confirmed by that, so it is recorded first.

    Source: https://core.telegram.org/bots/api#getupdates (``offset``)
    """
    manager = known_manager(bot)
    if manager is None or method.__api_method__ != "getUpdates":
        return await make_request(bot, method)
    manager.life_cycle.require_running_poll()
    await asyncio.sleep(0)  # aiogram has only made the tasks that handle what was fetched before
    await manager.tracker.progress.outlast_records()
    response = await make_request(bot, method)
    manager.life_cycle.require_running_poll()  # what came after the shutdown is not confirmed, and comes again
    return response


async def create(
    make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
) -> Response[TelegramType]:
    """Make messages that belong to no session, and let go of what had the id of one of them."""
    response = await follow(make_request, bot, method)
    manager = _used_manager(bot)
    if manager is not None:
        await let_id_go(manager, response)
    return response


async def let_id_go(manager: SessionManager, result: object) -> None:
    """Let an ephemeral message leave the sessions whose id is another's now: a clear would delete that one."""
    gone = gone_before(result)
    if gone is not None:
        await manager.tracker.drop(gone)


async def edit(
    make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
) -> Response[TelegramType]:
    """Edit, and note which buttons are under the message now; those that may be there, where no answer tells."""
    manager = _used_manager(bot)
    if manager is None:
        return await follow(make_request, bot, method)
    try:
        response = await follow(make_request, bot, method)
    except BaseException as error:
        noting = manager.tracker.note_edit_in_doubt(method) if may_be_done(error) else None
        if noting is not None and isinstance(error, Exception):  # whoever is cancelled is not kept waiting
            await asyncio.wait([noting])
        raise
    await manager.tracker.note_edited(method, response)
    return response


def _used_manager(bot: Bot) -> SessionManager | None:
    manager = known_manager(bot)
    return manager if manager is not None and (manager.is_used or manager.is_wired) else None
