"""Scenes of aiogram inside a session: what they send is recorded, and leaving them for good ends it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args
from weakref import WeakKeyDictionary

from aiogram import Dispatcher, Router
from aiogram.dispatcher.event.handler import CallableObject, HandlerObject
from aiogram.fsm.scene import HandlerContainer, Scene, SceneAction, SceneConfig
from aiogram.fsm.state import State
from aiogram.types import TelegramObject, Update

from tgslices.errors import ConfigurationError, SessionUnavailable, quoted
from tgslices.event_loop.async_callables import is_async
from tgslices.fsm_states.follow_states import Follow, Followed, states_of
from tgslices.keys.qualifier import SessionQualifier
from tgslices.manager import SessionManager, sessions_of
from tgslices.middlewares.handler_annotations import title_of
from tgslices.middlewares.handler_needs import needs_of
from tgslices.middlewares.handler_parameters import call_with_parameters, sent
from tgslices.recording.current_update import current_update
from tgslices.session import Session

End: TypeAlias = Literal["clear", "close", "keep"]

_INHERITED: Final[Any] = object()

_scenes: Final[WeakKeyDictionary[Router, list[type[SessionScene]]]] = WeakKeyDictionary()
"""Which scenes were added to which router."""


class SessionScene(Scene):
    """A scene whose handlers and actions run inside the block of a session.

    ``class OrderScene(SessionScene, state="order", qualifier="order", end="clear")``. Scenes of one qualifier share
    the session, and nobody else should open it. It ends when none of them is the person's scene any more: it is wiped
    and closed, or with ``"close"`` only closed; with ``"keep"`` it goes on. Actions take sessions, data and the manager
    by annotation, as handlers do. Entering opens the session, and so do handlers while the scene is entered; leaving
    does not. Subclasses inherit ``qualifier`` and ``end``.

    Raises:
        ConfigurationError: ``qualifier`` or ``end`` is none of what it must be, a handler or action is no coroutine
            function, or a scene whose end is to be followed has no state.
        SessionUnavailable: when an update comes that has no key.
    """

    __session_qualifier__: ClassVar[str | None]
    __session_end__: ClassVar[End] = "clear"

    def __init_subclass__(cls, *, qualifier: str | None = _INHERITED, end: End = _INHERITED, **kwargs: Any) -> None:
        """Put the session's block around what the class has, and what it has inherited."""
        super().__init_subclass__(**kwargs)
        if qualifier is not _INHERITED:
            cls.__session_qualifier__ = _require_qualifier(cls, qualifier)
        if end is not _INHERITED:
            cls.__session_end__ = _require_end(cls, end)
        cls.__scene_config__ = _inside_session(cls.__scene_config__)

    @functools.cached_property
    def session(self) -> Session:
        """The handle of the scene's session.

        Raises:
            SessionUnavailable: the key strategy finds no key in the update.
            ConfigurationError: the bot is not wired.
        """
        update = self._update
        session = self._manager.handle_of(update, qualifier=self.__session_qualifier__)
        if session is None:
            raise SessionUnavailable(title_of(type(self)), None, update.event_type)
        return session

    @property
    def _update(self) -> Update:
        # aiogram leaves it out where a scene is entered by another handler (before 3.26).
        update = self.wizard.data.get("event_update") or current_update()
        if not isinstance(update, Update):
            raise ConfigurationError(
                f"{title_of(type(self))} is used outside of an update.", "Enter and leave scenes in handlers."
            )
        return update

    @property
    def _manager(self) -> SessionManager:
        manager = sessions_of(self.wizard.data["bot"])
        if not manager.is_wired:
            raise ConfigurationError(
                f"{title_of(type(self))} has the sessions of a bot that no dispatcher knows.",
                "Call setup_sessions(dispatcher, bot) before.",
            )
        return manager

    @classmethod
    def add_to_router(cls, router: Router) -> None:
        """Do what aiogram does, and let the router's dispatcher follow the scene.

        Raises:
            ConfigurationError: the scene names no session, or has no state whose end its session could follow.
        """
        if not hasattr(cls, "__session_qualifier__"):
            raise ConfigurationError(
                f"{title_of(cls)} names no session, and one that is open without its scene is ended.",
                'Give it one of its own: class OrderScene(SessionScene, state="order", qualifier="order").',
            )
        if cls.__session_end__ != "keep" and cls.__scene_config__.state in (None, "*"):
            raise ConfigurationError(
                f"{title_of(cls)} has no state of its own, so that leaving it cannot be told.",
                'Give it a state, class OrderScene(SessionScene, state="order"), or write end="keep".',
            )
        super().add_to_router(router)
        _scenes.setdefault(router, []).append(cls)


