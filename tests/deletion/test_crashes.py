"""The process is killed at every step between claim and settle, with a storage in a file; the next one finishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.deletion.mortal import Killed, Life
from tests.deletion.scene import LEASE, Scene, all_gone, none_gone
from tgslices.model import PendingDeletion
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import Chat, StoredMessage


@asynccontextmanager
async def process(scene: Scene, path: Path, life: Life) -> AsyncIterator[Scene]:
    """Run a process of its own on the same file; what it does in its block ends when it is killed."""
    storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{path}")
    scene.bot.session.middleware(life.request)
    try:
        with suppress(Killed):
            yield replace(scene, storage=life.storage(storage))
    finally:
        scene.bot.session.middleware.unregister(life.request)
        await storage.aclose()


def plant(scene: Scene) -> tuple[list[StoredMessage], list[StoredMessage], list[StoredMessage]]:
    """Return what can be deleted, what cannot, and what must not be touched."""
    group: Chat = scene.api.add_supergroup("S", members=[scene.account, scene.ann])
    deletable = scene.plant(scene.private_chat(), 102) + scene.plant(group, 3)
    return deletable, scene.plant(group, 3, own=False), scene.plant(scene.private_chat(), 5)


async def clear(scene: Scene, messages: list[StoredMessage]) -> None:
    now, until = scene.now, scene.now + LEASE
    claimed = await scene.storage.claim(scene.key, scene.records(messages), now=now, until=until)
    pending = [PendingDeletion(scene.key, message, now, until) for message in claimed]
    await scene.executor(in_flight=2).run(scene.bot, pending)


async def restart(scene: Scene) -> None:
    """Do what a start does: settle what is due, once the leases of the dead have run out."""
    scene.api.clock.move(LEASE)
    await scene.settle_due()


async def test_a_kill_at_any_step_loses_nothing_and_the_next_start_finishes(scene: Scene, tmp_path: Path) -> None:
    steps, died = 0, True
    while died:
        deletable, stuck, bystanders = plant(scene)
        path = tmp_path / f"{steps}.db"
        everything = deletable + stuck
        async with process(scene, path, life := Life()) as recorder:
            adding = (recorder.storage.add(scene.key, record) for record in scene.records(everything))
            await asyncio.gather(*adding)
        async with process(scene, path, life := Life(steps)) as doomed:
            await clear(doomed, everything)
        died = life.is_over
        async with process(scene, path, Life()) as heir:
            in_session = await heir.storage.list(scene.key)
            pending = await heir.pending()
            if in_session:
                assert set(in_session) == set(scene.records(everything)), "it died before the claim"
                assert pending == []
            else:
                gone = [message for message in everything if message.is_deleted]
                assert len(pending) + len(gone) >= len(deletable)
                await restart(heir)
                assert all_gone(deletable)
            assert await heir.pending() == []
        assert none_gone([*stuck, *bystanders])
        steps += 1
    assert steps > 20, "every step was tried"


@pytest.mark.parametrize("steps", [8, 11, 16])
async def test_processes_that_live_briefly_finish_the_job_together(scene: Scene, tmp_path: Path, steps: int) -> None:
    deletable, stuck, bystanders = plant(scene)
    path = tmp_path / "slices.db"
    async with process(scene, path, Life()) as first:
        await first.claim(scene.records(deletable + stuck))
    for _ in range(60):
        async with process(scene, path, life := Life(steps)) as brief:
            await restart(brief)
        if not life.is_over:
            break
    assert all_gone(deletable)
    assert none_gone([*stuck, *bystanders])
    async with process(scene, path, Life()) as last:
        assert await last.pending() == []
