"""Files and other kinds of content, there and back."""

from io import BytesIO
from typing import Any

import aiohttp
import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.methods import EditMessageMedia, GetFile, SendAudio, SendMediaGroup, SendPhoto, SendPoll, TelegramMethod
from aiogram.types import BufferedInputFile, InputMediaPhoto, InputMediaVideo, InputPollOption, Message

from tests.needs import needs
from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView

FILE = BufferedInputFile(b"\x00binary\r\n--\xff", "picture.jpg")


@pytest.mark.parametrize(
    "kind",
    ["photo", "video", "animation", "audio", "document", "voice", "video_note", "sticker"],
)
async def test_files_are_sent_and_downloaded(bot: Bot, chat: ChatView, kind: str) -> None:
    method = getattr(bot, f"send_{kind}")
    sent: Message = await method(chat.id, FILE)
    assert sent.content_type == kind
    stored = getattr(sent, kind)
    file_id = stored[-1].file_id if kind == "photo" else stored.file_id
    loaded = await bot.download(file_id, BytesIO())
    assert loaded is not None
    assert loaded.read() == FILE.data
    again: Message = await method(chat.id, file_id)
    assert getattr(again, kind) == stored


async def test_captions_and_their_entities(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_photo(chat.id, FILE, caption="a <b>bold</b> one", parse_mode="HTML", has_spoiler=True)
    assert sent.caption == "a bold one"
    assert sent.caption_entities is not None
    assert sent.caption_entities[0].type == "bold"
    assert sent.has_media_spoiler
    await bot.edit_message_caption(chat_id=chat.id, message_id=sent.message_id, caption="plain")
    assert chat.texts() == ["plain"]


async def test_other_kinds(bot: Bot, chat: ChatView) -> None:
    place = await bot.send_location(chat.id, 52.5, 13.4)
    venue = await bot.send_venue(chat.id, 52.5, 13.4, "Tower", "Square 1")
    contact = await bot.send_contact(chat.id, "+49301234", "Bob")
    dice = await bot.send_dice(chat.id, emoji="🎰")
    poll = await bot.send_poll(chat.id, "Tea?", [InputPollOption(text="yes"), InputPollOption(text="no")])
    kinds = [message.content_type for message in (place, venue, contact, dice, poll)]
    assert kinds == ["location", "venue", "contact", "dice", "poll"]
    assert [message.kind for message in chat.visible()] == kinds
    assert dice.dice is not None
    assert 1 <= dice.dice.value <= 64
    closed = await bot.stop_poll(chat.id, poll.message_id)
    assert closed.is_closed


async def test_media_is_replaced(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_photo(chat.id, FILE, caption="old")
    media = InputMediaVideo(media=BufferedInputFile(b"moving", "film.mp4"), caption="new")
    edited = await bot.edit_message_media(media, chat_id=chat.id, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert (edited.content_type, edited.caption, edited.photo) == ("video", "new", None)
    voice = await bot.send_voice(chat.id, FILE)
    method = EditMessageMedia(media=media, chat_id=chat.id, message_id=voice.message_id)
    assert await refusal(bot, method) == "Bad Request: message media can't be edited"


@pytest.mark.parametrize(
    ("method", "text"),
    [
        (SendPhoto(chat_id=1001, photo="nonsense"), "Bad Request: wrong file identifier/HTTP URL specified"),
        (SendPhoto(chat_id=1001, photo=""), "Bad Request: there is no photo in the request"),
        (SendAudio(chat_id=1001, audio=BufferedInputFile(b"", "x")), "Bad Request: file must be non-empty"),
        (SendPoll(chat_id=1001, question="", options=["a"]), "Bad Request: text must be non-empty"),
        (GetFile(file_id="nonsense"), "Bad Request: invalid file_id"),
        (
            EditMessageMedia(chat_id=1001, message_id=1, media=InputMediaPhoto(media="nonsense")),
            "Bad Request: wrong file identifier/HTTP URL specified",
        ),
    ],
)
async def test_refusals(bot: Bot, chat: ChatView, method: TelegramMethod[Any], text: str) -> None:
    assert chat.id == 1001
    assert await refusal(bot, method) == text


async def test_a_file_that_is_too_big(bot: Bot, chat: ChatView) -> None:
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_document(chat.id, BufferedInputFile(b"x" * (50 * 2**20 + 1), "big"))


@pytest.mark.parametrize(
    ("kind", "megabytes", "text"),
    [
        ("photo", 10, "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes"),
        (
            "video_note",
            12,
            "file of size 12582913 bytes is too big for a video note; the maximum size is 12582912 bytes",
        ),
    ],
)
async def test_some_kinds_take_smaller_files_only(
    bot: Bot, chat: ChatView, kind: str, megabytes: int, text: str
) -> None:
    limit = megabytes * 2**20
    data = b"x" * (limit + 1)
    sends = getattr(bot, f"send_{kind}")
    assert (await sends(chat.id, BufferedInputFile(data[1:], "a"))).content_type == kind
    with pytest.raises(TelegramBadRequest) as caught:
        await sends(chat.id, BufferedInputFile(data, "a"))
    assert caught.value.message == f"Bad Request: {text}"
    album = SendMediaGroup(chat_id=chat.id, media=[InputMediaPhoto(media=BufferedInputFile(data, "a"))] * 2)
    assert "is too big for a photo" in await refusal(bot, album)
    assert (await bot.send_document(chat.id, BufferedInputFile(data, "a"))).document is not None


async def test_a_file_that_is_too_big_to_be_fetched(bot: Bot, chat: ChatView) -> None:
    """`MAX_DOWNLOAD_FILE_SIZE = 20 << 20`, Client.h:71; only what is bigger is refused."""
    data = b"x" * (20 * 2**20 + 1)
    fits = await bot.send_document(chat.id, BufferedInputFile(data[1:], "fits"))
    too_big = await bot.send_document(chat.id, BufferedInputFile(data, "big"))
    assert fits.document is not None
    assert too_big.document is not None
    assert (await bot.get_file(fits.document.file_id)).file_path is not None
    assert await refusal(bot, GetFile(file_id=too_big.document.file_id)) == "Bad Request: file is too big"


async def test_a_body_that_is_too_big(api: BotApi, account: BotAccount) -> None:
    url = f"{api.url}/bot{account.token}/sendDocument"
    async with aiohttp.ClientSession() as client, client.post(url, data=BytesIO(b"x" * (56 * 2**20))) as response:
        assert response.status == 413
        assert (await response.json())["description"] == "Request Entity Too Large"


async def test_her_files_reach_the_bot(bot: Bot, chat: ChatView) -> None:
    await chat.sends_file("document", caption="look", name="note.txt", data=b"words")
    await chat.sends_album(caption="two")
    document, first, second = [update.message for update in await bot.get_updates()]
    assert document is not None
    assert document.document is not None
    loaded = await bot.download(document.document, BytesIO())
    assert loaded is not None
    assert loaded.read() == b"words"
    assert first is not None
    assert second is not None
    assert first.media_group_id == second.media_group_id
    assert chat.texts() == ["look", "two", ""]


@pytest.mark.parametrize("kind", ["video", "animation", "audio", "document", "video_note"])
async def test_a_thumbnail_that_was_uploaded_is_shown(bot: Bot, chat: ChatView, kind: str) -> None:
    """DOC, ``thumbnail``"""
    thumbnail = BufferedInputFile(b"small", "small.jpg")
    sent: Message = await getattr(bot, f"send_{kind}")(chat.id, FILE, thumbnail=thumbnail)
    shown = getattr(sent, kind).thumbnail
    assert shown is not None
    loaded = await bot.download(shown.file_id, BytesIO())
    assert loaded is not None
    assert loaded.read() == b"small"
    plain: Message = await getattr(bot, f"send_{kind}")(chat.id, FILE)
    assert getattr(plain, kind).thumbnail is None


async def test_every_size_of_a_photo_is_a_file_of_its_own(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_photo(chat.id, FILE)
    assert sent.photo is not None
    assert len({size.file_id for size in sent.photo}) == len({size.file_unique_id for size in sent.photo}) == 2
    for size in sent.photo:
        file = await bot.get_file(size.file_id)
        assert (file.file_id, file.file_unique_id) == (size.file_id, size.file_unique_id)
    again = await bot.send_photo(chat.id, sent.photo[0].file_id)
    assert again.photo == sent.photo


async def test_the_same_bytes_twice_are_two_files_that_are_alike(bot: Bot, chat: ChatView) -> None:
    first, second = [(await bot.send_document(chat.id, FILE)).document for _ in range(2)]
    assert first is not None
    assert second is not None
    assert first.file_id != second.file_id
    assert first.file_unique_id == second.file_unique_id


@needs(types, "LivePhoto")
async def test_voices_and_live_photos_say_what_they_are(bot: Bot, chat: ChatView) -> None:
    """`Client.cpp:1971, 2093`"""
    voice = (await bot.send_voice(chat.id, FILE)).voice
    assert voice is not None
    assert voice.mime_type == "audio/ogg"
    live = await bot.send_live_photo(chat.id, FILE, FILE)
    assert live.live_photo is not None
    assert live.live_photo.photo
    await bot.edit_message_media(InputMediaPhoto(media=FILE), chat_id=chat.id, message_id=live.message_id)


async def test_a_file_is_sent_again_as_what_it_is(bot: Bot, chat: ChatView) -> None:
    """`FileManager.cpp:4038-4045`."""
    sent = await bot.send_document(chat.id, BufferedInputFile(b"data", "data.bin"))
    assert sent.document is not None
    wrong = SendPhoto(chat_id=chat.id, photo=sent.document.file_id)
    assert await refusal(bot, wrong) == "Bad Request: can't use file of type Document as Photo"
    photo = await chat.sends_file("photo")
    again = await bot.send_photo(chat.id, photo.content["photo"][-1]["file_id"])
    assert again.photo is not None
    assert (await bot.send_video(chat.id, sent.document.file_id)).video is not None
