"""A storage of states that tells what becomes of them, whoever changes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

from tgslices.fsm_states.transitions import DIALOG_CONTEXT, Transitions, current_transitions

STACK_ID: Final = "_stack_id"
"""Where aiogram_dialog's data of a window names the stack that the window is on."""

Judge: TypeAlias = Callable[[Transitions], Awaitable[None]]


class WatchedStorage(BaseStorage):
    """The dispatcher's own storage of states; every change goes through it and is noted.

    aiogram reads its storage at each update. It calls no hook for ``state.clear()``, for a scene that is left by
    another kind of update, nor for a dialog whose stack is reset.
    """

    def __init__(self, storage: BaseStorage, judge: Judge, look: Callable[[Transitions, StorageKey], None]) -> None:
        """``judge`` is told of changes that belong to no update, and ``look`` of states that an update finds."""
        self.watched = storage
        self._judge = judge
        self._look = look

    def __getattr__(self, name: str) -> Any:
        """Let whoever knows the dispatcher's own storage reach what is its own."""
        return getattr(self.watched, name)

    def __repr__(self) -> str:
        return f"WatchedStorage({self.watched!r})"

    async def get_state(self, key: StorageKey) -> str | None:
        """Return a state."""
        state = await self.watched.get_state(key)
        if (transitions := current_transitions()) is not None:
            is_first = key not in transitions.found
            transitions.saw(key, state)
            if is_first:
                self._look(transitions, key)
        return state

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Set a state. One that nobody has read in this update is read before."""
        found = _found(key)
        before = await self.watched.get_state(key) if found is None else found[0]
        await self.watched.set_state(key, state)
        await self._note(key, before, state.state if isinstance(state, State) else state)

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """Return the data."""
        data = await self.watched.get_data(key)
        if key.destiny.startswith(DIALOG_CONTEXT) and (transitions := current_transitions()) is not None:
            transitions.saw(key, data.get("state"))
            transitions.stacks[key] = data.get(STACK_ID, "")
        return data

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Set the data; that of an open window of a dialog tells its state."""
        if not key.destiny.startswith(DIALOG_CONTEXT):
            await self.watched.set_data(key, data)
            return
        found, stack = _found(key), data.get(STACK_ID, "")
        if found is None:
            there = await self.watched.get_data(key)
            found, stack = (there.get("state"),), stack or there.get(STACK_ID, "")
        await self.watched.set_data(key, data)
        await self._note(key, found[0], data.get("state"), stack)

    async def update_data(self, key: StorageKey, data: Mapping[str, Any]) -> dict[str, Any]:
        """Change a part of the data."""
        return await self.watched.update_data(key, data)

    async def close(self) -> None:
        """Close the storage."""
        await self.watched.close()

    async def _note(self, key: StorageKey, before: str | None, state: str | None, stack: str = "") -> None:
        of_update = current_transitions()
        transitions = of_update or Transitions(None)
        transitions.changed(key, before, state)
        if stack:
            transitions.stacks[key] = stack
        if of_update is None:
            await self._judge(transitions)


def _found(key: StorageKey) -> tuple[str | None] | None:
    """Return the present state of a key as this update knows it."""
    transitions = current_transitions()
    if transitions is None or key not in transitions.found:
        return None
    return (transitions.left_behind.get(key, transitions.found[key]),)
