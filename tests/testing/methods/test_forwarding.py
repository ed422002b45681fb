"""Copies, forwards and albums over HTTP."""

import pytest
from aiogram import Bot
from aiogram.methods import CopyMessage, CopyMessages, ForwardMessage, ForwardMessages
from aiogram.types import BufferedInputFile, InputMediaDocument, InputMediaPhoto, MessageOriginUser

from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Partial, Person


def photo(name: str = "a.jpg", caption: str | None = None) -> InputMediaPhoto:
    return InputMediaPhoto(media=BufferedInputFile(b"bytes of " + name.encode(), name), caption=caption)


@pytest.fixture
def other(api: BotApi, account: BotAccount) -> ChatView:
    return api.add_person("Bob").private_chat(account)


async def test_copies_come_back_as_identifiers_without_what_was_skipped(
    api: BotApi, bot: Bot, chat: ChatView, other: ChatView, ann: Person
) -> None:
    """The returned list may be shorter, without a mapping."""
    first = await chat.types("one")
    notice = await chat.pins(first)
    last = await chat.types("two")
    copied = await bot.copy_messages(other.id, chat.id, [first.message_id, notice.message_id, last.message_id, 999])
    assert len(copied) == 2
    assert other.texts() == ["one", "two"]
    assert [message.message_id for message in other.visible()] == [item.message_id for item in copied]
    assert {message.from_id for message in other.visible()} == {bot.id}


async def test_forwards_tell_where_they_come_from(bot: Bot, chat: ChatView, other: ChatView, ann: Person) -> None:
    message = await chat.types("one")
    sent = await bot.forward_message(other.id, chat.id, message.message_id)
    assert isinstance(sent.forward_origin, MessageOriginUser)
    assert sent.forward_origin.sender_user.id == ann.id
    [again] = await bot.forward_messages(other.id, chat.id, [message.message_id])
    assert other.texts() == ["one", "one"]
    assert again.message_id == sent.message_id + 1


async def test_one_message_is_copied_with_another_caption(bot: Bot, chat: ChatView, other: ChatView) -> None:
    sent = await bot.send_photo(chat.id, BufferedInputFile(b"x", "x.jpg"), caption="old")
    copied = await bot.copy_message(other.id, chat.id, sent.message_id, caption="new")
    assert other.visible()[0].message_id == copied.message_id
    assert other.texts() == ["new"]
    await bot.copy_messages(other.id, chat.id, [sent.message_id], remove_caption=True)
    assert other.texts() == ["new", ""]


async def test_refusals(api: BotApi, bot: Bot, chat: ChatView, other: ChatView) -> None:
    first, second = await chat.types("one"), await chat.types("two")
    notice = await chat.pins(first)
    backwards = [second.message_id, first.message_id]
    increasing = "Bad Request: message identifiers must be in a strictly increasing order"
    assert await refusal(bot, CopyMessages(chat_id=other.id, from_chat_id=chat.id, message_ids=backwards)) == increasing
    assert (
        await refusal(bot, ForwardMessages(chat_id=other.id, from_chat_id=chat.id, message_ids=[first.message_id] * 2))
        == increasing
    )
    assert await refusal(
        bot, CopyMessages(chat_id=other.id, from_chat_id=chat.id, message_ids=[notice.message_id])
    ) == ("Bad Request: messages can't be forwarded")
    assert await refusal(bot, CopyMessages(chat_id=other.id, from_chat_id=chat.id, message_ids=[999])) == (
        "Bad Request: there are no messages to forward"
    )
    assert await refusal(
        bot, CopyMessages(chat_id=other.id, from_chat_id=chat.id, message_ids=list(range(1, 102)))
    ) == ("Bad Request: too many message identifiers specified")
    assert await refusal(bot, CopyMessage(chat_id=other.id, from_chat_id=chat.id, message_id=notice.message_id)) == (
        "Bad Request: the message can't be copied"
    )
    assert await refusal(bot, ForwardMessage(chat_id=other.id, from_chat_id=chat.id, message_id=notice.message_id)) == (
        "Bad Request: the message can't be forwarded"
    )
    assert (
        await refusal(bot, CopyMessage(chat_id=other.id, from_chat_id=chat.id, message_id=999))
        == "Bad Request: message to copy not found"
    )
    assert (
        await refusal(bot, ForwardMessage(chat_id=other.id, from_chat_id=chat.id, message_id=999))
        == "Bad Request: message to forward not found"
    )
    assert other.texts() == []


async def test_protected_content_is_copied_by_bots_and_not_forwarded(bot: Bot, chat: ChatView, other: ChatView) -> None:
    """`!(is_copy && is_bot()) && get_message_has_protected_content -> false`, MessagesManager.cpp:8232."""
    sent = await bot.send_message(chat.id, "secret", protect_content=True)
    assert sent.has_protected_content
    method = ForwardMessage(chat_id=other.id, from_chat_id=chat.id, message_id=sent.message_id)
    assert await refusal(bot, method) == "Bad Request: the message can't be forwarded"
    assert await bot.copy_messages(other.id, chat.id, [sent.message_id])
    chat.chat.protected = True
    assert await refusal(bot, method) == "Bad Request: message has protected content and can't be forwarded"


async def test_an_album_is_several_messages_of_one_group(bot: Bot, chat: ChatView, other: ChatView) -> None:
    sent = await bot.send_media_group(chat.id, [photo("a.jpg", "both"), photo("b.jpg")])
    assert [message.caption for message in sent] == ["both", None]
    assert len({message.media_group_id for message in sent}) == 1
    assert sent[0].media_group_id
    await bot.copy_messages(other.id, chat.id, [message.message_id for message in sent])
    copies = [message.stored.content["media_group_id"] for message in other.visible()]
    assert len(set(copies)) == 1
    assert copies[0] != sent[0].media_group_id
    [single] = await bot.send_media_group(chat.id, [photo()])
    assert single.media_group_id is None


async def test_albums_are_refused_as_a_whole(bot: Bot, chat: ChatView) -> None:
    document = InputMediaDocument(media=BufferedInputFile(b"x", "x.txt"))
    with pytest.raises(Exception, match="document can't be mixed with other media types"):
        await bot.send_media_group(chat.id, [photo(), document])
    with pytest.raises(Exception, match="too many messages to send as an album"):
        await bot.send_media_group(chat.id, [photo()] * 11)
    with pytest.raises(Exception, match="wrong file identifier/HTTP URL specified"):
        await bot.send_media_group(chat.id, [photo(), InputMediaPhoto(media="nonsense")])
    assert chat.visible() == []


async def test_a_partly_failed_call_leaves_orphans(api: BotApi, bot: Bot, chat: ChatView) -> None:
    """One failed item fails the whole query after the rest was sent."""
    api.faults.add(Partial(item=2, cause="MEDIA_EMPTY"), method="sendMediaGroup")
    with pytest.raises(Exception, match='failed to send message #2 with the error message "MEDIA_EMPTY"'):
        await bot.send_media_group(chat.id, [photo("a"), photo("b"), photo("c")])
    assert len(chat.visible()) == 2
