"""What was measured, as a table: medians of the rounds, and of the ratios to the bare bot in the same round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

from benchmarks.whole_bot.contestants import BARE, Contestant
from benchmarks.whole_bot.load import Measured

Rounds = dict[Contestant, list[Measured]]

HEAD = f"{'bot':<28}{'updates/s':>10}{'of bare':>9}{'p50 ms':>9}{'p99 ms':>9}"
HEAD += f"{'CPU µs':>9}{'more':>7}{'times':>7}{'GC ms':>8}"


def show(workers: int, chats: int, rounds: Rounds) -> None:
    """Print one table.

    ``CPU``: the workers' processor time an update, beside that of the bare bot; ``GC``: that of the longest collection.
    """
    driver = max(each.driver for measured in rounds.values() for each in measured)
    count = len(next(iter(rounds.values())))
    print(
        f"\n{workers} worker(s), {chats} chat(s), {count} round(s); the load took {driver:.2f} of a processor at most"
    )
    print(HEAD)
    for contestant, measured in rounds.items():
        print(_line(contestant, measured, _bare(contestant, rounds)))
    for contestant, measured in rounds.items():
        unfrozen = [theirs for it, theirs in rounds.items() if it.name == contestant.name and not it.frozen]
        if contestant.frozen and unfrozen:
            print(f"{contestant.title:<28} updates/s {_ratio(measured, unfrozen[0], _rate):.2f} times those unfrozen")


def _bare(contestant: Contestant, rounds: Rounds) -> list[Measured] | None:
    """Return what the bare bot did, frozen as this one is."""
    bare = (it for of, it in rounds.items() if of.name == BARE and of.frozen == contestant.frozen)
    return next(bare, None)


def _line(contestant: Contestant, measured: Sequence[Measured], bare: Sequence[Measured] | None) -> str:
    share = more = times = ""
    if bare is not None and bare is not measured:
        share = f"{_ratio(measured, bare, _rate):.2f}"
        more = f"{_median(mine.spent - theirs.spent for mine, theirs in zip(measured, bare, strict=True)) * 1e6:.0f}"
        times = f"{_ratio(measured, bare, _spent):.2f}"
    return (
        f"{contestant.title:<28}{_median(map(_rate, measured)):>10,.0f}{share:>9}"
        f"{_median(it.percentile(0.5) for it in measured) * 1e3:>9.2f}"
        f"{_median(it.percentile(0.99) for it in measured) * 1e3:>9.2f}"
        f"{_median(map(_spent, measured)) * 1e6:>9.0f}{more:>7}{times:>7}"
        f"{_median(it.collection for it in measured) * 1e3:>8.1f}"
    )


def _ratio(mine: Sequence[Measured], theirs: Sequence[Measured], of: Callable[[Measured], float]) -> float:
    return _median(of(mine) / of(theirs) for mine, theirs in zip(mine, theirs, strict=True))


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _rate(measured: Measured) -> float:
    return measured.rate


def _spent(measured: Measured) -> float:
    return measured.spent
