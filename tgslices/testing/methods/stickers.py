"""Sets of stickers.

Source: https://core.telegram.org/bots/api#stickers. What the servers behind say is MTProto's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from typing import Any, Final

from tgslices.testing.content.files import given_file, keep_file
from tgslices.testing.content.icons import TOPIC_ICONS
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.state.stickers import StickerSet
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

_NAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_FORMATS: Final = {"static", "animated", "video"}
_MAX_EMOJIS: Final = 200
"""Source: https://core.telegram.org/bots/api#getcustomemojistickers"""

_THUMBNAIL: Final = {"width": 100, "height": 100}
_MAX_STICKERS: Final = 120
"""Source: https://core.telegram.org/bots/api#addstickertoset"""


def _read_sticker(call: Call, given: Any, kind: str, set_name: str) -> Json:
    if not isinstance(given, dict) or str(given.get("format")) not in _FORMATS:
        raise bad_request("Can't parse InputSticker: sticker format must be non-empty")
    emojis = given.get("emoji_list")
    if not isinstance(emojis, list) or not emojis:
        raise bad_request("Can't parse InputSticker: emoji list must be non-empty")
    reference = str(given.get("sticker") or "")
    file = given_file(call.world, call.arguments.attached(reference), reference, "sticker")
    sticker: Json = {
        **file.json(),
        "type": kind,
        "width": 512,
        "height": 512,
        "is_animated": given["format"] == "animated",
        "is_video": given["format"] == "video",
        "emoji": str(emojis[0]),
        "set_name": set_name,
    }
    if kind == "custom_emoji":
        sticker["custom_emoji_id"] = str(6_000_000_000_000_000_000 + call.world.next_serial())
    if given.get("mask_position"):
        sticker["mask_position"] = given["mask_position"]
    return sticker


def upload_sticker_file(call: Call) -> Json:
    """Keep a file for a sticker; returns the ``File``."""
    call.user()
    if call.arguments.text("sticker_format") not in _FORMATS:
        raise bad_request("sticker format must be non-empty")
    upload = call.arguments.upload("sticker")
    if upload is None:
        raise bad_request("there is no sticker file in the request")
    file = keep_file(call.world, upload)
    return {**file.json(), "file_path": file.path}


def create_new_sticker_set(call: Call) -> bool:
    """Make a set. Its name must be free and end in ``_by_`` and the bot's name."""
    name, title = call.arguments.text("name"), call.arguments.text("title").strip()
    kind = call.arguments.text("sticker_type") or "regular"
    if not title:
        raise bad_request("Sticker set title must be non-empty")
    if not _NAME.fullmatch(name) or not name.lower().endswith(f"_by_{call.bot.username}".lower()):
        raise bad_request("invalid sticker set name is specified")
    if name in call.world.sticker_sets:
        raise bad_request("sticker set name is already occupied")
    given = call.arguments.json("stickers", "stickers")
    if not isinstance(given, list) or not given:
        raise bad_request("Expected an Array of InputSticker")
    stickers = [_read_sticker(call, item, kind, name) for item in given]
    call.world.sticker_sets[name] = StickerSet(name, title, kind, call.user().id, stickers)
    return True


def _find_set(call: Call) -> StickerSet:
    found = call.world.sticker_sets.get(call.arguments.text("name"))
    if found is None:
        raise bad_request("STICKERSET_INVALID")
    return found


def get_sticker_set(call: Call) -> Json:
    """The ``StickerSet``."""
    return _find_set(call).json()


def add_sticker_to_set(call: Call) -> bool:
    """Add a sticker at the end."""
    into = _find_set(call)
    if len(into.stickers) >= _MAX_STICKERS:
        raise bad_request("STICKERS_TOO_MUCH")
    given = call.arguments.json("sticker", "sticker")
    into.stickers.append(_read_sticker(call, given, into.kind, into.name))
    return True


def _find_sticker(world: World, reference: str) -> tuple[StickerSet, int]:
    for found in world.sticker_sets.values():
        for position, sticker in enumerate(found.stickers):
            if sticker["file_id"] == reference:
                return found, position
    raise bad_request("STICKER_INVALID")


def replace_sticker_in_set(call: Call) -> bool:
    """Replace a sticker."""
    into, position = _find_sticker(call.world, call.arguments.text("old_sticker"))
    given = call.arguments.json("sticker", "sticker")
    into.stickers[position] = _read_sticker(call, given, into.kind, into.name)
    return True


def delete_sticker_from_set(call: Call) -> bool:
    """Remove a sticker."""
    found, position = _find_sticker(call.world, call.arguments.text("sticker"))
    del found.stickers[position]
    return True


