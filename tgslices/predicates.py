"""Predicates over tracked messages: plain callables, or aiogram's ``F``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from magic_filter import MagicFilter

from tgslices.errors import PredicateFailed
from tgslices.model import TrackedMessage

Predicate: TypeAlias = Callable[[TrackedMessage], Any] | MagicFilter
"""Chooses tracked messages by its truth: a function of one record, or an expression such as ``F.kind == "photo"``."""


def select(messages: Iterable[TrackedMessage], predicate: Predicate | None) -> list[TrackedMessage]:
    """Return the messages that a predicate holds for, in their order; all of them without a predicate.

    Raises:
        PredicateFailed: it raised, cannot be called, or is a coroutine function.
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
            holds = inspect.iscoroutine(verdict) or bool(verdict)
        except Exception as error:
            raise PredicateFailed(predicate, f"raised {type(error).__name__}: {error}") from error
        if inspect.iscoroutine(verdict):
            verdict.close()
            raise PredicateFailed(predicate, "is a coroutine function")
        if holds:
            chosen.append(message)
    return chosen
