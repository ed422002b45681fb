"""What a dispatcher's sessions follow: the states that its author named, and those of its scenes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from aiogram import Dispatcher

from tgslices.fsm_states.ending_left_states import Following
from tgslices.fsm_states.follow_states import Followed, FollowStates, followed, merged
from tgslices.fsm_states.scenes import check_actions, followed_scenes
from tgslices.manager import SessionManager
from tgslices.middlewares.incoming_updates import Handler, Middleware


class Joining:
    """Puts the middleware that follows states in front of a dispatcher's updates, where there is something to follow.

    Scenes are looked for again when the dispatcher starts, and at its first update, because they are often added after
    ``setup_sessions``.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        follow_states: FollowStates | None,
        manager_of_id: Callable[[int], SessionManager | None],
    ) -> None:
        """Raise ConfigurationError for what cannot be followed."""
        self._dispatcher = dispatcher
        self._named: tuple[Followed, ...] = () if follow_states is None else followed(follow_states)
        self._manager_of_id = manager_of_id
        self._following: Following | None = None
        self._first: list[Middleware] = []
        self._has_begun = False
        self._all()

    def _all(self) -> tuple[Followed, ...]:
        return merged((*self._named, *followed_scenes(self._dispatcher)))

    def attach(self, *first: Middleware) -> None:
        """Put middlewares in front of all others, and the one that follows behind them."""
        self._first = [*first]
        self._follow()
        self._arrange()

    def _follow(self) -> Following | None:
        """Follow what is there to follow; return what does so, if it is new."""
        groups = self._all()
        if self._following is not None:
            self._following.follow(groups)
        elif groups:
            self._following = Following(self._dispatcher, groups, self._manager_of_id)
            self._first.append(self._following)
            return self._following
        return None

    def _arrange(self) -> None:
        updates = self._dispatcher.update.outer_middleware
        there = list(updates)
        for middleware in there:
            updates.unregister(middleware)
        for middleware in (*self._first, *(each for each in there if each not in self._first)):
            updates.register(middleware)

    async def start(self) -> None:
        """Join what was added since ``setup_sessions``. Raises ConfigurationError for what a scene does wrong."""
        check_actions(self._dispatcher)
        self._join()

    def _join(self) -> Following | None:
        self._has_begun = True
        new = self._follow()
        if new is not None:
            self._arrange()
        return new

    def begin(self, handler: Handler) -> Handler:
        """Return what handles an update: for the first one of a dispatcher that was never started, one that follows."""
        new = None if self._has_begun else self._join()
        return handler if new is None else partial(new, handler)