def set_sticker_position_in_set(call: Call) -> bool:
    """Move a sticker; positions count from 0."""
    found, position = _find_sticker(call.world, call.arguments.text("sticker"))
    found.stickers.insert(max(0, call.arguments.integer("position")), found.stickers.pop(position))
    return True


def set_sticker_set_title(call: Call) -> bool:
    """Set the title."""
    title = call.arguments.text("title").strip()
    if not title:
        raise bad_request("Sticker set title must be non-empty")
    _find_set(call).title = title
    return True


def delete_sticker_set(call: Call) -> bool:
    """Delete a set."""
    del call.world.sticker_sets[_find_set(call).name]
    return True


def _sticker_changer(change: Callable[[Json, Arguments], None]) -> Method:
    def change_sticker(call: Call) -> bool:
        found, position = _find_sticker(call.world, call.arguments.text("sticker"))
        change(found.stickers[position], call.arguments)
        return True

    return change_sticker


def _change_emoji(sticker: Json, arguments: Arguments) -> None:
    emojis = arguments.json("emoji_list", "emoji list")
    if not isinstance(emojis, list) or not emojis:
        raise bad_request("emoji list must be non-empty")
    sticker["emoji"] = str(emojis[0])


def _change_mask(sticker: Json, arguments: Arguments) -> None:
    mask = arguments.json("mask_position", "mask position")
    sticker.pop("mask_position", None)
    if mask:
        sticker["mask_position"] = mask


def _keep(sticker: Json, arguments: Arguments) -> None:
    """Accept keywords. Bots never see them."""


def set_sticker_set_thumbnail(call: Call) -> bool:
    """Set the thumbnail of a set, or take it away. Source: tdlib/telegram-bot-api ``Client.cpp:15573-15593``."""
    if (call.arguments.text("format") or "auto") not in _FORMATS | {"auto"}:
        raise bad_request("Invalid sticker format specified")
    call.user()
    changed = _find_set(call)
    upload, reference = call.arguments.upload("thumbnail"), call.arguments.text("thumbnail")
    if upload is None and not reference:
        changed.thumbnail = None
    else:
        changed.thumbnail = {**given_file(call.world, upload, reference).json(), **_THUMBNAIL}
    return True


def set_custom_emoji_sticker_set_thumbnail(call: Call) -> bool:
    """Let one of its custom emoji stand for a set, or none."""
    changed, number = _find_set(call), call.arguments.text("custom_emoji_id")
    chosen = next((sticker for sticker in changed.stickers if sticker.get("custom_emoji_id") == number), None)
    if number and chosen is None:
        raise bad_request("STICKERSET_INVALID")
    named = ("file_id", "file_unique_id", "file_size")
    changed.thumbnail = None if chosen is None else {name: chosen[name] for name in named} | _THUMBNAIL
    return True


def get_forum_topic_icon_stickers(call: Call) -> list[Json]:
    """The custom emoji that may be the icon of a topic."""
    return list(TOPIC_ICONS)


def get_custom_emoji_stickers(call: Call) -> list[Json]:
    """The stickers with these identifiers, in the order that was asked for; unknown ones are left out."""
    wanted = call.arguments.json("custom_emoji_ids", "custom emoji identifiers")
    if not isinstance(wanted, list):
        raise bad_request("Expected an Array of custom emoji identifiers")
    if len(wanted) > _MAX_EMOJIS:
        raise bad_request("Too many custom emoji identifiers specified")
    known = chain(TOPIC_ICONS, *(found.stickers for found in call.world.sticker_sets.values()))
    by_id = {sticker["custom_emoji_id"]: sticker for sticker in known if "custom_emoji_id" in sticker}
    return [by_id[str(number)] for number in wanted if str(number) in by_id]


METHODS: Final[dict[str, Method]] = {
    "getForumTopicIconStickers": get_forum_topic_icon_stickers,
    "getCustomEmojiStickers": get_custom_emoji_stickers,
    "uploadStickerFile": upload_sticker_file,
    "createNewStickerSet": create_new_sticker_set,
    "getStickerSet": get_sticker_set,
    "addStickerToSet": add_sticker_to_set,
    "replaceStickerInSet": replace_sticker_in_set,
    "deleteStickerFromSet": delete_sticker_from_set,
    "setStickerPositionInSet": set_sticker_position_in_set,
    "setStickerSetTitle": set_sticker_set_title,
    "deleteStickerSet": delete_sticker_set,
    "setStickerEmojiList": _sticker_changer(_change_emoji),
    "setStickerMaskPosition": _sticker_changer(_change_mask),
    "setStickerKeywords": _sticker_changer(_keep),
    "setStickerSetThumbnail": set_sticker_set_thumbnail,
    "setCustomEmojiStickerSetThumbnail": set_custom_emoji_sticker_set_thumbnail,
}
