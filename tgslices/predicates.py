"""Predicates over tracked messages and over updates: plain callables, or aiogram's ``F``."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator, Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from enum import Enum
from operator import eq, ne
from typing import Any, Final, TypeAlias, TypeVar

from magic_filter import MagicFilter
from magic_filter.operations import (
    BaseOperation,
    ComparatorOperation,
    FunctionOperation,
    GetAttributeOperation,
    GetItemOperation,
    SelectorOperation,
)

from tgslices.errors import PredicateFailed, quoted
from tgslices.event_loop.work_in_turns import PORTION, at_once
from tgslices.model import Direction, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind

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
        if (never := next(_never_true(predicate), None)) is not None:
            raise PredicateFailed(predicate, never)
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


_TYPES: Final[dict[str, type]] = {
    **dict.fromkeys(("message_id", "chat_id", "user_id", "thread_id", "ephemeral_message_id", "receiver_user_id"), int),
    **dict.fromkeys(("date", "at"), datetime),
    **dict.fromkeys(("business_connection_id", "media_group_id"), str),
    "kind": MessageKind,
    "direction": Direction,
}


def _never_true(expression: MagicFilter) -> Iterator[str]:
    """Return what in an expression is the same for every entry: a comparison with what a field never is.

    ``F.direction != "incoming"`` would choose everything.
    """
    operations: tuple[BaseOperation, ...] = getattr(expression, "_operations", ())
    for operation in operations:
        for name in ("right", "left", "inner"):
            if isinstance(inner := getattr(operation, name, None), MagicFilter):
                yield from _never_true(inner)
    if len(operations) < 2 or not isinstance(operations[0], GetAttributeOperation):
        return
    field, then = operations[0].name, operations[1]
    known = _TYPES.get(field, object)
    if isinstance(then, GetAttributeOperation) and not _has(known, then.name):
        yield f"asks for {then.name} of {field}, whose type is {known.__name__}"
    for value in _compared_in(then):
        if not _may_be(known, value):
            yield f"compares {field} with {quoted(value)}, which it never is ({_allowed(known)})"


def _compared_in(operation: BaseOperation) -> Iterable[object]:
    if isinstance(operation, ComparatorOperation) and operation.comparator in (eq, ne):
        return () if isinstance(operation.right, MagicFilter) else (operation.right,)
    given = operation.args[0] if isinstance(operation, FunctionOperation) and operation.args else None
    is_choice = getattr(getattr(operation, "function", None), "__name__", "") in ("in_op", "not_in_op")
    return given if is_choice and isinstance(given, Collection) and not isinstance(given, str) else ()


def _has(known: type, name: str) -> bool:
    """Tell whether values of a type have an attribute. Those of an enumeration have some that its class has not."""
    return known is object or hasattr(next(iter(known)) if issubclass(known, Enum) else known, name)


def _may_be(known: type, value: object) -> bool:
    if value is None or known is object or isinstance(value, known):
        return True
    return issubclass(known, Enum) and isinstance(value, str) and value in {member.value for member in known}


def _allowed(known: type) -> str:
    if known is Direction:
        return "it is Direction.INCOMING or Direction.OUTGOING"
    return "it is a member of MessageKind" if known is MessageKind else f"its type is {known.__name__}"


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
