"""Every ``send_*``, ``copy_*`` and ``forward_*`` of aiogram's Bot, aimed at a session's own chat and recorded there."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, Concatenate, Final, ParamSpec, TypedDict, TypeVar, Unpack, cast

from aiogram import Bot
from aiogram.types import MessageEntity

from tgslices.errors import CannotSendThere
from tgslices.model import SessionKey

P = ParamSpec("P")
R = TypeVar("R")
Target = TypeVar("Target")

_FILLED: Final = {"message_thread_id": "thread_id", "business_connection_id": "business_connection_id"}


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

    def recording(self) -> AbstractContextManager[None]:
        """Record into this session what is sent inside."""
        raise NotImplementedError

    def _aim(self, name: str, parameters: list[str], given: int, arguments: dict[str, Any]) -> None:
        """Fill in topic and business connection where they are neither given by position nor by name."""
        for parameter, part in _FILLED.items():
            value = getattr(self.key, part)
            if value is None:
                continue
            if parameter in parameters:
                if parameters.index(parameter) >= given:
                    arguments.setdefault(parameter, value)
            elif parameter == "business_connection_id":
                raise CannotSendThere(name, self.key)


def _aimed(
    method: Callable[Concatenate[Bot, Target, P], Awaitable[R]],
) -> Callable[Concatenate[Sending, P], Coroutine[Any, Any, R]]:
    signature = inspect.signature(method)
    parameters = list(signature.parameters)[2:]

    @functools.wraps(method)
    async def send(self: Sending, *args: P.args, **kwargs: P.kwargs) -> R:
        self._aim(method.__name__, parameters, len(args), kwargs)
        with self.recording():
            return cast(R, await getattr(self.bot, method.__name__)(self.key.chat_id, *args, **kwargs))

    _show_without(send, signature, "chat_id")
    return cast(Callable[Concatenate[Sending, P], Coroutine[Any, Any, R]], send)


def _show_without(send: Callable[..., Any], signature: inspect.Signature, *filled_in: str) -> None:
    """Let ``inspect.signature`` see a wrapper as it is called."""
    kept = [parameter for name, parameter in signature.parameters.items() if name not in filled_in]
    send.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]  # read by inspect.signature


def _aimed_on_business(
    method: Callable[Concatenate[Bot, str, Target, P], Awaitable[R]],
) -> Callable[Concatenate[Sending, P], Coroutine[Any, Any, R]]:
    @functools.wraps(method)
    async def send(self: Sending, *args: P.args, **kwargs: P.kwargs) -> R:
        connection = self.key.business_connection_id
        if connection is None:
            raise CannotSendThere(method.__name__, self.key)
        with self.recording():
            return cast(R, await getattr(self.bot, method.__name__)(connection, self.key.chat_id, *args, **kwargs))

    _show_without(send, inspect.signature(method), "business_connection_id", "chat_id")
    return cast(Callable[Concatenate[Sending, P], Coroutine[Any, Any, R]], send)


class SendWrappers(Sending):
    """One line a method; what a subclass of Bot makes of it is what is called.

    Those that the oldest supported aiogram lacks are there when the installed one has them.
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
        if self.key.business_connection_id is not None:
            raise CannotSendThere("send_gift", self.key)
        is_user = self.key.chat_id > 0
        receiver: dict[str, Any] = {"user_id" if is_user else "chat_id": self.key.chat_id}
        with self.recording():
            return await self.bot.send_gift(gift_id, **receiver, **options)
