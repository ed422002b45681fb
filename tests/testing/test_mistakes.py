"""Mistakes of a test's author that would let the test pass, or fail with an error of something else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tgslices.testing import BotApi, ChatView, Failure


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"method": "deleteMesages"}, ValueError, "no method 'deleteMesages': did you mean 'deleteMessages'?"),
        ({"method": "delete_messages"}, ValueError, "no method 'delete_messages': did you mean 'deleteMessages'?"),
        ({"method": "wipe"}, ValueError, "no method 'wipe'; names are written as in its docs"),
        ({"effect": 500}, TypeError, "500 is no fault: write Failure(502)"),
        ({"effect": Failure}, TypeError, "is no fault: write Failure(502)"),
        ({"times": 0}, ValueError, "times=0, skip=0 strikes no call"),
        ({"skip": -1}, ValueError, "times=1, skip=-1 strikes no call"),
    ],
)
def test_a_fault_that_would_never_strike_is_refused(options: dict[str, Any], kind: type[Exception], text: str) -> None:
    effect = options.pop("effect", Failure(502))
    with pytest.raises(kind) as refused:
        BotApi().faults.add(effect, **options)
    assert text in str(refused.value)


@pytest.mark.parametrize("code", [200, 0, 600, "502"])
def test_a_failure_has_the_status_of_an_error(code: Any) -> None:
    with pytest.raises(ValueError, match="from 400 to 599"):
        Failure(code)


@pytest.fixture
def chat() -> ChatView:
    """Ann's chat with a bot that is never asked."""
    api = BotApi()
    return api.add_person("Ann").private_chat(api.add_bot("shop_bot"))


async def async_condition(chat: ChatView) -> bool:
    return False


@pytest.mark.parametrize("condition", [async_condition, "Which size?", None])
async def test_a_condition_that_would_always_hold_is_refused(chat: ChatView, condition: Any) -> None:
    with pytest.raises(TypeError, match="pass a plain function of the chat"):
        await chat.until(condition)


@pytest.mark.parametrize(
    ("text", "kind"), [("", ValueError), (" \n", ValueError), ("x" * 4097, ValueError), (5, TypeError)]
)
async def test_what_no_client_sends_is_refused(chat: ChatView, text: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await chat.types(text)
    assert chat.texts() == []


MISTAKES: list[tuple[Callable[[BotApi], object], type[Exception], str]] = [
    (lambda api: api.clock.move(5), TypeError, "move(timedelta(hours=1))"),  # type: ignore[arg-type]
    (lambda api: api.url, RuntimeError, "enter `async with BotApi() as api` first"),
    (lambda api: api.client_session(), RuntimeError, "the emulator has no port before it listens"),
    (
        lambda api: api.migrate(api.add_supergroup("Cooks", members=[api.add_person("Ann")])),
        ValueError,
        "a supergroup chat cannot migrate",
    ),
]


@pytest.mark.parametrize(("act", "kind", "text"), MISTAKES)
def test_a_mistake_is_told_where_it_is_made(act: Callable[[BotApi], object], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as refused:
        act(BotApi())
    assert text in str(refused.value)


async def test_a_group_migrates_once() -> None:
    api = BotApi()
    group = api.add_group("Cooks", members=[api.add_person("Ann")])
    api.migrate(group)
    with pytest.raises(ValueError, match="a basic group that has migrated cannot migrate"):
        api.migrate(group)


async def test_what_is_right_is_taken(chat: ChatView) -> None:
    async with BotApi() as api:
        api.faults.add(Failure(502), method="DeleteMessages", times=None)
        api.clock.move(timedelta(hours=-1))
        assert api.url.startswith("http://127.0.0.1:")
    await chat.types("x" * 4096)
    assert len(chat.texts()) == 1
