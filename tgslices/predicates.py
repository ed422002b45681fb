"""Predicates over tracked messages and over updates: plain callables, or aiogram's ``F``."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Iterator
from dataclasses import fields
from typing import Any, Final, TypeAlias, TypeVar

from magic_filter import MagicFilter
from magic_filter.operations import BaseOperation, GetAttributeOperation, GetItemOperation, SelectorOperation

from tgslices.errors import PredicateFailed
from tgslices.model import TrackedMessage
from tgslices.turns import PORTION, at_once

T = TypeVar("T")

Predicate: TypeAlias = Callable[[TrackedMessage], Any] | MagicFilter
"""Chooses tracked messages by its truth: a function of one record, or an expression such as ``F.kind == "photo"``."""


def select(messages: Iterable[TrackedMessage], predicate: Predicate | None) -> list[TrackedMessage]:
    """Return the messages that a predicate holds for, in their order; all of them without a predicate.

    Raises:
        PredicateFailed: it raised, cannot be called, answers later (a coroutine function), or asks for what entries do
            not have.
    """
    return at_once(selecting(messages, predicate))


def selecting(
    messages: Iterable[TrackedMessage], predicate: Predicate | None
) -> Generator[None, None, list[TrackedMessage]]:
    """Do the work of :func:`select`, and yield often."""
    if predicate is None:
        return list(messages)
    decide, selected = _decider(predicate), list[TrackedMessage]()
    try:
        for number, message in enumerate(messages):
            if not number % PORTION:
                yield
            if matches(decide, message):
                selected.append(message)
    except AsyncPredicate as late:
        raise PredicateFailed(predicate, str(late)) from None
    except Exception as error:
        raise PredicateFailed(predicate, f"raised {type(error).__name__}: {error}") from error
    return selected


def _decider(predicate: Predicate) -> Callable[[TrackedMessage], Any]:
    if isinstance(predicate, MagicFilter):
        if unknown := sorted({name for name in asked_for(predicate) if not hasattr(TrackedMessage, name)}):
            raise PredicateFailed(predicate, f"asks for {', '.join(unknown)}, which entries do not have ({_FIELDS})")
        resolve: Callable[[TrackedMessage], Any] = predicate.resolve
        return resolve
    if callable(predicate):
        return predicate
    raise PredicateFailed(predicate, "cannot be called")


_FIELDS: Final = "they have " + ", ".join(field.name for field in fields(TrackedMessage))


def asked_for(expression: MagicFilter) -> Iterator[str]:
    """Return what an expression such as ``(F.kind == "photo") & F.date`` asks its subject for, by name.

    aiogram's ``F`` takes what is missing for a no, so that a wrong name would never match, nor be noticed.
    """
    # There is no public way to what an expression consists of; what has no operations asks for nothing.
    operations: tuple[BaseOperation, ...] = getattr(expression, "_operations", ())
    is_subject = True
    for operation in operations:
        if is_subject and isinstance(operation, GetAttributeOperation):
            yield operation.name
        elif is_subject and isinstance(operation, GetItemOperation):
            yield f"[{operation.key!r}]"
        is_subject = is_subject and isinstance(operation, SelectorOperation)
        for name in ("right", "left") if not is_subject else ("inner",):
            if isinstance(inner := getattr(operation, name, None), MagicFilter):
                yield from asked_for(inner)


class AsyncPredicate(TypeError):
    """A predicate answers later; the text says how."""


def matches(decide: Callable[[T], Any], subject: T) -> bool:
    """Tell whether a predicate holds for a message or an update.

    Raises:
        AsyncPredicate: it is a coroutine function or another that answers later.
        Exception: whatever it raised.
    """
    verdict = decide(subject)
    if verdict is True or verdict is False:
        return verdict
    if isinstance(verdict, _ANSWERS_LATER):
        raise AsyncPredicate(_why_late(verdict))
    return bool(verdict)


_ANSWERS_LATER: Final = (Awaitable, Generator, AsyncGenerator)
"""What is true as an object, whatever it would have answered: such a predicate would choose everything."""


def _why_late(verdict: object) -> str:
    if inspect.iscoroutine(verdict):
        verdict.close()
        return "is a coroutine function"
    return f"returned a {type(verdict).__name__} in place of an answer"
