"""What makes an album."""

from __future__ import annotations

import pytest

from tests.testing.refusals import text_of
from tgslices.testing.rules import albums


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        (["photo", "video", "photo"], None),
        (["audio", "audio"], None),
        (["photo"] * 10, None),
        ([], "Bad Request: there are no messages to send"),
        (["photo"] * 11, "Bad Request: too many messages to send as an album"),
        (["photo", "sticker"], "Bad Request: invalid message content type"),
        (["photo", "document"], "Bad Request: document can't be mixed with other media types"),
        (["audio", "document"], "Bad Request: audio can't be mixed with other media types"),
    ],
)
def test_albums(kinds: list[str], text: str | None) -> None:
    """`check_message_group_message_contents`, MessageContent.cpp:5326-5358."""
    assert text_of(albums.album_refusal(kinds)) == text
