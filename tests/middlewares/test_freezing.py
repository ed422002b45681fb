"""``setup_sessions(freeze=True)``: the collector looks no more at what there was at the start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from weakref import ref

import pytest
from aiogram import Bot, Dispatcher

from tgslices import ConfigurationError, setup_sessions

TOKEN = "42:" + "a" * 35


class Cycle:
    """Something that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    """Begin with nothing frozen, and leave other tests with what the suite freezes."""
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def _start(**options: bool) -> Dispatcher:
    dispatcher, bot = Dispatcher(), Bot(TOKEN)
    setup_sessions(dispatcher, bot, **options)  # type: ignore[arg-type]
    await dispatcher.emit_startup(bot=bot, dispatcher=dispatcher)
    return dispatcher


async def test_a_collection_no_longer_looks_at_what_there_was_at_the_start() -> None:
    before = len(gc.get_objects())

    await _start(freeze=True)

    assert gc.get_freeze_count() > before / 2
    assert len(gc.get_objects()) < before / 10


async def test_nothing_is_frozen_unless_asked_for() -> None:
    await _start()

    assert gc.get_freeze_count() == 0


async def test_garbage_of_before_the_start_is_collected_and_not_kept_for_good() -> None:
    gone = ref(Cycle())

    await _start(freeze=True)

    assert gone() is None


async def test_garbage_that_is_made_later_is_collected_as_ever() -> None:
    await _start(freeze=True)
    gone = ref(Cycle())

    gc.collect()

    assert gone() is None


async def test_what_was_there_is_freed_as_ever_once_nobody_holds_it() -> None:
    class Held:
        pass

    held = Held()
    gone = ref(held)
    await _start(freeze=True)

    del held

    assert gone() is None


def test_what_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Pass True or False as freeze"):
        setup_sessions(Dispatcher(), Bot(TOKEN), freeze="yes")  # type: ignore[arg-type]
