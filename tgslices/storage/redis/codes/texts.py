"""Optional texts and numbers as bytes that tell where they end."""

from __future__ import annotations

from struct import Struct
from typing import Final

ID: Final = Struct(">q")
LENGTH: Final = Struct(">I")


def encoded(text: str) -> bytes:
    """Return the bytes of any text, half a surrogate pair included."""
    return text.encode("utf-8", "surrogatepass")


def decoded(text: bytes) -> str:
    """Return the text of bytes that :func:`encoded` made."""
    return text.decode("utf-8", "surrogatepass")


def spell_text(value: str | None) -> bytes:
    """Return a text, or None, as bytes of which none begin others."""
    if value is None:
        return b"\0"
    text = encoded(value)
    return b"\1" + LENGTH.pack(len(text)) + text


def spell_number(value: int | None) -> bytes:
    """Return a number of 64 bits, or None, as bytes of which none begin others."""
    return b"\0" if value is None else b"\1" + ID.pack(value)


def read_text(spelled: bytes, at: int) -> tuple[str | None, int]:
    """Return what :func:`spell_text` spelled there, and where it ends."""
    if spelled[at] == 0:
        return None, at + 1
    start = at + 5
    end = start + LENGTH.unpack_from(spelled, at + 1)[0]
    return decoded(spelled[start:end]), end


def read_number(spelled: bytes, at: int) -> tuple[int | None, int]:
    """Return what :func:`spell_number` spelled there, and where it ends."""
    if spelled[at] == 0:
        return None, at + 1
    return ID.unpack_from(spelled, at + 1)[0], at + 9
