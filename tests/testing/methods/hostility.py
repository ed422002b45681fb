"""Arguments that nobody should send, and full ones to spoil."""

from __future__ import annotations

from typing import Any

DEEP = "[" * 102 + "]" * 102
TEXTS = (
    *("", " ", "0", "-1", "1.5", "nan", "inf", "1e400", "9" * 5000, "-" + "9" * 30, "1_000", "\u0663", "\x00"),
    *("@", "@nobody", "😀" * 300, "<b>" * 500, "<b", "```", f"[x](tg://user?id={'9' * 40})"),
    *("true", "null", "NaN", '"x"', "[]", "{}", "[[]]", "[null]", "[1e999]", '["\\ud800"]', '{"type": 1, "type": 2}'),
    *("{", DEEP, "[" * 99_999, '{"a":' * 99_999),
    *("attach://nothing", "attach://", "http://"),
)
PICKED = 12
"""How many of these each argument of each method gets; together they get all of them many times."""

LEAVES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**31, 2**63, 10**300, 1.5, 1e308),
    *("", "x", "9" * 400, "😀" * 200, "attach://nothing", "@nobody", "http://[", "tg://user?id=1"),
    *([], [None], [[]], [1, "x"], {}, {"type": {}}, {"type": "photo"}, {"text": 1}, {"id": 1}),
)
CHANGES = 30
"""Changed variants of each JSON argument."""

BUTTONS = [
    [
        {"text": "a", "callback_data": "b", "style": "danger"},
        {"text": "c", "login_url": {"url": "http://d.example", "forward_text": "d"}},
    ],
    [
        {"text": "e", "switch_inline_query_chosen_chat": {"query": "f", "allow_user_chats": True}},
        {"text": "g", "copy_text": {"text": "h"}},
        {"text": "i", "web_app": {"url": "http://j.example"}},
    ],
]
KEYBOARD = [
    ["a", {"text": "b", "request_contact": True}],
    [{"text": "c", "request_chat": {"request_id": 1, "chat_is_channel": True}}],
]
ENTITIES = [
    {"type": "pre", "offset": 0, "length": 2, "language": "py"},
    {"type": "text_link", "offset": 1, "length": 1, "url": "http://x.example"},
    {"type": "text_mention", "offset": 0, "length": 1, "user": {"id": 1, "first_name": "A"}},
    {"type": "custom_emoji", "offset": 0, "length": 1, "custom_emoji_id": "7"},
    {"type": "date_time", "offset": 0, "length": 1, "unix_time": 7},
]
BLOCKS = [
    {"type": "paragraph", "text": ["a", {"type": "bold", "text": "b"}]},
    {"type": "list", "items": [{"blocks": [{"type": "divider"}], "value": 2, "type": "1"}]},
    {"type": "table", "cells": [[{"text": "x", "is_header": True, "align": "left", "valign": "top"}]]},
    {"type": "photo", "photo": {"type": "photo", "media": "http://x.example/y"}, "caption": {"text": "z"}},
    {"type": "map", "location": {"latitude": 1.5, "longitude": 2.5}, "zoom": 3},
]
VIDEO = {
    "type": "video",
    "media": "http://x.example/v",
    "width": 3,
    "height": 4,
    "duration": 5,
    "has_spoiler": True,
    "caption": "ab",
    "caption_entities": ENTITIES,
    "show_caption_above_media": True,
}
FULL: dict[str, Any] = {
    "reply_markup": {"inline_keyboard": BUTTONS, "keyboard": [], "force_reply": True, "input_field_placeholder": "x"},
    "reply_parameters": {"message_id": 1, "chat_id": 2, "allow_sending_without_reply": True, "quote": "x"},
    "rich_message": {"blocks": BLOCKS, "is_rtl": True},
    "ephemeral_message_parameters": {"receiver_user_id": 1002, "callback_query_id": "1"},
    "scope": {"type": "chat_member", "chat_id": 1001, "user_id": 1001},
    "menu_button": {"type": "web_app", "text": "x", "web_app": {"url": "http://x.example"}},
    "mask_position": {"point": "eyes", "x_shift": 0.5, "y_shift": 0.5, "scale": 1.5},
    "options": [{"text": "a", "text_entities": ENTITIES}, "b"],
    "correct_option_ids": [0],
    "link_preview_options": {"is_disabled": True, "url": "http://x.example"},
    "rights": {"can_manage_chat": True, "is_anonymous": False},
    "suggested_post_parameters": {"price": {"currency": "XTR", "amount": 5}, "send_date": 1},
    "checklist": {"title": "a", "tasks": [{"id": 1, "text": "ab", "text_entities": ENTITIES}]},
    "media": VIDEO,
    "allowed_updates": ["message"],
    **dict.fromkeys(("entities", "caption_entities", "question_entities", "text_entities"), ENTITIES),
}
"""JSON arguments with more in them than any call needs; many of them are refused as they are."""
ALSO: dict[str, Any] = {"reply_markup": {"keyboard": KEYBOARD, "is_persistent": True, "selective": False}}
"""A second way to fill some of them."""
