"""The numbers that the pages tell are those of the code, and the costs those of the search."""

from __future__ import annotations

import re
from math import comb, log2
from random import Random
from statistics import mean
from typing import Final

import pytest

from tests.deletion.test_group_testing import BOUNDS, carry_out
from tests.docs.pages import ROOT
from tgslices import SessionConfig
from tgslices.data.renewal import LEASE, RENEW_EVERY
from tgslices.deletion.group_testing import GroupTest
from tgslices.recording.handles_of_key import SEND_GRACE
from tgslices.recording.outside_session import MAX_RECENT
from tgslices.upkeep.start_and_stop import SHUTDOWN_GRACE

DOCS: Final = ROOT / "docs"
CONFIG: Final = SessionConfig()
WORLDS: Final = 200

ROW: Final = re.compile(
    r"^\| (\d+) \| (–|[\d.]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \| (?:(\d+) )?\| (\d+) \|$", re.MULTILINE
)


def told_in(page: str, words: str) -> int:
    """Return the number in a sentence of a page, which is written with ``#`` in its place and in one line."""
    pattern = re.escape(words).replace("\\#", r"([\d,]+|a minute|five|four|ten|three)")
    found = re.findall(pattern, re.sub(r"\s+", " ", (DOCS / page).read_text("utf-8")))
    assert len(found) >= 1, f"{page} does not say: {words}"
    spelt = {"a minute": 60, "three": 3, "four": 4, "five": 5, "ten": 10}
    [number] = {spelt.get(each) or int(each.replace(",", "")) for each in found}
    return number


@pytest.mark.parametrize(
    ("page", "words", "number"),
    [
        ("concepts.md", "the last # messages that came to the bot", MAX_RECENT),
        (
            "concepts.md",
            "`clear()` or `close()` is called is waited for, at most # seconds",
            SEND_GRACE.total_seconds(),
        ),
        ("concepts.md", "for at most # seconds. Then it writes what waits", SHUTDOWN_GRACE.total_seconds()),
        ("concepts.md", "**At most `backlog` writes are kept**: #,", CONFIG.backlog),
        ("concepts.md", "once that one's lease of # has run out", CONFIG.lease.total_seconds()),
        ("deleting-messages.md", "requests run at once**: # for the whole bot (`in_flight`)", CONFIG.in_flight),
        ("session-data.md", "by a lease of # seconds that is renewed", LEASE.total_seconds()),
        ("session-data.md", "seconds that is renewed every #.", RENEW_EVERY.total_seconds()),
    ],
)
def test_pages_name_the_numbers_of_the_code(page: str, words: str, number: float) -> None:
    assert told_in(page, words) == number


def halving(size: int, refused: set[int], start: int = 0) -> int:
    """Return how many requests plain halving takes, from a number on."""
    if refused.isdisjoint(range(start, start + size)) or size == 1:
        return 1
    first = size // 2
    return 1 + halving(first, refused, start) + halving(size - first, refused, start + first)


@pytest.mark.parametrize("row", ROW.findall((DOCS / "deleting-messages.md").read_text("utf-8")), ids=lambda row: row[0])
def test_the_table_of_costs_is_what_the_search_takes(row: tuple[str, ...]) -> None:
    culprits, worst = int(row[0]), int(row[4])
    worlds = [set(Random(f"{culprits}/{seed}").sample(range(100), culprits)) for seed in range(WORLDS)]
    alone, together = (
        [carry_out(GroupTest(range(100), limit=100), world, in_flight=in_flight) for world in worlds]
        for in_flight in (1, 4)
    )
    assert row[1] == ("–" if culprits in (0, 100) else f"{log2(comb(100, culprits)):.1f}")
    assert mean(alone) == pytest.approx(float(row[2]), abs=0.6)
    assert mean(together) == pytest.approx(float(row[3]), abs=0.6)
    assert max(alone + together) <= worst + 1
    assert row[5] in ("", str(BOUNDS.get(culprits)))
    assert mean(halving(100, world) for world in worlds) == pytest.approx(int(row[6]), abs=1.5)


def test_the_table_of_costs_is_read() -> None:
    assert len(ROW.findall((DOCS / "deleting-messages.md").read_text("utf-8"))) == 8
