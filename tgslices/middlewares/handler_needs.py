"""What a handler asks for: parameters that are sessions or the manager by annotation, and a flag for a block."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Union, get_args, get_origin

from aiogram.dispatcher.event.handler import HandlerObject

from tgslices.data.declaration import SessionData
from tgslices.data.shapes import named
from tgslices.errors import ConfigurationError, quoted
from tgslices.keys.qualifier import SessionQualifier
from tgslices.keys.strategies import SessionKeyStrategy
from tgslices.manager import SessionManager
from tgslices.middlewares.handler_annotations import UNKNOWN, annotations_of, defaults_of, name_of, plain_parameters
from tgslices.model import SessionKey
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
class DataParameter:
    """A handler's parameter that is data of a session."""

    name: str
    fragment: SessionData[Any]
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
    data: tuple[DataParameter, ...] = ()


def needs_of(handler: HandlerObject) -> HandlerNeeds | None:
    """Return what a handler asks for; None when that is nothing.

    Raises:
        ConfigurationError: the flag's value is neither a SessionQualifier nor True, or an annotation names a session in
            a way that would silently mean another one.
    """
    annotations = annotations_of(handler.callback)
    meanings = {name: session_annotation(annotation) for name, annotation in annotations.items()}
    _require_no_default(handler, [name for name, meant in meanings.items() if meant is not None])
    _require_no_data_as_default(handler, annotations)
    needs = HandlerNeeds(
        tuple(SessionParameter(name, *meant) for name, meant in meanings.items() if meant is not None),
        tuple(name for name, annotation in annotations.items() if _means_manager(annotation)),
        tuple(_unclear_in(handler, annotations)),
        _flag_of(handler),
        tuple(
            DataParameter(name, *meant)
            for name, annotation in annotations.items()
            if (meant := data_annotation(annotation)) is not None
        ),
    )
    return None if needs == HandlerNeeds() else needs


def _require_no_default(handler: HandlerObject, names: Iterable[str]) -> None:
    """Refuse ``order: Session = "order"``, which would silently be the session without a qualifier."""
    defaults = defaults_of(handler.callback) if names else {}
    for name in names:
        default = defaults.get(name)
        if isinstance(default, str | SessionQualifier):
            qualifier = SessionQualifier(default) if isinstance(default, str) else default
            raise ConfigurationError(
                f"{name_of(handler)} takes '{name}: Session = {default!r}', which is the session without a qualifier.",
                f"Write '{name}: Annotated[Session, SessionQualifier({qualifier.name!r})]'.",
            )


def _require_no_data_as_default(handler: HandlerObject, annotations: Mapping[str, object]) -> None:
    """Refuse ``form: Form = FORM``, which would be the declaration itself, the same for all sessions."""
    defaults = defaults_of(handler.callback) if annotations else {}
    for name, annotation in annotations.items():
        default = defaults.get(name)
        if isinstance(default, SessionData) and default.type in (annotation, *get_args(annotation)):
            raise ConfigurationError(
                f"{name_of(handler)} takes '{name} = {default!r}', and would get the declaration in place of the data.",
                f"Write '{name}: Annotated[{named(default.type)}, FORM]'.",
            )


def _flag_of(handler: HandlerObject) -> SessionQualifier | None:
    flag = handler.flags.get(FLAG)
    if flag is True:
        return SessionQualifier()
    if flag is not None and not isinstance(flag, SessionQualifier):
        raise ConfigurationError(
            f"The flag {FLAG!r} of {name_of(handler)} is {quoted(flag)}.", "Set it to a SessionQualifier, or to True."
        )
    return flag


def session_annotation(annotation: object) -> tuple[SessionQualifier, bool] | None:
    """Return which session an annotation means, and whether None will do; None for an annotation that means none.

    Understands ``Session``, ``Annotated[Session, SessionQualifier(...)]``, either of them with ``| None``, and aliases.

    Raises:
        ConfigurationError: a name stands where the qualifier should, or the qualifier has none.
    """
    annotation = getattr(annotation, "__value__", annotation)  # an alias made by the type statement
    if isinstance(annotation, SessionQualifier):
        raise ConfigurationError(
            "A handler's parameter is annotated with a SessionQualifier alone, which is no session.",
            f"Write Annotated[Session, SessionQualifier({annotation.name!r})].",
        )
    if get_origin(annotation) is Annotated:
        annotated, *extras = get_args(annotation)
        meant = session_annotation(annotated)
        return None if meant is None else (_qualifier_in(extras, meant[0]), meant[1])
    if _is_union(annotation):
        parts = get_args(annotation)
        meanings = [meant for part in parts if (meant := session_annotation(part)) is not None]
        return (meanings[0][0], meanings[0][1] or type(None) in parts) if len(meanings) == 1 else None
    if isinstance(annotation, type) and issubclass(annotation, Session):
        return SessionQualifier(), False
    return None


