"""Every ``send_*``, ``copy_*`` and ``forward_*`` of aiogram's Bot, aimed at a session's own chat and recorded there."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, Concatenate, Final, ParamSpec, TypedDict, TypeVar, Unpack, cast

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import MessageEntity

from tgslices.errors import CannotSendThere, ChatGiven
from tgslices.model import GENERAL_TOPIC, SessionKey
from tgslices.recording.current_update import current_update
from tgslices.sending.bot_method import BotMethod
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind

P = ParamSpec("P")
R = TypeVar("R")
Target = TypeVar("Target")


class GiftOptions(TypedDict, total=False):
    """What ``Bot.send_gift`` takes besides the gift and its receiver. Source: https://core.telegram.org/bots/api#sendgift"""

    pay_for_upgrade: bool | None
    text: str | None
    text_parse_mode: str | None
    text_entities: list[MessageEntity] | None
    request_timeout: int | None


class Sending:
    """The send wrappers of a session. Each takes what aiogram's method takes, without the chat."""

    key: SessionKey
    bot: Bot
    direct_topic_id: int | None = None
    """The topic to send to where the chat is the direct messages of a channel; None where it is another, or unknown."""

    def _calling(self) -> AbstractContextManager[None]:
        """Record into this session what the one call inside sends."""
        raise NotImplementedError

    async def _send(self, method: BotMethod, args: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        """Send what a wrapper was called with into the session's own chat."""
        if (given := method.chat_in(args, arguments, self.key.chat_id)) is not None:
            raise ChatGiven(method.name, given)
        self._require_own_tap(method, arguments)
        self._aim(method, len(args), arguments)
        send = getattr(self.bot, method.name)
        with self._calling():
            try:
                return await method.call(send, self.key.chat_id, args, arguments)
            except TelegramBadRequest as refusal:
                if not self._learns_topic(method, len(args), arguments, refusal):
                    raise
            return await method.call(send, self.key.chat_id, args, arguments)

    def _require_own_tap(self, method: BotMethod, arguments: dict[str, Any]) -> None:
        """Refuse to answer a tap that is known to come from another chat: the answer goes where the tap came from."""
        update = current_update()
        tap = None if update is None else update.callback_query
        if tap is None or tap.message is None or tap.message.chat.id == self.key.chat_id:
            return
        if method.answered_tap(arguments) == tap.id:
            raise CannotSendThere(method.name, self.key, tap.message.chat.id)

    def _aim(self, method: BotMethod, given: int, arguments: dict[str, Any]) -> None:
        """Fill in topic and business connection where they are neither given by position nor by name."""
        key, direct = self.key, self.direct_topic_id
        if not method.reaches(key.business_connection_id):
            raise CannotSendThere(method.name, key)
        method.fill_in("business_connection_id", key.business_connection_id, given, arguments)
        if direct is not None:
            method.fill_in("direct_messages_topic_id", direct, given, arguments)
        elif key.thread_id != GENERAL_TOPIC or chat_kind(key.chat_id) is ChatKind.PRIVATE:
            method.fill_in("message_thread_id", key.thread_id, given, arguments)

    def _learns_topic(
        self, method: BotMethod, given: int, arguments: dict[str, Any], refusal: TelegramBadRequest
    ) -> bool:
        """Learn from a refusal that the chat is the direct messages of a channel; tell whether it can be sent to now.

        The number of a topic is that of the person who wrote.
        Source: telegram-bot-api ``Client.cpp`` lines 3909-3917, tdlib/td ``MessageTopic.cpp`` lines 216-219
        """
        topic_id = self.key.thread_id or self.key.user_id
        if _TOPIC_WANTED not in refusal.message or self.direct_topic_id is not None or topic_id is None:
            return False
        self.direct_topic_id = topic_id
        return method.fill_in("direct_messages_topic_id", topic_id, given, arguments)


_TOPIC_WANTED: Final = "direct messages topic must be specified"


def _aimed(
    method: Callable[Concatenate[Bot, Target, P], Awaitable[R]],
) -> Callable[Concatenate[Sending, P], Coroutine[Any, Any, R]]:
    return cast(Callable[Concatenate[Sending, P], Coroutine[Any, Any, R]], _wrapper(method))


def _aimed_on_business(
    method: Callable[Concatenate[Bot, str, Target, P], Awaitable[R]],
) -> Callable[Concatenate[Sending, P], Coroutine[Any, Any, R]]:
    return cast(Callable[Concatenate[Sending, P], Coroutine[Any, Any, R]], _wrapper(method))


def _wrapper(method: Callable[..., Any]) -> Callable[..., Any]:
    known = BotMethod(method)

    @functools.wraps(method)
    async def send(self: Sending, *args: Any, **arguments: Any) -> Any:
        return await self._send(known, args, arguments)

    send.__signature__ = known.shown()  # type: ignore[attr-defined]  # read by inspect.signature
    return send


def newer_wrappers(bot: type[Bot], known: type[Sending]) -> dict[str, Callable[..., Any]]:
    """Return wrappers of the methods of a bot that send into a chat and that a class has no wrapper for."""
    methods = {name: getattr(bot, name) for name in dir(bot) if name.startswith(("send_", "copy_", "forward_"))}
    return {
        name: _wrapper(method)
        for name, method in methods.items()
        if not hasattr(known, name) and "chat_id" in inspect.signature(method).parameters
    }


class SendWrappers(Sending):
    """One line a method; what a subclass of Bot makes of it is what is called.

    Methods that the oldest supported aiogram lacks are there when the installed one has them. Methods of an aiogram
    that is newer than this list are there without types.
    """

    send_message = _aimed(Bot.send_message)
    send_photo = _aimed(Bot.send_photo)
    send_audio = _aimed(Bot.send_audio)
    send_document = _aimed(Bot.send_document)
    send_video = _aimed(Bot.send_video)
    send_animation = _aimed(Bot.send_animation)
    send_voice = _aimed(Bot.send_voice)
    send_video_note = _aimed(Bot.send_video_note)
    send_paid_media = _aimed(Bot.send_paid_media)
    send_media_group = _aimed(Bot.send_media_group)
    send_location = _aimed(Bot.send_location)
    send_venue = _aimed(Bot.send_venue)
    send_contact = _aimed(Bot.send_contact)
    send_poll = _aimed(Bot.send_poll)
    send_dice = _aimed(Bot.send_dice)
    send_sticker = _aimed(Bot.send_sticker)
    send_invoice = _aimed(Bot.send_invoice)
    send_game = _aimed(Bot.send_game)
    send_chat_action = _aimed(Bot.send_chat_action)
    copy_message = _aimed(Bot.copy_message)
    copy_messages = _aimed(Bot.copy_messages)
    forward_message = _aimed(Bot.forward_message)
    forward_messages = _aimed(Bot.forward_messages)
    if hasattr(Bot, "send_checklist"):
        send_checklist = _aimed_on_business(Bot.send_checklist)
    if hasattr(Bot, "send_message_draft"):
        send_message_draft = _aimed(Bot.send_message_draft)
    if hasattr(Bot, "send_live_photo"):
        send_live_photo = _aimed(Bot.send_live_photo)
    if hasattr(Bot, "send_rich_message"):
        send_rich_message = _aimed(Bot.send_rich_message)
    if hasattr(Bot, "send_rich_message_draft"):
        send_rich_message_draft = _aimed(Bot.send_rich_message_draft)

    async def send_gift(self, gift_id: str, **options: Unpack[GiftOptions]) -> bool:
        """Send a gift to the session's chat: to the user in a private chat, else to the channel.

        Takes what ``Bot.send_gift`` takes by name, without the receiver.
        Source: https://core.telegram.org/bots/api#sendgift
        """
        given: dict[str, Any] = {**options}
        for receiver in {"chat_id", "user_id"} & set(given):
            raise ChatGiven("send_gift", given[receiver])
        if self.key.business_connection_id is not None:
            raise CannotSendThere("send_gift", self.key)
        is_user = self.key.chat_id > 0
        aim: dict[str, Any] = {"user_id" if is_user else "chat_id": self.key.chat_id}
        with self._calling():
            return await self.bot.send_gift(gift_id, **aim, **options)


for _name, _made in newer_wrappers(Bot, SendWrappers).items():
    setattr(SendWrappers, _name, _made)
