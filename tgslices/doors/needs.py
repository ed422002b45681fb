"""What a handler asks for: parameters that are sessions or the manager by annotation, and a flag for a block."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Union, get_args, get_origin

from aiogram.dispatcher.event.handler import HandlerObject

from tgslices.doors.annotations import UNKNOWN, annotations_of, name_of, plain_parameters
from tgslices.errors import ConfigurationError
from tgslices.keys import SessionQualifier
from tgslices.manager import SessionManager
from tgslices.session import Session

FLAG: Final = "tgslices"
"""The aiogram flag that opens a session around a handler: ``flags={"tgslices": SessionQualifier("order")}``."""


@dataclass(frozen=True, slots=True)
class SessionParameter:
    """A handler's parameter that is a session."""

    name: str
    qualifier: SessionQualifier
    is_optional: bool


@dataclass(frozen=True, slots=True)
class UnclearParameter:
    """A handler's required parameter that may be meant as a session, and says so in no annotation that can be read."""

    name: str
    annotation: str | None
    """None where there is none at all."""


@dataclass(frozen=True, slots=True)
class HandlerNeeds:
    """All that one handler asks for. ``managers`` are the names of parameters that are the manager."""

    sessions: tuple[SessionParameter, ...] = ()
    managers: tuple[str, ...] = ()
    unclear: tuple[UnclearParameter, ...] = ()
    block: SessionQualifier | None = None


def needs_of(handler: HandlerObject) -> HandlerNeeds | None:
    """Return what a handler asks for; None when that is nothing.

    Raises:
        ConfigurationError: the flag's value is neither a SessionQualifier nor True, or an annotation names a session in
            a way that would silently mean another one.
    """
    annotations = annotations_of(handler.callback)
    meanings = {name: session_annotation(annotation) for name, annotation in annotations.items()}
    needs = HandlerNeeds(
        tuple(SessionParameter(name, *meant) for name, meant in meanings.items() if meant is not None),
        tuple(name for name, annotation in annotations.items() if _means_manager(annotation)),
        tuple(_unclear_in(handler, annotations)),
        _flag_of(handler),
    )
    return None if needs == HandlerNeeds() else needs


def _flag_of(handler: HandlerObject) -> SessionQualifier | None:
    flag = handler.flags.get(FLAG)
    if flag is True:
        return SessionQualifier()
    if flag is not None and not isinstance(flag, SessionQualifier):
        raise ConfigurationError(
            f"The flag {FLAG!r} of {name_of(handler)} is {flag!r}.", "Set it to a SessionQualifier, or to True."
        )
    return flag


def session_annotation(annotation: object) -> tuple[SessionQualifier, bool] | None:
    """Return which session an annotation means, and whether None will do; None for an annotation that means none.

    Understands ``Session``, ``Annotated[Session, SessionQualifier(...)]``, either of them with ``| None``, and aliases.

    Raises:
        ConfigurationError: a name stands where the qualifier should, or the qualifier has none.
    """
    annotation = getattr(annotation, "__value__", annotation)  # an alias made by the type statement
    origin = get_origin(annotation)
    if origin is Annotated:
        annotated, *extras = get_args(annotation)
        meant = session_annotation(annotated)
        return None if meant is None else (_qualifier_in(extras, meant[0]), meant[1])
    if origin in (Union, types.UnionType):
        parts = get_args(annotation)
        meanings = [meant for part in parts if (meant := session_annotation(part)) is not None]
        return (meanings[0][0], meanings[0][1] or type(None) in parts) if len(meanings) == 1 else None
    if isinstance(annotation, type) and issubclass(annotation, Session):
        return SessionQualifier(), False
    return None


def _qualifier_in(extras: list[Any], inner: SessionQualifier) -> SessionQualifier:
    qualifiers = [extra for extra in extras if isinstance(extra, SessionQualifier)]
    if qualifiers:
        return qualifiers[-1]
    if SessionQualifier in extras:
        raise ConfigurationError(
            "A handler asks for Annotated[Session, SessionQualifier].", 'Give a name: SessionQualifier("order").'
        )
    name = next((extra for extra in extras if isinstance(extra, str)), None)
    if name is not None and inner == SessionQualifier():
        raise ConfigurationError(
            f"A handler asks for Annotated[Session, {name!r}], which is the session without a qualifier.",
            f"Write Annotated[Session, SessionQualifier({name!r})] for the session {name!r}, or take the text out.",
        )
    return inner


def _means_manager(annotation: object) -> bool:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return sum(_means_manager(part) for part in get_args(annotation)) == 1
    return isinstance(annotation, type) and issubclass(annotation, SessionManager)


def _unclear_in(handler: HandlerObject, annotations: Mapping[str, object]) -> list[UnclearParameter]:
    return [
        UnclearParameter(name, text)
        for name, text in plain_parameters(handler.callback).items()
        if text is None or annotations.get(name) is UNKNOWN
    ]