def data_annotation(annotation: object) -> tuple[SessionData[Any], SessionQualifier, bool] | None:
    """Return which data an annotation means, of which session, and whether None will do; None where it means none.

    Understands ``Annotated[Form, FORM, SessionQualifier(...)]``, it or its type with ``| None``, and aliases.

    Raises:
        ConfigurationError: the type is not the data's, or the declaration's class stands in its place.
    """
    annotation = getattr(annotation, "__value__", annotation)
    if _is_union(annotation):
        parts = get_args(annotation)
        meanings = [meant for part in parts if (meant := data_annotation(part)) is not None]
        return (*meanings[0][:2], meanings[0][2] or type(None) in parts) if len(meanings) == 1 else None
    if isinstance(annotation, SessionData):
        raise ConfigurationError(
            f"A handler asks for {annotation!r} itself.",
            f"Annotate the parameter with its type: Annotated[{named(annotation.type)}, FORM].",
        )
    if get_origin(annotation) is not Annotated:
        return None
    annotated, *extras = get_args(annotation)
    if SessionData in extras:
        raise ConfigurationError(
            f"A handler asks for Annotated[{named(annotated)}, SessionData].",
            "Declare the data once, FORM = SessionData(Form), and write Annotated[Form, FORM].",
        )
    fragments = [extra for extra in extras if isinstance(extra, SessionData)]
    if not fragments:
        return None
    if len(fragments) > 1:
        raise ConfigurationError(
            f"A handler asks for {' and '.join(map(repr, fragments))} with one parameter.", "Take a parameter for each."
        )
    fragment = fragments[0]
    is_optional = _is_union(annotated) and type(None) in get_args(annotated)
    _require_type(annotated, fragment)
    return fragment, _qualifier_in(extras, SessionQualifier(), named(annotated)), is_optional


def _require_type(annotated: object, fragment: SessionData[Any]) -> None:
    """Refuse a parameter that says another type than it would get."""
    given = [part for part in get_args(annotated) if part is not type(None)] if _is_union(annotated) else [annotated]
    if given != [fragment.type] and given != [Any]:
        raise ConfigurationError(
            f"A handler asks for {annotated} with {fragment!r}.",
            f"Annotate the parameter with the type of the data: Annotated[{named(fragment.type)}, ...].",
        )


def _is_union(annotation: object) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _qualifier_in(extras: list[Any], inner: SessionQualifier, what: str = "Session") -> SessionQualifier:
    qualifiers = [extra for extra in extras if isinstance(extra, SessionQualifier)]
    if qualifiers:
        return qualifiers[-1]
    if SessionQualifier in extras:
        raise ConfigurationError(
            f"A handler asks for Annotated[{what}, SessionQualifier].", 'Give a name: SessionQualifier("order").'
        )
    strategy = next((extra for extra in extras if isinstance(extra, SessionKey | SessionKeyStrategy)), None)
    if strategy is not None:
        raise ConfigurationError(
            f"A handler asks for Annotated[{what}, {strategy}], which is the session of setup_sessions' strategy.",
            "Pass setup_sessions a key_strategy, or write bot.sessions.get(chat, user) in the handler.",
        )
    name = next((extra for extra in extras if isinstance(extra, str)), None)
    if name is not None and inner == SessionQualifier():
        raise ConfigurationError(
            f"A handler asks for Annotated[{what}, {name!r}], which is the session without a qualifier.",
            f"Write Annotated[{what}, SessionQualifier({name!r})] for the session {name!r}, or take the text out.",
        )
    return inner


def _means_manager(annotation: object) -> bool:
    if get_origin(annotation) is Annotated:
        annotation, *extras = get_args(annotation)
        if _means_manager(annotation) and any(isinstance(extra, SessionQualifier) for extra in extras):
            raise ConfigurationError(
                "A handler asks for the SessionManager with a qualifier, and gets the manager of all sessions.",
                "Write Annotated[Session, SessionQualifier(...)] for one session, or SessionManager alone.",
            )
    if _is_union(annotation):
        return sum(_means_manager(part) for part in get_args(annotation)) == 1
    return isinstance(annotation, type) and issubclass(annotation, SessionManager)


def _unclear_in(handler: HandlerObject, annotations: Mapping[str, object]) -> list[UnclearParameter]:
    return [
        UnclearParameter(name, text)
        for name, text in plain_parameters(handler.callback).items()
        if text is None or annotations.get(name) is UNKNOWN
    ]
