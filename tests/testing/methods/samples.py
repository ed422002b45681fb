"""Arguments for every method of the Bot API, with which it must succeed.

`sample` makes them up from aiogram's own types; what a method needs beyond that stands in `NEEDS`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram.methods import TelegramMethod

from tests.testing.methods.scene import FILE, OTHER_FILE, Scene
from tgslices.testing.actions.inquiries import ask, settle_payment
from tgslices.testing.actions.invitations import ask_to_join
from tgslices.testing.methods.smallest import smallest

Need = Callable[[Scene], Awaitable[dict[str, Any]]]
NEEDS: dict[str, Need] = {}


def needs(*methods: str) -> Callable[[Need], Need]:
    """Note what these methods need."""

    def note(need: Need) -> Need:
        NEEDS.update(dict.fromkeys(methods, need))
        return need

    return note


@needs("addStickerToSet", "replaceStickerInSet")
async def _new_sticker(scene: Scene) -> dict[str, Any]:
    old = await scene.sticker()
    new = {"sticker": OTHER_FILE, "format": "static", "emoji_list": ["☕"]}
    return {"name": "tea_by_order_bot", "old_sticker": old, "sticker": new}


@needs(
    "deleteStickerFromSet", "setStickerEmojiList", "setStickerKeywords", "setStickerMaskPosition",
    "setStickerPositionInSet", "setStickerSetTitle", "deleteStickerSet", "getStickerSet", "setStickerSetThumbnail",
    "setCustomEmojiStickerSetThumbnail",
)  # fmt: skip
async def _old_sticker(scene: Scene) -> dict[str, Any]:
    sticker = await scene.sticker()
    return {"sticker": sticker, "name": "tea_by_order_bot", "emoji_list": ["☕"], "format": "static", "title": "Coffee"}


@needs("uploadStickerFile")
async def _sticker_file(scene: Scene) -> dict[str, Any]:
    return {"sticker": FILE, "sticker_format": "static"}


@needs("createNewStickerSet")
async def _set_name(scene: Scene) -> dict[str, Any]:
    return {"name": "tea_by_order_bot"}


@needs("setChatStickerSet")
async def _set_of_chat(scene: Scene) -> dict[str, Any]:
    await scene.sticker()
    return {"sticker_set_name": "tea_by_order_bot"}


@needs("answerChatJoinRequestQuery")
async def _verdict(scene: Scene) -> dict[str, Any]:
    return {"result": "approve"}


@needs("answerWebAppQuery")
async def _web_app(scene: Scene) -> dict[str, Any]:
    return {"web_app_query_id": ask(scene.api.world, scene.ann, scene.account, "web_app_query").id}


@needs("refundStarPayment")
async def _payment(scene: Scene) -> dict[str, Any]:
    inquiry = ask(scene.api.world, scene.ann, scene.account, "pre_checkout_query")
    await scene.bot.answer_pre_checkout_query(inquiry.id, ok=True)
    paid = settle_payment(scene.api.world, inquiry).content["successful_payment"]
    return {"telegram_payment_charge_id": paid["telegram_payment_charge_id"]}


@needs("answerInlineQuery")
async def _inline_query(scene: Scene) -> dict[str, Any]:
    inquiry = ask(scene.api.world, scene.ann, scene.account, "inline_query", query="tea")
    return {"inline_query_id": inquiry.id}


@needs("answerPreCheckoutQuery")
async def _pre_checkout(scene: Scene) -> dict[str, Any]:
    return {"pre_checkout_query_id": ask(scene.api.world, scene.ann, scene.account, "pre_checkout_query").id}


@needs("answerShippingQuery")
async def _shipping(scene: Scene) -> dict[str, Any]:
    inquiry = ask(scene.api.world, scene.ann, scene.account, "shipping_query")
    options = [{"id": "post", "title": "Post", "prices": [{"label": "Post", "amount": 1}]}]
    return {"shipping_query_id": inquiry.id, "shipping_options": options}


@needs("answerCallbackQuery")
async def _tap(scene: Scene) -> dict[str, Any]:
    tap = scene.api.world.tap(scene.ann, scene.message(), scene.account, "tea")
    return {"callback_query_id": tap.id}


@needs("approveSuggestedPost", "declineSuggestedPost")
async def _suggested_post(scene: Scene) -> dict[str, Any]:
    channel = scene.api.add_channel("Posts", members=[scene.ann], admins=[scene.account])
    direct = scene.ann.view(scene.api.add_direct_messages(channel))
    post = await direct.sends("text", {"text": "Tea", "suggested_post_info": {"state": "pending"}})
    return {"chat_id": direct.id, "message_id": post.message_id}


@needs("approveChatJoinRequest", "declineChatJoinRequest")
async def _join_request(scene: Scene) -> dict[str, Any]:
    stranger = scene.api.add_person("Eve")
    ask_to_join(scene.api.world, scene.team.chat, stranger)
    return {"user_id": stranger.id}


@needs("editChatInviteLink", "revokeChatInviteLink", "editChatSubscriptionInviteLink")
async def _link(scene: Scene) -> dict[str, Any]:
    return {"invite_link": (await scene.bot.create_chat_invite_link(scene.team.id)).invite_link}


@needs("createChatSubscriptionInviteLink")
async def _subscription(scene: Scene) -> dict[str, Any]:
    return {"subscription_period": 2_592_000, "subscription_price": 10}


@needs("banChatMember", "promoteChatMember", "restrictChatMember", "setChatMemberTag")
async def _member(scene: Scene) -> dict[str, Any]:
    return {"user_id": scene.bob.id, "tag": "guest"}


@needs("setChatAdministratorCustomTitle")
async def _administrator(scene: Scene) -> dict[str, Any]:
    scene.api.promote(scene.team, scene.bob)
    return {"custom_title": "Chief"}


@needs("closeForumTopic", "deleteForumTopic", "editForumTopic", "unpinAllForumTopicMessages")
async def _topic(scene: Scene) -> dict[str, Any]:
    topic = scene.api.add_topic(scene.team, "News", by=scene.ann)
    return {"message_thread_id": topic.thread_id, "name": "Old news"}


@needs("reopenForumTopic")
async def _closed_topic(scene: Scene) -> dict[str, Any]:
    named = await _topic(scene)
    await scene.bot.close_forum_topic(scene.team.id, named["message_thread_id"])
    return named


@needs("reopenGeneralForumTopic")
async def _closed_general(scene: Scene) -> dict[str, Any]:
    await scene.bot.close_general_forum_topic(scene.team.id)
    return {}


@needs("unhideGeneralForumTopic")
async def _hidden_general(scene: Scene) -> dict[str, Any]:
    await scene.bot.hide_general_forum_topic(scene.team.id)
    return {}


@needs("deleteChatPhoto")
async def _chat_photo(scene: Scene) -> dict[str, Any]:
    await scene.bot.set_chat_photo(scene.team.id, FILE)
    return {}


@needs("setChatTitle", "setChatDescription")
async def _new_words(scene: Scene) -> dict[str, Any]:
    return {"title": "Crew", "description": "who we are"}


@needs("deleteMessageReaction", "deleteAllMessageReactions", "setMessageReaction")
async def _reaction(scene: Scene) -> dict[str, Any]:
    return {"user_id": scene.bob.id, "reaction": [{"type": "emoji", "emoji": "👍"}]}


@needs("setMyProfilePhoto", "setBusinessAccountProfilePhoto")
async def _profile_photo(scene: Scene) -> dict[str, Any]:
    return {"photo": {"type": "static", "photo": FILE}}


@needs("getFile")
async def _file(scene: Scene) -> dict[str, Any]:
    return {"file_id": await scene.file_id()}


@needs("sendChecklist")
async def _customer(scene: Scene) -> dict[str, Any]:
    return {"chat_id": scene.business.id}


@needs("editMessageChecklist")
async def _checklist(scene: Scene) -> dict[str, Any]:
    old = {"title": "Coffee", "tasks": [{"id": 1, "text": "grind"}]}
    sent = await scene.bot.send_checklist(scene.connection_id, scene.business.id, old)  # type: ignore[arg-type]
    return {"chat_id": scene.business.id, "message_id": sent.message_id}


@needs("readBusinessMessage", "deleteBusinessMessages")
async def _business_message(scene: Scene) -> dict[str, Any]:
    hers = await scene.business.types("tea")
    return {"chat_id": scene.business.id, "message_id": hers.message_id, "message_ids": [hers.message_id]}


@needs("sendPaidMedia")
async def _paid(scene: Scene) -> dict[str, Any]:
    return {"star_count": 5, "media": [{"type": "photo", "media": FILE}, {"type": "video", "media": OTHER_FILE}]}


@needs("editMessageText", "editMessageReplyMarkup")
async def _text(scene: Scene) -> dict[str, Any]:
    buttons = {"inline_keyboard": [[{"text": "Tea", "callback_data": "tea"}]]}
    message_id = scene.message().message_id
    return {"chat_id": scene.private.id, "message_id": message_id, "text": "new", "reply_markup": buttons}


@needs("editMessageCaption", "editMessageMedia")
async def _photo(scene: Scene) -> dict[str, Any]:
    media = {"type": "photo", "media": OTHER_FILE}
    return {"chat_id": scene.private.id, "message_id": await scene.photo_id(), "caption": "new", "media": media}


@needs("editMessageLiveLocation", "stopMessageLiveLocation")
async def _live_location(scene: Scene) -> dict[str, Any]:
    sent = await scene.bot.send_location(scene.private.id, 50.0, 10.0, live_period=900)
    return {"chat_id": scene.private.id, "message_id": sent.message_id}


@needs("copyMessage")
async def _captioned(scene: Scene) -> dict[str, Any]:
    return {"message_id": await scene.photo_id()}


@needs("stopPoll")
async def _poll(scene: Scene) -> dict[str, Any]:
    return {"message_id": (await scene.bot.send_poll(scene.private.id, "Tea?", ["yes", "no"])).message_id}


@needs("setGameScore", "getGameHighScores")
async def _game(scene: Scene) -> dict[str, Any]:
    sent = await scene.bot.send_game(scene.private.id, "tea")
    return {"chat_id": scene.private.id, "message_id": sent.message_id, "score": 7}


@needs("unpinChatMessage")
async def _pinned(scene: Scene) -> dict[str, Any]:
    await scene.bot.pin_chat_message(scene.private.id, scene.message().message_id)
    return {}


@needs("editEphemeralMessageText", "editEphemeralMessageReplyMarkup", "deleteEphemeralMessage")
async def _ephemeral(scene: Scene) -> dict[str, Any]:
    buttons = {"inline_keyboard": [[{"text": "Tea", "callback_data": "tea"}]]}
    return {"ephemeral_message_id": scene.ephemeral_id(), "text": "new", "reply_markup": buttons}


@needs("editEphemeralMessageCaption", "editEphemeralMessageMedia")
async def _ephemeral_photo(scene: Scene) -> dict[str, Any]:
    media = {"type": "photo", "media": OTHER_FILE}
    return {"ephemeral_message_id": await scene.ephemeral_photo_id(), "caption": "new", "media": media}


@needs("setWebhook")
async def _webhook(scene: Scene) -> dict[str, Any]:
    return {"url": ""}


@needs("getChatAdministrators", "getChatMember", "getChatMemberCount")
async def _team(scene: Scene) -> dict[str, Any]:
    return {"chat_id": scene.team.id, "user_id": scene.bob.id}


@needs("sendGift")
async def _receiver(scene: Scene) -> dict[str, Any]:
    return {"user_id": scene.ann.id}


async def sample(scene: Scene, model: type[TelegramMethod[Any]]) -> TelegramMethod[Any]:
    """A call of this method that succeeds: what it requires, and what it needs in this scene."""
    name = model.__api_method__
    named = scene.by_name(name)
    needed = await NEEDS[name](scene) if name in NEEDS else {}
    values: dict[str, Any] = {}
    for field_name, field in model.model_fields.items():
        if field_name in needed:
            values[field_name] = needed[field_name]
        elif field.is_required() and field_name in named:
            values[field_name] = named[field_name]
        elif field.is_required():
            value = smallest(field.annotation, now=scene.api.clock.unix_time())
            values[field_name] = 1 if value == 0 and type(value) is int else value
    return model.model_validate(values)
