"""Finding the refused messages among many when one of them has a whole request refused and no answer names it.

This is group testing. The method is Hwang's generalized binary splitting with a group size that follows the refusal
rate seen so far. A group is so large that it is accepted about every second time. A refused group is split so that its
first part is, too. When that part is accepted, the culprit is in the rest, which is not asked for as a whole again.
When the first part is refused, the rest is as good as unknown. As the refusal rate grows, groups shrink down to single
messages. Pure and synchronous: it says what to ask for and is told the answers, in any order.

Source: F. K. Hwang, "A Method for Detecting All Defective Members in a Population by Group Testing", JASA 67 (1972)
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import filterfalse, islice
from typing import Final, Generic, TypeVar

from tgslices.deletion.refusal_rate import RefusalRate
from tgslices.event_loop.work_in_turns import PORTION

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

TELLING_CULPRITS: Final = 3
"""How many refused items in a row make it likely that the rest is refused, too, although something was accepted."""


@dataclass(frozen=True, slots=True, eq=False)
class Group(Generic[T]):
    """Items to ask for at once. ``rest`` holds what was refused with them; empty where nothing was refused yet."""

    items: tuple[T, ...]
    rest: tuple[T, ...] = ()
    reason: str = ""
    """Why ``items`` and ``rest`` together were refused."""


class GroupTest(Generic[T]):
    """What is left of a sequence of messages that are to be deleted with the fewest requests.

    Any number of groups may be under way at once; each is answered by exactly one of :meth:`accepted`,
    :meth:`refused` and :meth:`returned`.
    """

    def __init__(self, items: Iterable[T], *, limit: int, stratum: Callable[[T], Hashable] = lambda _: None) -> None:
        """Ask for at most ``limit`` items at once; items with equal ``stratum`` tend to share their fate."""
        self._unknown = deque(items)
        self._tainted: list[tuple[tuple[T, ...], str]] = []
        self._splitting: list[Group[T]] = []
        self._under_way = 0
        self._limit = limit
        self._stratum = stratum
        self._is_out: Callable[[T], bool] | None = None
        self._excluded: list[T] = []
        self._rate = RefusalRate()
        self._refusals = 0
        self._culprits = 0
        self._culprits_in_a_row = 0
        self._asked_for_rest = False
        self._has_accepted = False

    @property
    def is_done(self) -> bool:
        """Whether every item's fate is known."""
        return not (self._unknown or self._tainted or self._under_way)

    @property
    def seems_hopeless(self) -> bool:
        """Whether so much was refused in a row that perhaps nothing more is accepted."""
        if self._culprits_in_a_row >= TELLING_CULPRITS:
            return True
        return not self._has_accepted and (bool(self._culprits) or self._refusals >= TELLING_REFUSALS)

    def ask(self) -> Group[T] | None:
        """Return the next group to ask for; None when there is none, or none that pays before an answer comes."""
        if self._tainted:
            group = self._split(*self._tainted.pop())
            self._splitting.append(group)
        else:
            size = self._group_size() if self._unknown else 0
            if not size:
                return None
            group = Group(tuple(self._unknown.popleft() for _ in range(size)))
        self._under_way += 1
        return group

    def accepted(self, group: Group[T]) -> tuple[T, ...]:
        """Learn that a group was accepted; return the item, if any, that is known to be refused, for its ``reason``."""
        self._close(group)
        self._has_accepted = True
        self._culprits_in_a_row = 0
        for stratum, items in Counter(map(self._stratum, group.items)).items():
            self._rate.note(stratum, accepted=items)
        return self._taint(group.rest, group.reason)

    def refused(self, group: Group[T], reason: str = "") -> tuple[T, ...]:
        """Learn that a group was refused; return the item, if any, that is known to be refused now."""
        self._close(group)
        self._refusals += 1
        self._put_back(group.rest)
        return self._taint(group.items, reason)

    def returned(self, group: Group[T], *, without: Sequence[T] = ()) -> None:
        """Learn that a group was not answered; ask for it again later, ``without`` what must not be asked for."""
        self._close(group)
        self._put_back([item for item in (*group.items, *group.rest) if item not in without])

    def excluding(self, is_out: Callable[[T], bool]) -> Generator[None, None, tuple[T, ...]]:
        """Take out what need not be asked for, and return it once the work is done.

        What is under way and comes back later is kept out, too; see :meth:`excluded`. :meth:`ask` waits meanwhile.
        """
        self._is_out = is_out
        hopeless = [tainted for tainted in self._tainted if any(map(is_out, tainted[0]))]
        for tainted in hopeless:
            self._tainted.remove(tainted)
            self._unknown.extendleft(reversed(tainted[0]))
        waiting, self._unknown = self._unknown, deque()
        self._under_way += 1
        excluded: list[T] = []
        kept: list[T] = []
        for number, item in enumerate(waiting):
            if not number % PORTION:
                yield
            (excluded if is_out(item) else kept).append(item)
        self._unknown.extend(kept)
        self._under_way -= 1
        return tuple(excluded)

    def excluded(self) -> tuple[T, ...]:
        """Return, once, what came back since and need not be asked for."""
        excluded, self._excluded = tuple(self._excluded), []
        return excluded

    def restrict(self, limit: int) -> None:
        """Ask for at most ``limit`` items at once from now on."""
        self._limit = limit

    def _close(self, group: Group[T]) -> None:
        self._under_way -= 1
        if group in self._splitting:
            self._splitting.remove(group)

    def _put_back(self, items: Sequence[T]) -> None:
        if self._is_out is not None:
            self._excluded.extend(filter(self._is_out, items))
            items = list(filterfalse(self._is_out, items))
        self._unknown.extendleft(reversed(items))

    def _taint(self, items: tuple[T, ...], reason: str) -> tuple[T, ...]:
        if len(items) == 1:
            self._culprits += 1
            self._culprits_in_a_row += 1
            self._rate.note(self._stratum(items[0]), refused=1)
            return items
        if self._is_out is not None and any(map(self._is_out, items)):
            self._put_back(items)
        elif items:
            self._tainted.append((items, reason))
        return ()

    def _split(self, items: tuple[T, ...], reason: str) -> Group[T]:
        size = min(self._first_part(items), self._limit)
        return Group(items[:size], items[size:], reason)

    def _first_part(self, items: tuple[T, ...]) -> int:
        """Return how many of a refused group to ask for, so that either answer is about as likely."""
        if self._refusals == 1 and not self._culprits:
            return max(1, round(len(items) * FIRST_PART))
        chances = self._rate.chances(map(self._stratum, items))
        whole = chances[-1]
        wanted = whole + (1 - whole) * EVEN_CHANCE
        return min(range(1, len(items)), key=lambda size: abs(chances[size - 1] - wanted))

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
        presumed = (self._stratum(group.items[0]) for group in self._splitting)
        chances = self._rate.chances(map(self._stratum, islice(self._unknown, most)), presumed=presumed)
        return max(sum(chance >= EVEN_CHANCE for chance in chances), 1)
