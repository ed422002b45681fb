"""What can be declared as session data, and what each mistake is answered with."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict, RootModel
from typing_extensions import TypedDict

from tgslices import ConfigurationError, DataRefused, SessionData
from tgslices.data.declaration import require_declared

NOW = datetime(2026, 7, 1, tzinfo=UTC)
T = TypeVar("T")


@dataclasses.dataclass
class Form:
    item: str | None = None
    parts: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Needy:
    item: str


@dataclasses.dataclass(frozen=True)
class Frozen:
    item: str = ""


class Model(BaseModel):
    item: str = ""


class FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True)


class Unkeepable(BaseModel):
    what: float = float("nan")


class Loose(TypedDict, total=False):
    item: str


class Strict(TypedDict):
    item: str


class Pair(NamedTuple):
    left: int = 0


class Stranger:
    pass


@dataclasses.dataclass
class WithStranger:
    who: Stranger | None = None


@pytest.mark.parametrize(
    ("declared", "name", "initial"),
    [
        (SessionData(Form), "Form", Form()),
        (SessionData(Model), "Model", Model()),
        (SessionData(Loose), "Loose", {}),
        (SessionData(RootModel[list[int]], name="numbers", initial=lambda: RootModel[list[int]]([])), "numbers", None),
        (SessionData(list[int], name="numbers"), "numbers", []),
        (SessionData(dict[str, int], name="pizzas"), "pizzas", {}),
        (SessionData(list, name="anything"), "anything", []),
        (SessionData(Needy, initial=lambda: Needy("pizza")), "Needy", Needy("pizza")),
        (SessionData[Any](Annotated[Form, "noted"], name="noted"), "noted", Form()),  # type: ignore[arg-type]
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_fragment_has_a_name_and_begins_anew(declared: SessionData[Any], name: str, initial: object) -> None:
    assert declared.name == name
    first, second = declared.value_of(None), declared.value_of(None)
    assert first is not second
    if initial is not None:
        assert first == second == initial


def test_an_initial_value_is_never_shared() -> None:
    shared = Form(parts=[1])
    declared = SessionData(Form, initial=lambda: shared)
    declared.value_of(None).parts.append(2)
    assert declared.value_of(None) == Form(parts=[1])
    assert shared == Form(parts=[1])


def step(value: Any) -> Any:
    return value


async def later(value: Any = None) -> Any:
    return value


@dataclasses.dataclass
class Recent:
    lines: deque[str] = dataclasses.field(default_factory=lambda: deque(maxlen=3))


MISTAKES: list[tuple[Callable[[], object], str]] = [
    (lambda: SessionData(Frozen), "Frozen is frozen, so a handler cannot change it. Take frozen=True off the class."),
    (lambda: SessionData(FrozenModel), "FrozenModel is frozen, so"),
    *(
        (
            lambda wrong=wrong: SessionData(wrong),
            (
                "cannot be session data, because its values cannot be changed in place. Make it a field of a "
                "dataclass, a pydantic model or a TypedDict, or take a list or a dict; a parameter that may have no "
                "session is annotated Annotated[Form | None, FORM]."
            ),
        )
        for wrong in (int, str, tuple[int, ...], set, Pair, Stranger, Form | None, deque, None, Form(), 5)
    ),
    (lambda: SessionData(list[int]), 'SessionData(list[int]) has no name of its own. Give one: name="pizzas", for'),
    (lambda: SessionData(dict), "SessionData(dict) has no name of its own."),
    (lambda: SessionData(Form, name=""), "The name of session data is ''. Give a text"),
    (lambda: SessionData(Form, name=5), "The name of session data is 5."),  # type: ignore[arg-type]
    (
        lambda: SessionData(Form, initial=Form()),  # type: ignore[arg-type]
        (
            "The initial value of Form is one object for all sessions. Pass a function that makes a new one each time, "
            "like initial=lambda: Form(...)."
        ),
    ),
    (lambda: SessionData(Needy), "Needy cannot be made without arguments: TypeError("),
    (lambda: SessionData(Strict), "Strict as it is made anew cannot be kept: Strict was refused: its part item does"),
    (lambda: SessionData(Unkeepable), "Unkeepable as it is made anew cannot be kept: Unkeepable was refused: its part"),
    (lambda: SessionData(WithStranger), "WithStranger cannot be session data: Unable to generate pydantic-core schema"),
    (lambda: SessionData(Form, expires=timedelta()), "Form expires after datetime.timedelta(0). Pass a positive"),
    (lambda: SessionData(Form, expires=5), "Form expires after 5. Pass a positive timedelta."),  # type: ignore[arg-type]
    (lambda: SessionData(Form, outlives_close=1), "outlives_close of Form is no bool."),  # type: ignore[arg-type]
    (lambda: SessionData(Form, version=0), "The version of Form is 0. Count versions from 1: version=2."),
    (lambda: SessionData(Form, version="2"), "The version of Form is '2'."),  # type: ignore[arg-type]
    (lambda: SessionData(Form, version=True), "The version of Form is True."),
    (
        lambda: SessionData(Form, version=3, upgrades={1: step}),
        "Form has no upgrade from version 2 to 3. Add one to upgrades: {2: function}.",
    ),
    (lambda: SessionData(Form, upgrades={1: step}), "Form has an upgrade from version 1, but its version is 1."),
    (
        lambda: SessionData(Form, version=2, upgrades={1: step, "1": step}),  # type: ignore[dict-item]
        "Form has an upgrade from version '1', but its version is 2.",
    ),
    (
        lambda: SessionData(Form, version=2, upgrades={1: 5}),  # type: ignore[dict-item]
        "The upgrade of Form from version 1 is 5. Pass a function",
    ),
    (
        lambda: SessionData(Form, version=2, upgrades={1: later}),
        "The upgrade of Form from version 1 is an asynchronous function, and is not awaited. Pass a plain one that",
    ),
    (
        lambda: SessionData(Form, initial=later),  # type: ignore[arg-type]
        "The initial of Form is an asynchronous function, and is not awaited. Pass a plain one that returns a",
    ),
    (
        lambda: SessionData(Recent),
        (
            "Recent as it is made anew cannot be kept: Recent was refused: its part lines has the maxlen 3 and comes "
            "back with None; take a list, and cut it. Nothing was written. Change the value, or the type of its "
            "SessionData. Give that part another default, or pass initial=lambda: Recent(...)."
        ),
    ),
    (
        lambda: require_declared(SessionData(Form, name="tgslices:marks")),
        "Session data is called 'tgslices:marks'; names that begin so are the library's. Give another name.",
    ),
    (
        lambda: require_declared(Form),  # type: ignore[arg-type]
        "session.data(...) got the class Form. Declare it once, FORM = SessionData(Form), and pass FORM.",
    ),
]


@pytest.mark.parametrize(("declare", "text"), MISTAKES)
def test_a_mistake_is_told_at_the_declaration(declare: Callable[[], object], text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        declare()
    assert text in str(refused.value)


@dataclasses.dataclass(eq=False)
class Part:
    n: int = 0


@dataclasses.dataclass
class Sharing:
    part: Part = Part()  # noqa: RUF009  # which is what is shown


def test_sessions_do_not_share_a_default_of_the_class() -> None:
    declared = SessionData(Sharing)
    declared.value_of(None).part.n = 5
    assert declared.value_of(None).part.n == 0


@dataclasses.dataclass
class Basket(Generic[T]):
    items: list[T] = dataclasses.field(default_factory=list)


def test_a_dataclass_may_be_generic() -> None:
    declared = SessionData(Basket[int], name="basket")
    new = declared.value_of(None)
    new.items.append(5)
    stored = declared.stored(declared.coding.encode_surely(new), NOW)
    assert declared.value_of(stored) == Basket([5])
    assert not declared.coding.may_have_stray(declared.value_of(stored))


def test_an_initial_value_that_would_come_back_as_something_else_is_refused() -> None:
    declared: SessionData[dict[str, Any]] = SessionData(dict[str, Any], name="it", initial=lambda: {"a": float("nan")})
    with pytest.raises(DataRefused, match="its part a "):
        declared.value_of(None)
