"""Which files may be sent as what."""

import pytest

from tgslices.testing.rules.files import type_refusal


@pytest.mark.parametrize(
    ("real", "wanted", "refused"),
    [
        ("photo", "photo", None),
        ("document", "video", None),
        ("voice", "audio", None),
        ("document", "photo", "Document as Photo"),
        ("photo", "sticker", "Photo as Sticker"),
        ("video_note", "photo", "VideoNote as Photo"),
    ],
)
def test_photos_alone_are_a_type_of_their_own(real: str, wanted: str, refused: str | None) -> None:
    """`FileManager.cpp:4038-4045`."""
    refusal = type_refusal(real, wanted)
    expected = None if refused is None else f"Bad Request: can't use file of type {refused}"
    assert (None if refusal is None else refusal.description) == expected
