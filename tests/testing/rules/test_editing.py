"""What can be edited."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.testing.refusals import text_of
from tgslices.testing.rules.editing import Editable, caption_refusal, markup_refusal, media_refusal, text_refusal

DAY = timedelta(days=1)

CANT = "Bad Request: message can't be edited"


@pytest.mark.parametrize(
    ("message", "text", "caption", "media", "markup"),
    [
        (Editable("text", outgoing=True), None, "Bad Request: there is no caption in the message to edit", None, None),
        (
            Editable("photo", outgoing=True),
            "Bad Request: there is no text in the message to edit",
            None,
            None,
            None,
        ),
        (
            Editable("voice", outgoing=True),
            "Bad Request: there is no text in the message to edit",
            None,
            "Bad Request: message media can't be edited",
            None,
        ),
        (Editable("sticker", outgoing=True), CANT, CANT, "Bad Request: message media can't be edited", None),
        (Editable("pinned_message", outgoing=True), CANT, CANT, "Bad Request: message media can't be edited", CANT),
        (Editable("text", outgoing=False), CANT, CANT, "Bad Request: message media can't be edited", CANT),
        (
            Editable("text", outgoing=True, is_forward=True),
            CANT,
            CANT,
            "Bad Request: message media can't be edited",
            CANT,
        ),
        (
            Editable("text", outgoing=True, has_reply_keyboard=True),
            CANT,
            CANT,
            "Bad Request: message media can't be edited",
            CANT,
        ),
        (
            Editable("text", outgoing=True, is_post=True),
            CANT,
            CANT,
            "Bad Request: message media can't be edited",
            CANT,
        ),
        (
            Editable("text", outgoing=False, is_post=True, rights=frozenset({"can_edit_messages"}), age=3 * DAY),
            None,
            "Bad Request: there is no caption in the message to edit",
            None,
            None,
        ),
        (
            Editable("text", outgoing=True, age=400 * DAY),
            None,
            "Bad Request: there is no caption in the message to edit",
            None,
            None,
        ),
    ],
)
def test_what_can_be_edited(
    message: Editable, text: str | None, caption: str | None, media: str | None, markup: str | None
) -> None:
    """`can_edit_message`, MessagesManager.cpp:23054-23160: own messages for ever, no forwards or reply keyboards."""
    assert text_of(text_refusal(message)) == text
    assert text_of(caption_refusal(message)) == caption
    assert text_of(media_refusal(message)) == media
    assert text_of(markup_refusal(message)) == markup
