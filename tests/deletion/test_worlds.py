"""In any world, whatever goes wrong: all that can go is gone, nothing else is, and each entry is counted once."""

from __future__ import annotations

from random import Random

import pytest
from aiogram import Bot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deletion.scene import Scene
from tests.deletion.worlds import World, check_account, most_requests
from tests.thoroughness import tries
from tgslices.storage.memory import MemorySessionStorage
from tgslices.testing import BotApi

RUNS = 1000


async def clear(scene: Scene, random: Random, *, faulty: bool) -> None:
    """Build a world, clear its slice, settle to the end and check."""
    world = World(scene, random)
    world.populate()
    records = [record for _, record in world.slice]
    deletable = [message for message, _ in world.slice if not message.is_deleted and world.is_deletable(message)]
    if faulty:
        world.add_faults()
    result = await scene.clear(records, in_flight=random.choice((1, 4)))
    check_account(result, records)
    assert len(await scene.pending()) == len(result.pending) + len(result.deferred)
    if not faulty:
        assert not result.pending
        assert result.requests <= most_requests(world, result)
    scene.api.faults.clear()
    await scene.settle_all()
    world.check(deletable)


@given(st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=tries(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
async def test_in_any_world_all_that_can_go_is_gone_and_nothing_else(random: Random, faulty: bool) -> None:
    async with BotApi() as api:
        api.clock.freeze()
        account = api.add_bot("order_bot")
        async with Bot(account.token, session=api.client_session()) as bot:
            await clear(Scene(api, account, bot, api.add_person("Ann"), MemorySessionStorage()), random, faulty=faulty)


@pytest.mark.parametrize("first", range(0, RUNS, RUNS // 5))
async def test_a_thousand_runs_with_random_faults_neither_lose_nor_duplicate_an_entry(scene: Scene, first: int) -> None:
    for seed in range(first, first + RUNS // 5):
        await clear(scene, Random(seed), faulty=True)
        scene.naps.clear()
        scene.api.requests.clear()
