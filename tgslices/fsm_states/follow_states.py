"""Which sessions follow which states, as a bot's author says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from aiogram.fsm.scene import Scene
from aiogram.fsm.state import State, StatesGroup

from tgslices.errors import ConfigurationError, quoted

Then: TypeAlias = Literal["clear", "close"]

Group: TypeAlias = type[StatesGroup] | type[Scene] | State
"""What a session may follow: the states of a group or of a dialog, a scene, or one state."""


@dataclass(frozen=True, slots=True)
class Follow:
    """The session with this qualifier ends when an update leaves the states: it is wiped and closed, or only closed.

    Raises:
        ConfigurationError: a part is none of what it must be.
    """

    qualifier: str | None
    then: Then = "clear"

    def __post_init__(self) -> None:
        if self.qualifier is not None and not isinstance(self.qualifier, str):
            raise ConfigurationError(
                f"A session that follows states has the qualifier {quoted(self.qualifier)}.", 'Write Follow("order").'
            )
        if self.then not in ("clear", "close"):
            raise ConfigurationError(
                f"A session that follows states is to end by {quoted(self.then)}.", 'Write then="clear" or "close".'
            )


FollowStates: TypeAlias = Mapping[Any, Follow | str]
"""What ``setup_sessions(follow_states=...)`` takes; a name stands for ``Follow(name)``."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The names of the states, and the session that follows them."""

    states: frozenset[str]
    follow: Follow


def followed(follow_states: FollowStates) -> tuple[Followed, ...]:
    """Return what is followed.

    Raises:
        ConfigurationError: a key is no group of states, or a value names no session.
    """
    if not isinstance(follow_states, Mapping):
        raise ConfigurationError(
            f"follow_states is {quoted(follow_states)}.", 'Pass a dict: follow_states={OrderForm: Follow("order")}.'
        )
    return tuple(Followed(states_of(group), _follow_of(follow)) for group, follow in follow_states.items())


def _follow_of(follow: object) -> Follow:
    if isinstance(follow, str):
        return Follow(follow)
    if not isinstance(follow, Follow):
        raise ConfigurationError(f"follow_states names the session {quoted(follow)}.", 'Write Follow("order").')
    return follow


def states_of(group: object) -> frozenset[str]:
    """Return the names of the states that a group stands for.

    Raises:
        ConfigurationError: it stands for none, or for all.
    """
    names: tuple[str | None, ...] = ()
    if isinstance(group, type) and issubclass(group, StatesGroup):
        names = group.__all_states_names__
    elif isinstance(group, type) and issubclass(group, Scene):
        state = group.__scene_config__.state
        names = (state.state if isinstance(state, State) else state,)
    elif isinstance(group, State):
        names = (group.state,)
    if not names or None in names or "*" in names:
        raise ConfigurationError(
            f"follow_states has {quoted(group)}, which stands for no state.",
            "Use a StatesGroup with states, a State, or a Scene with a state of its own.",
        )
    return frozenset(name for name in names if name is not None)


def merged(groups: Iterable[Followed]) -> tuple[Followed, ...]:
    """Return the groups with those that one session follows as one: it goes on from one to the other.

    Raises:
        ConfigurationError: two of them end their session by different ways.
    """
    by_qualifier: dict[str | None, Followed] = {}
    for group in groups:
        there = by_qualifier.get(group.follow.qualifier, group)
        if there.follow != group.follow:
            raise ConfigurationError(
                f"The session {group.follow.qualifier!r} is to end by {there.follow.then!r} when its states are left, "
                f"and by {group.follow.then!r}.",
                "Say the same for all states, or give them sessions of their own.",
            )
        by_qualifier[group.follow.qualifier] = Followed(there.states | group.states, group.follow)
    return tuple(by_qualifier.values())
