"""How chats and profiles look: description, photo, stickers.

Source: https://core.telegram.org/bots/api#setchatdescription ff. and tdlib/telegram-bot-api ``Client.cpp:14700-14790``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.service_messages import post_service
from tgslices.testing.content.files import keep_file
from tgslices.testing.content.profile_photos import uploaded_profile_photo
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.rights import PERMISSIONS
from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.files import StoredFile
from tgslices.testing.wire.json_text import Json

_MAX_DESCRIPTION: Final = 255
"""Source: https://core.telegram.org/bots/api#setchatdescription"""


def profile_photo_sizes(file: StoredFile) -> list[Json]:
    """The Bot API's ``PhotoSize`` of a photo of a chat or profile, which is a square: small and big."""
    return file.sizes((90, 90), (640, 640))


def shown_settings(chat: Chat) -> Json:
    """What ``ChatFullInfo`` tells of a chat's settings."""
    settings = chat.settings
    data: Json = {}
    if settings.description:
        data["description"] = settings.description
    if settings.sticker_set:
        data["sticker_set_name"] = settings.sticker_set
    if settings.photo is not None:
        data["photo"] = _chat_photo(settings.photo)
    if chat.type in {"group", "supergroup"}:
        chosen = settings.permissions
        data["permissions"] = {name: chosen is None or name in chosen for name in PERMISSIONS}
    primary = next((link for link in settings.links.values() if link.is_primary and not link.is_revoked), None)
    if primary is not None:
        data["invite_link"] = primary.link
    return data


def _chat_photo(file: StoredFile) -> Json:
    """The Bot API's ``ChatPhoto``."""
    small, big = profile_photo_sizes(file)
    names = ("file_id", "file_unique_id")
    return {f"{size}_{name}": shown[name] for size, shown in (("small", small), ("big", big)) for name in names}


def shown_person(user: User, now: int) -> Json:
    """What ``ChatFullInfo`` tells of the person of a private chat, at this Unix time."""
    data: Json = {"bio": user.bio} if user.bio else {}
    if user.profile_photos:
        data["photo"] = _chat_photo(user.profile_photos[0])
    if user.emoji_status and not 0 < user.emoji_status_until <= now:
        data["emoji_status_custom_emoji_id"] = user.emoji_status
        if user.emoji_status_until:
            data["emoji_status_expiration_date"] = user.emoji_status_until
    return data


def _changeable(call: Call, what: str) -> Chat:
    chat = call.chat(Access.WRITE)
    if chat.type == "private":
        raise bad_request(f"can't change private chat {what}")
    if "can_change_info" not in chat.rights_of(call.bot.id):
        raise bad_request(f"not enough rights to change chat {what}")
    return chat


def set_chat_description(call: Call) -> bool:
    """Set a chat's description. No service message follows."""
    description = call.arguments.text("description").strip()
    if len(description) > _MAX_DESCRIPTION:
        raise bad_request("chat description is too long")
    settings = _changeable(call, "description").settings
    if settings.description == description:
        raise bad_request("chat description is not modified")
    settings.description = description
    call.world.changes.notify()
    return True


def set_chat_photo(call: Call) -> bool:
    """Set a chat's photo. The service message about it comes back to the bot."""
    upload = call.arguments.upload("photo")
    if upload is None:
        raise bad_request("there is no photo in the request")
    chat = _changeable(call, "photo")
    photo = keep_file(call.world, upload, "photo")
    chat.settings.photo = photo
    post_service(call.world, chat, call.bot, "new_chat_photo", {"new_chat_photo": profile_photo_sizes(photo)})
    return True


def delete_chat_photo(call: Call) -> bool:
    """Take a chat's photo away. The service message about it comes back to the bot."""
    chat = _changeable(call, "photo")
    settings = chat.settings
    if settings.photo is None:
        raise bad_request("CHAT_NOT_MODIFIED")
    settings.photo = None
    post_service(call.world, chat, call.bot, "delete_chat_photo", {"delete_chat_photo": True})
    return True


def set_chat_sticker_set(call: Call) -> bool:
    """Set the stickers of a supergroup."""
    return _use_stickers(call, call.arguments.text("sticker_set_name"))


def delete_chat_sticker_set(call: Call) -> bool:
    """Take the stickers of a supergroup away."""
    return _use_stickers(call, "")


def _use_stickers(call: Call, name: str) -> bool:
    chat = _changeable(call, "sticker set")
    if chat.type != "supergroup":
        raise bad_request("method is available only for supergroups")
    if name and name not in call.world.sticker_sets:
        raise bad_request("STICKERSET_INVALID")
    chat.settings.sticker_set = name
    call.world.changes.notify()
    return True


def set_my_profile_photo(call: Call) -> bool:
    """Set the bot's photo; older ones stay behind it."""
    call.bot.profile_photos.insert(0, uploaded_profile_photo(call.world, call.arguments))
    return True


def remove_my_profile_photo(call: Call) -> bool:
    """Take the bot's newest photo away, if it has one."""
    del call.bot.profile_photos[:1]
    return True


def get_user_profile_photos(call: Call) -> Json:
    """The photos of a user, newest first."""
    user = call.user()
    start, limit = max(0, call.arguments.integer("offset")), call.arguments.clamped("limit", 100, 1, 100)
    shown = [profile_photo_sizes(photo) for photo in user.profile_photos[start : start + limit]]
    return {"total_count": len(user.profile_photos), "photos": shown}


METHODS: Final[dict[str, Method]] = {
    "setChatDescription": set_chat_description,
    "setChatPhoto": set_chat_photo,
    "deleteChatPhoto": delete_chat_photo,
    "setChatStickerSet": set_chat_sticker_set,
    "deleteChatStickerSet": delete_chat_sticker_set,
    "setMyProfilePhoto": set_my_profile_photo,
    "removeMyProfilePhoto": remove_my_profile_photo,
    "getUserProfilePhotos": get_user_profile_photos,
}
