"""How long videos and voice messages last, by what their files say.

Source: ISO/IEC 14496-12 (``mvhd``) and RFC 3533, RFC 7845 (granule positions of Ogg, which Opus counts at 48 kHz)
"""

from __future__ import annotations

from typing import Final

_OPUS_RATE: Final = 48_000


def duration_of(data: bytes) -> int | None:
    """The whole seconds, rounded, of an MP4 or Ogg file; None for anything else."""
    if data[4:8] == b"ftyp":
        return _mp4(data)
    if data[:4] == b"OggS":
        return _ogg(data)
    return None


def _mp4(data: bytes) -> int | None:
    header = data.find(b"mvhd")
    if header < 0 or len(data) < header + 36:
        return None
    width = 8 if data[header + 4] == 1 else 4
    at = header + 8 + 2 * width
    scale = int.from_bytes(data[at : at + 4], "big")
    units = int.from_bytes(data[at + 4 : at + 4 + width], "big")
    return None if scale == 0 else round(units / scale)


def _ogg(data: bytes) -> int | None:
    last = data.rfind(b"OggS")
    rate = _OPUS_RATE
    vorbis = data.find(b"\x01vorbis")
    if vorbis >= 0:
        rate = int.from_bytes(data[vorbis + 12 : vorbis + 16], "little")
    samples = int.from_bytes(data[last + 6 : last + 14], "little")
    return None if rate == 0 else round(samples / rate)
