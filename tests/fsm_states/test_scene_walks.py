"""Whatever is done in scenes, a session is open exactly while its person is in one of them; processes may die."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiogram.fsm.storage.base import StorageKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.conftest import Store
from tests.fsm_states.scene_bots import Life, Town
from tests.fsm_states.test_scenes import wire
from tests.thoroughness import tries
from tgslices.testing import BotApi

RESTART = "(the process is replaced)"

STEPS = ["/order", "/start", "/close", "pizza", "back", "again", "elsewhere", "exit", "after", "clear", "raise", "done"]


async def state_of(life: Life) -> str | None:
    key = StorageKey(life.bot.id, life.chat.id, life.chat.person.id)
    state: str | None = await life.dispatcher.fsm.storage.get_state(key)
    return state


async def check(life: Life) -> None:
    state = await state_of(life)
    assert await life.is_open() == (state in ("item", "size")), state
    assert await life.is_open("break") == (state == "break"), state


async def walk(town: Town, steps: list[str]) -> None:
    """Take the steps, and look after each."""
    parts: list[list[str]] = [[]]
    for step in steps:
        parts.append([]) if step == RESTART else parts[-1].append(step)
    for part in parts:
        async with town.life(wire) as life:
            await check(life)
            for step in part:
                await life.says(step)
                await check(life)
    async with town.life(wire) as life:
        await life.says("/close")
        await life.says("hello?")
        assert not await life.is_open()
        assert not await life.is_open("break")
        left = [text for text in life.texts() if text in ("What?", "Noted.") or str(text).startswith("Which size")]
        assert left == []


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=tries(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from([*STEPS, RESTART]), min_size=3, max_size=12))
async def test_a_session_is_open_exactly_while_its_scenes_are(
    tmp_path_factory: pytest.TempPathFactory, kind: str, steps: list[str]
) -> None:
    path: Path = tmp_path_factory.mktemp("walk") / "kept.db"
    async with BotApi() as api:
        await walk(Town(api, Store(kind, f"sqlite:///{path}" if kind == "sqlite" else None)), steps)
