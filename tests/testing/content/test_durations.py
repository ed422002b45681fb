"""How long videos and voice messages last."""

import pytest

from tgslices.testing.content.durations import duration_of

HEADER = b"\0\0\0\x18ftypisom" + b"\0" * 12 + b"\0\0\0\x6cmoov\0\0\0\x6cmvhd"
MP4 = HEADER + b"\0" * 12 + (1000).to_bytes(4, "big") + (5200).to_bytes(4, "big") + b"\0" * 40
LONG = HEADER + b"\1" + b"\0" * 19 + (1000).to_bytes(4, "big") + (5200).to_bytes(8, "big") + b"\0" * 40
OPUS = b"OggS" + b"\0" * 30 + b"OpusHead" + b"OggS\0\4" + (48_000 * 3).to_bytes(8, "little")
VORBIS = b"OggS" + b"\0" * 24 + b"\x01vorbis\0\0\0\0\x01" + (8000).to_bytes(4, "little")
VORBIS += b"OggS\0\4" + (8000 * 7).to_bytes(8, "little")


@pytest.mark.parametrize(("data", "seconds"), [(MP4, 5), (LONG, 5), (OPUS, 3), (VORBIS, 7)])
def test_durations_are_read(data: bytes, seconds: int) -> None:
    assert duration_of(data) == seconds


@pytest.mark.parametrize("data", [b"", b"data", MP4[:40], HEADER + b"\0" * 40])
def test_what_says_none_has_none(data: bytes) -> None:
    assert duration_of(data) is None
