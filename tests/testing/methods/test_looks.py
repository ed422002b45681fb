"""How people and sticker sets look once a bot has changed that, and what people see that a bot is doing."""

from datetime import timedelta

import pytest
from aiogram import Bot
from aiogram.methods import SetBusinessAccountName, SetBusinessAccountUsername, SetStickerSetThumbnail
from aiogram.types import BufferedInputFile, InputProfilePhotoStatic, InputSticker

from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person

FILE = BufferedInputFile(b"picture", "picture.webp")


@pytest.fixture
def shop(api: BotApi) -> Person:
    return api.add_person("Shop", username="old_shop")


async def test_a_business_account_looks_as_its_bot_makes_it(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, shop: Person
) -> None:
    connection = api.connect_business(shop, account)
    assert await bot.set_business_account_name(connection, "Tea", "House")
    assert await bot.set_business_account_username(connection, "tea_house")
    assert await bot.set_business_account_bio(connection, "Open at nine")
    assert await bot.set_business_account_profile_photo(connection, InputProfilePhotoStatic(photo=FILE))
    seen = await bot.get_chat(shop.id)
    assert (seen.first_name, seen.last_name, seen.username, seen.bio) == ("Tea", "House", "tea_house", "Open at nine")
    assert seen.photo is not None
    await ann.business_chat(shop).types("hello")
    await shop.customer_chat(ann).types("hi")
    told = (await bot.get_updates())[-1].business_message
    assert told is not None
    assert told.from_user is not None
    assert told.from_user.full_name == "Tea House"
    assert await bot.set_business_account_name(connection, "Tea")
    assert await bot.remove_business_account_profile_photo(connection)
    seen = await bot.get_chat(shop.id)
    assert (seen.full_name, seen.photo) == ("Tea", None)


async def test_a_business_account_is_changed_by_those_who_may(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, shop: Person
) -> None:
    connection = api.connect_business(shop, account, can_edit_username=True)
    name = SetBusinessAccountName(business_connection_id=connection, first_name="Tea")
    assert await refusal(bot, name) == "Bad Request: BOT_ACCESS_FORBIDDEN"
    ann.username = "ann_lee"
    for username, refused in (("a b", "username is invalid"), ("Ann_Lee", "USERNAME_OCCUPIED")):
        change = SetBusinessAccountUsername(business_connection_id=connection, username=username)
        assert await refusal(bot, change) == f"Bad Request: {refused}"
    api.disconnect_business(connection)
    assert await refusal(bot, name) == "Bad Request: BUSINESS_CONNECTION_INVALID"
    assert shop.username == "old_shop"


async def test_an_emoji_status_lasts_until_its_end(api: BotApi, bot: Bot, ann: Person, chat: ChatView) -> None:
    end = api.clock.unix_time() + 60
    await bot.set_user_emoji_status(ann.id, "5170145012310081615", end)
    seen = await bot.get_chat(ann.id)
    assert seen.emoji_status_custom_emoji_id == "5170145012310081615"
    assert seen.emoji_status_expiration_date is not None
    api.clock.move(timedelta(seconds=61))
    assert (await bot.get_chat(ann.id)).emoji_status_custom_emoji_id is None


async def test_a_sticker_set_shows_its_thumbnail(bot: Bot, ann: Person) -> None:
    sticker = InputSticker(sticker=FILE, format="static", emoji_list=["🍵"])
    tea, signs = "tea_by_order_bot", "signs_by_order_bot"
    await bot.create_new_sticker_set(ann.id, tea, "Tea", [sticker])
    await bot.create_new_sticker_set(ann.id, signs, "Signs", [sticker], sticker_type="custom_emoji")
    assert (await bot.get_sticker_set(tea)).thumbnail is None
    await bot.set_sticker_set_thumbnail(tea, ann.id, "static", FILE)
    shown = (await bot.get_sticker_set(tea)).thumbnail
    assert shown is not None
    assert (shown.width, shown.height) == (100, 100)
    await bot.set_sticker_set_thumbnail(tea, ann.id, "static")
    assert (await bot.get_sticker_set(tea)).thumbnail is None
    [sign] = (await bot.get_sticker_set(signs)).stickers
    await bot.set_custom_emoji_sticker_set_thumbnail(signs, sign.custom_emoji_id)
    shown = (await bot.get_sticker_set(signs)).thumbnail
    assert shown is not None
    assert shown.file_unique_id == sign.file_unique_id
    wrong = SetStickerSetThumbnail(name=tea, user_id=ann.id, format="round", thumbnail=FILE)
    assert await refusal(bot, wrong) == "Bad Request: invalid sticker format specified"


async def test_people_see_that_a_bot_is_typing_for_five_seconds_or_until_it_writes(
    api: BotApi, bot: Bot, chat: ChatView
) -> None:
    """https://core.telegram.org/bots/api#sendchataction"""
    api.clock.freeze()
    await bot.send_chat_action(chat.id, "typing")
    assert chat.actions() == ["typing"]
    api.clock.move(timedelta(seconds=5))
    assert chat.actions() == []
    await bot.send_chat_action(chat.id, "upload_photo")
    await chat.types("and?")
    assert chat.actions() == ["upload_photo"]
    await bot.send_message(chat.id, "here")
    assert chat.actions() == []


async def test_a_bot_types_for_a_business_account(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, shop: Person
) -> None:
    connection = api.connect_business(shop, account)
    seen = ann.business_chat(shop)
    await seen.types("hello")
    await bot.send_chat_action(ann.id, "typing", business_connection_id=connection)
    assert (seen.actions(), ann.private_chat(account).actions()) == (["typing"], [])
    await bot.send_message(ann.id, "hi", business_connection_id=connection)
    assert seen.actions() == []
