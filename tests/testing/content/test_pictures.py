"""How big pictures are, by their first bytes."""

import pytest

from tgslices.testing.content.pictures import fitted, picture_size

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
GIF = b"GIF89a" + (640).to_bytes(2, "little") + (480).to_bytes(2, "little")
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + (480).to_bytes(2, "big") + (640).to_bytes(2, "big")
EXTENDED = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
LOSSLESS = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + (639 | 479 << 14).to_bytes(4, "little")
LOSSY = b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + (640).to_bytes(2, "little") + (480).to_bytes(2, "little")


@pytest.mark.parametrize("data", [PNG, GIF, JPEG, EXTENDED, LOSSLESS, LOSSY])
def test_sizes_are_read(data: bytes) -> None:
    assert picture_size(data) == (640, 480)


@pytest.mark.parametrize("data", [b"", b"data", PNG[:20], JPEG[:12], EXTENDED[:20], b"\xff\xd8"])
def test_what_is_no_picture_has_none(data: bytes) -> None:
    assert picture_size(data) is None


def test_big_ones_are_made_smaller() -> None:
    assert fitted((640, 480), 320) == (320, 240)
    assert fitted((640, 480), 1280) == (640, 480)
    assert fitted((10_000, 1), 90) == (90, 1)
