"""Predicates over tracked messages and over updates: plain callables, or aiogram's ``F``."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from typing import Any, Final, TypeAlias, TypeVar

from magic_filter import MagicFilter

from tgslices.errors import PredicateFailed
from tgslices.model import TrackedMessage

T = TypeVar("T")

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
    try:
        return [message for message in messages if matches(decide, message)]
    except AsyncPredicate as late:
        raise PredicateFailed(predicate, str(late)) from None
    except Exception as error:
        raise PredicateFailed(predicate, f"raised {type(error).__name__}: {error}") from error


class AsyncPredicate(TypeError):
    """What a predicate returned is no answer yet; the text says what it is."""


def matches(decide: Callable[[T], Any], subject: T) -> bool:
    """Tell whether a predicate holds for a message or an update.

    Raises:
        AsyncPredicate: it is a coroutine function or another that answers later.
        Exception: whatever it raised.
    """
    verdict = decide(subject)
    if verdict is True or verdict is False:
        return verdict
    if isinstance(verdict, _LATE_ANSWERS):
        raise AsyncPredicate(_why_late(verdict))
    return bool(verdict)


_LATE_ANSWERS: Final = (Awaitable, Generator, AsyncGenerator)
"""What is true as an object whatever it would have said: with it, a predicate would choose everything."""


def _why_late(verdict: object) -> str:
    if inspect.iscoroutine(verdict):
        verdict.close()
        return "is a coroutine function"
    return f"returned a {type(verdict).__name__} in place of an answer"
