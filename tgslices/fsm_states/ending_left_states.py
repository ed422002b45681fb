"""Ends the sessions whose states an update has left, when it has been handled."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, TypeAlias

from aiogram import Dispatcher
from aiogram.fsm.storage.base import DEFAULT_DESTINY, StorageKey
from aiogram.types import TelegramObject

from tgslices.error_texts.without_secrets import described
from tgslices.fsm_states.follow_states import Follow, Followed
from tgslices.fsm_states.transitions import DIALOG_CONTEXT, DIALOG_STACK, Transitions, current
from tgslices.fsm_states.watched_storage import WatchedStorage
from tgslices.keys.scopes import scope_of
from tgslices.keys.strategies import key_of
from tgslices.manager import SessionManager
from tgslices.model import Scope, SessionKey
from tgslices.session import Session

log = logging.getLogger("tgslices")

SETTLED_AFTER: Final = timedelta(seconds=10)
"""How old a session without its state must be, that was not left by an earlier process: another worker may just be
opening it, with the state to follow."""

MAX_LOOKED_FOR: Final = 10_000
"""How many sessions of earlier processes are remembered as looked for."""

Handler: TypeAlias = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Following:
    """An update middleware: it follows what becomes of the states, and ends the sessions that are left.

    Judged is the net change of an update, so that a scene that is entered anew goes on. A session may be open without
    its state: a process died in between, or the state was changed past the dispatcher. It is ended when its person's
    next update finds it so; not where windows of a dialog are followed, because no update reads them all.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        followed: tuple[Followed, ...],
        manager_of_id: Callable[[int], SessionManager | None],
    ) -> None:
        self._dispatcher = dispatcher
        self._followed = followed
        self._manager_of_id = manager_of_id
        self._looked_for: set[SessionKey] = set()
        self._storage = dispatcher.fsm.storage
        dispatcher.fsm.storage = WatchedStorage(self._storage, self._judge, self._look)

    def follow(self, followed: tuple[Followed, ...]) -> None:
        """Follow these from now on; those that were followed before come first."""
        self._followed = followed

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle an update, and judge what it left behind, also if it failed."""
        transitions = Transitions(event)  # type: ignore[arg-type]  # an update middleware gets updates only
        token = current.set(transitions)
        try:
            result = await handler(event, data)
        except Exception:
            await self._end(transitions, token)
            raise
        await self._end(transitions, token)
        return result

    async def _end(self, transitions: Transitions, token: Any) -> None:
        current.reset(token)
        transitions.is_over = True
        if not transitions.left_behind and not transitions.strays:
            return
        try:
            await self._judge(transitions)
        except Exception as error:  # noqa: BLE001  # the update has been handled; its next one finds the session again
            log.error("A session whose states were left is open still: %s", described(error))  # noqa: TRY400  # a traceback may show a token

    async def _judge(self, transitions: Transitions) -> None:
        for position, followed in enumerate(self._followed):
            for key in transitions.leaving(followed.states):
                if not await self._has_other_windows(transitions, key, followed.states):
                    await self._end_session(self._session(transitions, key, followed.follow), followed.follow)
            if position in transitions.strays:
                await self._end_stray(transitions, followed)

    async def _end_session(self, session: Session | None, follow: Follow) -> None:
        if session is None:
            return
        if follow.then == "clear":
            await session.clear()
        await session.close()

    def _session(self, transitions: Transitions, key: StorageKey, follow: Follow) -> Session | None:
        """Return the session of who was in a state; that of the update, where the state is its person's."""
        manager = self._manager_of_id(key.bot_id)
        if manager is None:
            return None
        update = transitions.update
        scope = None if update is None else scope_of(update, key.bot_id)
        # aiogram_dialog keeps its windows under the chat's id as the person's, whoever tapped.
        is_own = scope is not None and key.chat_id == scope.chat_id and key.user_id in (scope.user_id, key.chat_id)
        if update is not None and is_own:
            return manager.handle_of(update, qualifier=follow.qualifier, collect=False)
        user_id = None if key.user_id == key.chat_id and key.chat_id < 0 else key.user_id
        kind = "private" if key.user_id == key.chat_id else None
        told = Scope(key.bot_id, key.chat_id, kind, user_id, key.thread_id, key.business_connection_id)
        found = key_of(told, manager.config.key_strategy, follow.qualifier)
        return None if found is None else manager.handle(found, collect=False)

    # Dialogs

    async def _has_other_windows(self, transitions: Transitions, key: StorageKey, states: frozenset[str]) -> bool:
        """Tell whether a dialog has a window under the one that was left which is in one of the states, too."""
        if not key.destiny.startswith(DIALOG_CONTEXT):
            return False
        destiny = f"{DIALOG_STACK}{transitions.stacks.get(key, '')}"
        stack = await self._storage.get_data(replace(key, destiny=destiny))
        for intent in stack.get("intents", ()):
            window = await self._storage.get_data(replace(key, destiny=f"{DIALOG_CONTEXT}{intent}"))
            if window.get("state") in states:
                return True
        return False

    # Sessions without their state

    def _look(self, transitions: Transitions, key: StorageKey) -> None:
        """Note a session that is open although its person's state, which was just read, is none of its own."""
        update, manager = transitions.update, self._manager_of_id(key.bot_id)
        if update is None or manager is None or key.destiny != DEFAULT_DESTINY or manager.is_idle():
            return
        for position, followed in enumerate(self._followed):
            if transitions.found[key] in followed.states:
                continue
            found = manager.key_of(update, followed.follow.qualifier)
            is_theirs = found is not None and (found.chat_id, found.user_id) == (key.chat_id, key.user_id)
            if found is None or not is_theirs or manager.has_handles(found):
                continue
            if (manager.knows_open(found) or self._is_new(found)) and not self._is_of_a_dialog(followed):
                transitions.strays.add(position)

    def _is_new(self, key: SessionKey) -> bool:
        """Tell whether this process has not looked for a session of an earlier one; each is asked for once.

        What a storage that is shared has open is known for certain only once this process has seen it open.
        """
        if key in self._looked_for:
            return False
        if len(self._looked_for) >= MAX_LOOKED_FOR:
            self._looked_for.clear()
        self._looked_for.add(key)
        return True

    def _is_of_a_dialog(self, followed: Followed) -> bool:
        """Tell whether states belong to windows of aiogram_dialog, which are not read with an update."""
        groups = (getattr(router, "states_group", None) for router in self._dispatcher.chain_tail)
        names = {name for group in groups if callable(group) for name in group().__all_states_names__}
        return not names.isdisjoint(followed.states)

    async def _end_stray(self, transitions: Transitions, followed: Followed) -> None:
        update = transitions.update
        own = [key for key in transitions.found if key.destiny == DEFAULT_DESTINY]
        manager = self._manager_of_id(own[0].bot_id)
        if update is None or manager is None or await self._is_in(own, followed.states):
            return
        session = manager.handle_of(update, qualifier=followed.follow.qualifier, collect=False)
        if session is None or not await session.is_open():
            return
        entries = await session.messages()
        now = manager.config.clock()
        oldest = min((entry.at for entry in entries), default=now)
        if oldest < manager.made_at or oldest <= now - SETTLED_AFTER:
            await self._end_session(session, followed.follow)

    async def _is_in(self, keys: Sequence[StorageKey], states: frozenset[str]) -> bool:
        """Tell whether one of the states is there by now."""
        return any([await self._storage.get_state(key) in states for key in keys])
