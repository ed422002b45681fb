"""How people look: what a bot sets for a user, or for the business account that it is connected to.

Source: https://core.telegram.org/bots/api#setbusinessaccountname ff. and tdlib/td
``BusinessConnectionManager.cpp:1963-1991``. What the servers behind say is MTProto's, not verified.
"""

from __future__ import annotations

import re
from typing import Final

from tgslices.testing.content.profile_photos import uploaded_profile_photo
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.business import change_refusal
from tgslices.testing.state.accounts import User
from tgslices.testing.state.world import World

_MAX_NAME: Final = 64
_MAX_BIO: Final = 140
_USERNAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]){4,31}")


def _owner(call: Call, right: str) -> User:
    """The account of the business connection, if the bot may change this of it."""
    connection = call.connection()
    check(change_refusal(right, is_enabled=connection.is_enabled, rights=connection.rights))
    return connection.owner


def show_anew(world: World, user: User) -> None:
    """Let the chats with a user show how the user looks now."""
    for chat in (*world.private_chats.values(), *world.business_chats.values()):
        if chat.user is user:
            chat.touch()
    world.changes.notify()


def set_business_account_name(call: Call) -> bool:
    """Set the names of the account; an empty last name takes it away."""
    first_name = call.arguments.required("first_name").strip()[:_MAX_NAME]
    owner = _owner(call, "can_edit_name")
    owner.first_name = first_name
    owner.last_name = call.arguments.text("last_name").strip()[:_MAX_NAME] or None
    show_anew(call.world, owner)
    return True


def set_business_account_username(call: Call) -> bool:
    """Set the username of the account, or take it away."""
    username = call.arguments.text("username")
    owner = _owner(call, "can_edit_username")
    if username and not _USERNAME.fullmatch(username):
        raise bad_request("Username is invalid")
    taken = {(user.username or "").lower() for user in call.world.users.values() if user is not owner}
    if username and username.lower() in taken:
        raise bad_request("USERNAME_OCCUPIED")
    owner.username = username or None
    show_anew(call.world, owner)
    return True


def set_business_account_bio(call: Call) -> bool:
    """Set the bio of the account, or take it away."""
    bio = call.arguments.text("bio").strip()
    owner = _owner(call, "can_edit_bio")
    if len(bio) > _MAX_BIO:
        raise bad_request("ABOUT_TOO_LONG")
    owner.bio = bio
    return True


def set_business_account_profile_photo(call: Call) -> bool:
    """Set the photo of the account; older ones stay behind it."""
    owner = _owner(call, "can_edit_profile_photo")
    owner.profile_photos.insert(0, uploaded_profile_photo(call.world, call.arguments))
    return True


def remove_business_account_profile_photo(call: Call) -> bool:
    """Take the newest photo of the account away, if it has one."""
    del _owner(call, "can_edit_profile_photo").profile_photos[:1]
    return True


def set_user_emoji_status(call: Call) -> bool:
    """Set the emoji beside a user's name, or take it away. That the user has allowed it is taken for granted."""
    user = call.user()
    emoji_id = call.arguments.integer("emoji_status_custom_emoji_id")
    user.emoji_status = str(emoji_id) if emoji_id else ""
    user.emoji_status_until = call.arguments.integer("emoji_status_expiration_date")
    return True


METHODS: Final[dict[str, Method]] = {
    "setBusinessAccountName": set_business_account_name,
    "setBusinessAccountUsername": set_business_account_username,
    "setBusinessAccountBio": set_business_account_bio,
    "setBusinessAccountProfilePhoto": set_business_account_profile_photo,
    "removeBusinessAccountProfilePhoto": remove_business_account_profile_photo,
    "setUserEmojiStatus": set_user_emoji_status,
}
