"""Finding the refused messages among many when one of them has a whole request refused and no answer names it.

This is group testing. The method is Hwang's generalized binary splitting with a group size that follows the refusal
rate seen so far: a group is asked for that is accepted about every second time; a refused group is split so that its
first part is, too; when that part is accepted, the culprit is known to be in the rest, which is not asked for as a
whole again; when the first part is refused, the rest is as good as unknown. As the refusal rate grows, groups shrink
down to single messages. Pure and synchronous: it says what to ask for and is told the answers, in any order.

Source: F. K. Hwang, "A Method for Detecting All Defective Members in a Population by Group Testing", JASA 67 (1972)
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Generic, TypeVar

from tgslices.deletion.estimate import RefusalRate

T = TypeVar("T")

EVEN_CHANCE: Final = 0.5
"""An answer tells most when it is as likely to be the one as the other."""

FIRST_PART: Final = 0.36
"""What share of the first refused group to ask for next, when nothing else is known. Half of it would suit a single
culprit, far less would suit many."""

CULPRITS_BEFORE_GUESSING: Final = 6
"""As long as fewer were found, left-overs wait for every answer that is under way: with so few of them the refusal rate
is a guess, and several guesses at a time cost more requests than they save time."""

TELLING_REFUSALS: Final = 4
"""How many refusals in a row, from the first request on, make it likely that nothing is ever accepted."""


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry(Generic[T]):
    """One group to ask for. ``rest`` holds what was refused together with it; empty where nothing was refused yet."""

    group: tuple[T, ...]
    rest: tuple[T, ...] = ()


class Search(Generic[T]):
    """What is left of a sequence of messages that are to be deleted with the fewest requests.

    Any number of inquiries may be under way at once; each is answered by exactly one of :meth:`accepted`,
    :meth:`refused` and :meth:`returned`.
    """

    def __init__(self, items: Iterable[T], *, limit: int, stratum: Callable[[T], Hashable] = lambda _: None) -> None:
        """Ask for at most ``limit`` items at once; items with equal ``stratum`` tend to share their fate."""
        self._unknown = deque(items)
        self._tainted: list[tuple[T, ...]] = []
        self._splitting: list[Inquiry[T]] = []
        self._under_way = 0
        self._limit = limit
        self._stratum = stratum
        self._rate = RefusalRate()
        self._refusals = 0
        self._culprits = 0
        self._asked_for_rest = False
        self._has_accepted = False

    @property
    def is_done(self) -> bool:
        """Whether every item's fate is known."""
        return not (self._unknown or self._tainted or self._under_way)

    @property
    def only_refuses(self) -> bool:
        """Whether a culprit or many a refusal came before anything was accepted: perhaps nothing ever will be."""
        return not self._has_accepted and (bool(self._culprits) or self._refusals >= TELLING_REFUSALS)

    def ask(self) -> Inquiry[T] | None:
        """Return the next group to ask for; None when there is none, or none that pays before an answer comes."""
        if self._tainted:
            inquiry = self._split(self._tainted.pop())
            self._splitting.append(inquiry)
        else:
            size = self._group_size() if self._unknown else 0
            if not size:
                return None
            inquiry = Inquiry(tuple(self._unknown.popleft() for _ in range(size)))
        self._under_way += 1
        return inquiry

    def accepted(self, inquiry: Inquiry[T]) -> tuple[T, ...]:
        """Learn that a group was accepted; return the item, if any, that is known to be refused now."""
        self._close(inquiry)
        self._has_accepted = True
        for stratum, items in Counter(map(self._stratum, inquiry.group)).items():
            self._rate.note(stratum, accepted=items)
        return self._taint(inquiry.rest)

    def refused(self, inquiry: Inquiry[T]) -> tuple[T, ...]:
        """Learn that a group was refused; return the item, if any, that is known to be refused now."""
        self._close(inquiry)
        self._refusals += 1
        self._unknown.extendleft(reversed(inquiry.rest))
        return self._taint(inquiry.group)

    def returned(self, inquiry: Inquiry[T], *, without: Sequence[T] = ()) -> None:
        """Learn that a group was not answered; ask for it again later, ``without`` what must not be asked for."""
        self._close(inquiry)
        kept = [item for item in (*inquiry.group, *inquiry.rest) if item not in without]
        self._unknown.extendleft(reversed(kept))

    def exclude(self, is_out: Callable[[T], bool]) -> tuple[T, ...]:
        """Take out what is not under way and need not be asked for; return it. Does nothing when repeated."""
        hopeless = [group for group in self._tainted if any(map(is_out, group))]
        for group in hopeless:
            self._tainted.remove(group)
            self._unknown.extendleft(reversed(group))
        excluded = tuple(item for item in self._unknown if is_out(item))
        if excluded:
            self._unknown = deque(item for item in self._unknown if not is_out(item))
        return excluded

    def restrict(self, limit: int) -> None:
        """Ask for at most ``limit`` items at once from now on."""
        self._limit = limit

    def _close(self, inquiry: Inquiry[T]) -> None:
        self._under_way -= 1
        if inquiry in self._splitting:
            self._splitting.remove(inquiry)

    def _taint(self, group: tuple[T, ...]) -> tuple[T, ...]:
        if len(group) == 1:
            self._culprits += 1
            self._rate.note(self._stratum(group[0]), refused=1)
            return group
        if group:
            self._tainted.append(group)
        return ()

    def _split(self, group: tuple[T, ...]) -> Inquiry[T]:
        size = min(self._first_part(group), self._limit)
        return Inquiry(group[:size], group[size:])

    def _first_part(self, group: tuple[T, ...]) -> int:
        """Return how many of a refused group to ask for, so that either answer is about as likely."""
        if self._refusals == 1 and not self._culprits:
            return max(1, round(len(group) * FIRST_PART))
        chances = self._rate.chances(map(self._stratum, group))
        whole = chances[-1]
        wanted = whole + (1 - whole) * EVEN_CHANCE
        return min(range(1, len(group)), key=lambda size: abs(chances[size - 1] - wanted))

    def _group_size(self) -> int:
        """Return how many unknown items to ask for, or 0 to wait for an answer."""
        most = min(self._limit, len(self._unknown))
        left_overs_only = len(self._unknown) <= self._limit
        if not self._refusals:
            return most
        if self._culprits <= 1 and not self._asked_for_rest:
            if left_overs_only and self._under_way:
                return 0
            self._asked_for_rest = bool(self._culprits)
            return most
        if left_overs_only and self._under_way and self._culprits < CULPRITS_BEFORE_GUESSING:
            return 0
        presumed = (self._stratum(inquiry.group[0]) for inquiry in self._splitting)
        chances = self._rate.chances(map(self._stratum, islice(self._unknown, most)), presumed=presumed)
        return max(sum(chance >= EVEN_CHANCE for chance in chances), 1)