def _require_qualifier(scene: type[Scene], qualifier: object) -> str | None:
    if qualifier is not None and not isinstance(qualifier, str):
        name = qualifier.name if isinstance(qualifier, SessionQualifier) else "order"
        raise ConfigurationError(
            f"{title_of(scene)} has the qualifier {quoted(qualifier)}.", f"Pass its name alone: qualifier={name!r}."
        )
    return SessionQualifier(qualifier).name


def _require_end(scene: type[Scene], end: object) -> Any:
    if end not in get_args(End):
        raise ConfigurationError(
            f"{title_of(scene)} is to end its session by {quoted(end)}.", 'Write end="clear", "close" or "keep".'
        )
    return end


# Blocks


def _inside_session(config: SceneConfig) -> SceneConfig:
    """Return a scene's configuration with the block around all that it calls; what classes share stays as it is."""
    return replace(
        config,
        handlers=[
            HandlerContainer(each.name, _handler_inside(each.handler), each.filters, after=each.after)
            for each in config.handlers
        ],
        actions={
            action: {event: CallableObject(_action_inside(each, action)) for event, each in by_event.items()}
            for action, by_event in config.actions.items()
        },
    )


def _require_coroutine(function: Callable[..., Any]) -> None:
    if not is_async(inspect.unwrap(function)):
        raise ConfigurationError(
            f"{title_of(function)} runs inside a session's block, and is no coroutine function.", "Write 'async def'."
        )


def _handler_inside(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler of a scene with the block around it; what it asks for is filled in as for any handler."""
    _require_coroutine(function)

    @functools.wraps(function)
    async def handle(scene: SessionScene, event: TelegramObject, *arguments: Any, **data: Any) -> Any:
        async with _block(scene, opens=await _may_open(scene)):
            return await sent(await function(scene, event, *arguments, **data), scene.wizard.data)

    return handle


def _action_inside(action: CallableObject, kind: SceneAction) -> Callable[..., Any]:
    """Return an action of a scene with the block around it, and with what it asks for."""
    function = action.callback
    _require_coroutine(function)

    @functools.wraps(function)
    async def act(scene: SessionScene, event: TelegramObject, **given: Any) -> Any:
        async def call(event: TelegramObject, data: dict[str, Any]) -> Any:
            return await action.call(scene, event, **data)

        data = {**scene.wizard.data, **given, "event_update": scene._update}
        async with _block(scene, opens=kind is SceneAction.enter):
            return await sent(await call_with_parameters(target, scene._manager, call, event, data), data)

    target = HandlerObject(act)
    return act


async def _may_open(scene: SessionScene) -> bool:
    """Tell whether a handler may open the session: not for a tap without the state, nor after the scene was left.

    Another update may leave it meanwhile. That sets the state first and ends the session then, so that a state which
    is read behind a closed session is the present one.
    """
    session, wizard = scene.session, scene.wizard
    if scene._manager.knows_open(session.key) or await session.is_open():
        return True
    state = wizard.scene_config.state
    return state == "*" or await wizard.state.get_state() == (state.state if isinstance(state, State) else state)


@asynccontextmanager
async def _block(scene: SessionScene, *, opens: bool) -> AsyncIterator[None]:
    """Be inside the session's block; without ``opens`` what is sent is recorded only while the session is open."""
    if opens:
        async with scene.session:
            yield
    else:
        with scene.session.recording(while_open=True):
            yield


# Following


def followed_scenes(dispatcher: Dispatcher) -> Iterator[Followed]:
    """Yield the states of the dispatcher's scenes whose sessions end with them."""
    for scene in _scenes_of(dispatcher):
        if scene.__session_end__ != "keep":
            yield Followed(states_of(scene), Follow(scene.__session_qualifier__, scene.__session_end__))


def check_actions(dispatcher: Dispatcher) -> None:
    """Look at what the actions of a dispatcher's scenes ask for, so that a mistake is not found by a user.

    Raises:
        ConfigurationError: one names a session in a way that would mean another one.
    """
    for scene in _scenes_of(dispatcher):
        for by_event in scene.__scene_config__.actions.values():
            for action in by_event.values():
                needs_of(HandlerObject(action.callback))


def _scenes_of(dispatcher: Dispatcher) -> Iterator[type[SessionScene]]:
    for router in dispatcher.chain_tail:
        yield from _scenes.get(router, ())
