"""Predicates over tracked messages: plain callables, or aiogram's ``F``."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from typing import Any, Final, TypeAlias

from magic_filter import MagicFilter

from tgslices.errors import PredicateFailed
from tgslices.model import TrackedMessage

Predicate: TypeAlias = Callable[[TrackedMessage], Any] | MagicFilter
"""Chooses tracked messages by its truth: a function of one record, or an expression such as ``F.kind == "photo"``."""


def select(messages: Iterable[TrackedMessage], predicate: Predicate | None) -> list[TrackedMessage]:
    """Return the messages that a predicate holds for, in their order; all of them without a predicate.

    Raises:
        PredicateFailed: it raised, cannot be called, or is a coroutine function or another that answers later.
    """
    if predicate is None:
        return list(messages)
    if isinstance(predicate, MagicFilter):
        decide: Callable[[TrackedMessage], Any] = predicate.resolve
    elif callable(predicate):
        decide = predicate
    else:
        raise PredicateFailed(predicate, "cannot be called")
    chosen = []
    for message in messages:
        try:
            verdict = decide(message)
            is_late = verdict is not True and verdict is not False and isinstance(verdict, _LATE_ANSWERS)
            holds = is_late or bool(verdict)
        except Exception as error:
            raise PredicateFailed(predicate, f"raised {type(error).__name__}: {error}") from error
        if is_late:
            raise PredicateFailed(predicate, _why_late(verdict))
        if holds:
            chosen.append(message)
    return chosen


_LATE_ANSWERS: Final = (Awaitable, Generator, AsyncGenerator)
"""What is true as an object whatever it would have said: with it, a predicate would choose everything."""


def _why_late(verdict: object) -> str:
    if inspect.iscoroutine(verdict):
        verdict.close()
        return "is a coroutine function"
    return f"returned a {type(verdict).__name__} in place of an answer"
