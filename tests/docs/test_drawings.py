"""The drawings: told in words, drawn by themselves, and readable by day and by night."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import ROOT

DRAWINGS: Final = sorted((ROOT / "docs" / "images").glob("*.svg"))
SVG: Final = "{http://www.w3.org/2000/svg}"
INKS: Final = ("ink", "quiet", "edge", "bad")
GROUNDS: Final = ("card", "in", "slice")
ENOUGH: Final = 4.5
"""Source: https://www.w3.org/TR/WCAG22/#contrast-minimum"""


def palettes_of(drawing: Path) -> list[dict[str, str]]:
    """Return the colours by day, and those by night."""
    day, _, night = drawing.read_text("utf-8").partition("prefers-color-scheme: dark")
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in (day, night)]


def luminance(colour: str) -> float:
    """Return how light a colour is. Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_there_are_drawings() -> None:
    assert {drawing.stem for drawing in DRAWINGS} >= {"session", "blocks", "entry", "workers"}


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_says_in_words_what_it_shows(drawing: Path) -> None:
    root = ET.fromstring(drawing.read_text("utf-8"))
    assert root.get("role") == "img"
    named = str(root.get("aria-labelledby")).split()
    assert [root.findtext(f"{SVG}{tag}") for tag in ("title", "desc") if tag in named] != []
    assert len(str(root.findtext(f"{SVG}desc"))) > 80


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_needs_nothing_from_elsewhere(drawing: Path) -> None:
    text = drawing.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"https?:|href|@import|<script|<image|<foreignObject", text) == []


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_can_be_read_by_day_and_by_night(drawing: Path) -> None:
    day, night = palettes_of(drawing)
    assert set(day) == set(night)
    faint = [
        (ink, ground, round(contrast(palette[ink], palette[ground]), 2))
        for palette in (day, night)
        for ink, ground in product(INKS, GROUNDS)
        if contrast(palette[ink], palette[ground]) < ENOUGH
    ]
    assert faint == []
    assert min(int(size) for size in re.findall(r"(\d+)px", drawing.read_text("utf-8"))) >= 13
