"""Values come back equal from JSON, or are refused with the path."""

from __future__ import annotations

import dataclasses
import enum
import uuid
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from tgslices import DataRefused, DataTooNew, SessionData
from tgslices.storage.data_protocol import StoredData

NOW = datetime(2026, 7, 1, tzinfo=UTC)


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Heat(enum.StrEnum):
    HOT = "hot"


@dataclasses.dataclass
class Item:
    name: str = ""
    price: Decimal = Decimal(0)


@dataclasses.dataclass
class Everything:
    flag: bool = False
    count: int = 0
    weight: float = 0.0
    text: str = ""
    raw: bytes = b""
    size: Size = Size.SMALL
    at: datetime | None = None
    day: date | None = None
    wait: timedelta = timedelta()
    number: uuid.UUID | None = None
    items: list[Item] = dataclasses.field(default_factory=list)
    pair: tuple[int, str] = (0, "")
    kinds: set[int] = dataclasses.field(default_factory=set)
    by_number: dict[int, Item] = dataclasses.field(default_factory=dict)
    anything: Any = None
    moment: time | None = None
    recent: deque[str] = dataclasses.field(default_factory=deque)
    found: defaultdict[str, int] = dataclasses.field(default_factory=lambda: defaultdict(int))


EVERYTHING = SessionData(Everything)
items = st.builds(Item, st.text(), st.decimals(allow_nan=False, allow_infinity=False))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
strange = st.sampled_from([{1}, (1, 2), {1: 2}, {(1, 2): 3}, object(), b"\xff", NOW, Decimal(1), Size.SMALL, Item()])
everything = st.builds(
    Everything,
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(max_size=3),
    st.sampled_from(Size),
    st.none() | st.datetimes(timezones=st.sampled_from([UTC])),
    st.none() | st.dates(),
    st.timedeltas(),
    st.none() | st.uuids(),
    st.lists(items, max_size=3),
    st.tuples(st.integers(), st.text()),
    st.sets(st.integers(), max_size=3),
    st.dictionaries(st.integers(), items, max_size=3),
    plain | strange,
)


@given(everything)
def test_a_value_comes_back_equal_or_is_refused_with_its_path(value: Everything) -> None:
    before = dataclasses.replace(value)
    try:
        text = EVERYTHING.coding.encode_surely(value)
    except DataRefused as refused:
        path = refused.path
    else:
        back = EVERYTHING.coding.decode(EVERYTHING.stored(text, NOW))
        assert back == value == before
        assert type(back.flag) is bool
        assert type(back.count) is int
        assert back.at is None or back.at.tzinfo is not None
        return
    assert path.split(".")[0].split("[")[0] in {field.name for field in dataclasses.fields(Everything)}


class Aliased(BaseModel):
    item: str = Field("", alias="theItem")


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Hidden(BaseModel):
    secret: str = Field("", exclude=True)
    name: str = ""


@dataclasses.dataclass(slots=True)
class Slotted:
    item: str = ""


@pytest.mark.parametrize(
    "value", [Aliased(theItem="x"), Open.model_validate({"more": [1]}), Slotted("x"), Hidden(name="x"), Item("a\0b")]
)
def test_models_and_classes_of_any_make_come_back(value: Any) -> None:
    declared = SessionData(type(value))
    back = declared.coding.decode(declared.stored(declared.coding.encode_surely(value), NOW))
    assert back == value
    assert type(back) is type(value)


def misspelled() -> Item:
    item = Item()
    item.nmae = "pizza"  # type: ignore[attr-defined]
    return item


def circular() -> Everything:
    value = Everything()
    value.anything = [value]
    return value


class Sub(Item):
    pass


class Meal(TypedDict, total=False):
    item: str


REFUSED: list[tuple[object, str, str]] = [
    (Everything(weight=float("nan")), "weight", "does not fit the type (Input should be a valid number)"),
    (Everything(weight=float("inf")), "weight", "does not fit the type (Input should be a valid number)"),
    (Everything(anything=float("nan")), "anything", "is of the type float and comes back as None"),
    (Everything(anything=[0, {"a": float("inf")}]), "anything[1].a", "is of the type float and comes back as None"),
    (Everything(anything={1, 2}), "anything", "is of the type set and comes back as list"),
    (Everything(anything=[(1, 2)]), "anything[0]", "is of the type tuple and comes back as list"),
    (Everything(anything={(1, 2): 3}), "anything.(1, 2)", "is under a key of the type tuple, which does not come back"),
    (Everything(anything={1: 2}), "anything[1]", "is under a key of the type int, which does not come back"),
    (Everything(anything=NOW), "anything", "is of the type datetime and comes back as str"),
    (Everything(anything=defaultdict(int)), "anything", "is of the type defaultdict and comes back as dict"),
    (Everything(anything=OrderedDict()), "anything", "is of the type OrderedDict and comes back as dict"),
    (Everything(at=NOW.replace(fold=1)), "at", "comes back without its fold"),
    (Everything(moment=time(9, tzinfo=ZoneInfo("Europe/Berlin"))), "moment", "comes back without its time zone"),
    (Everything(recent=deque("ab", maxlen=2)), "recent", "has the maxlen 2 and comes back with None"),
    (Everything(found=defaultdict(lambda: 5)), "found", "comes back with another default_factory"),
    (Everything(anything=[{"who": object()}]), "anything[0].who", "has no JSON (Unable to serialize unknown type"),
    (Everything(raw=b"\xff"), "raw", "has no JSON (Error serializing to JSON: invalid utf-8"),
    (Everything(text="\ud800"), "text", "has no JSON ("),
    (circular(), "anything[0]", "has no JSON (Error serializing to JSON: ValueError: Circular reference"),
    (Everything(count="5"), "count", "does not fit the type (Input should be a valid integer)"),  # type: ignore[arg-type]
    (Everything(count=True), "count", "is of the type bool and comes back as int"),
    (Everything(items=[Item(), Sub()]), "items[1]", "is of the type Sub and comes back as Item"),
    (Everything(items=(Item(),)), "items", "is of the type tuple and comes back as list"),  # type: ignore[arg-type]
    (misspelled(), "nmae", "is no field of Item"),
    ({"item": "x", "itme": "y"}, "itme", "is under a key that its type does not have"),
    (Hidden(secret="x"), "secret", "comes back as another str"),
]


@pytest.mark.parametrize(("value", "path", "why"), REFUSED)
def test_what_would_change_silently_is_refused_with_its_path(value: object, path: str, why: str) -> None:
    declared: SessionData[Any] = SessionData(Meal if isinstance(value, dict) else type(value))
    with pytest.raises(DataRefused) as refused:
        declared.coding.encode_surely(value)
    assert refused.value.path == path
    assert why in refused.value.why
    assert str(refused.value).startswith(f"{declared.name} was refused: its part {path} ")


def renamed(value: Any) -> Any:
    value["item"] = value.pop("thing")
    return value


def wrapped(value: Any) -> Any:
    return {"item": [value["item"]]}


@dataclasses.dataclass
class Third:
    item: list[str] = dataclasses.field(default_factory=list)


@pytest.mark.parametrize(
    "value",
    [
        Everything(text=Heat.HOT),
        Everything(items=[Item(Heat.HOT)]),
        Everything(recent=deque([Heat.HOT])),
        Everything(found=defaultdict(int, {Heat.HOT: 1})),
        Everything(anything=[Heat.HOT]),
    ],
)
def test_a_member_of_an_enum_of_texts_may_stand_for_its_text(value: Everything) -> None:
    back = EVERYTHING.coding.decode(EVERYTHING.stored(EVERYTHING.coding.encode_surely(value), NOW))
    assert back == value


def test_versions_are_upgraded_one_after_the_other_in_the_order_of_whole_numbers() -> None:
    ran: list[int] = []

    def step(number: int) -> Any:
        def upgrade(value: Any) -> Any:
            ran.append(number)
            return {"item": [*value["item"], str(number)]}

        return upgrade

    declared = SessionData(Third, version=12, upgrades={number: step(number) for number in reversed(range(1, 12))})
    assert declared.value_of(StoredData('{"item":["a"]}', 9, NOW)) == Third(["a", "9", "10", "11"])
    assert ran == [9, 10, 11]


def test_an_upgrade_may_change_everything() -> None:
    declared = SessionData(Third, version=3, upgrades={1: renamed, 2: wrapped})
    assert declared.value_of(StoredData('{"thing":"a"}', 1, NOW)) == Third(["a"])
    assert declared.value_of(StoredData('{"item":"a"}', 2, NOW)) == Third(["a"])
    assert declared.value_of(StoredData('{"item":["a"]}', 3, NOW)) == Third(["a"])


@pytest.mark.parametrize(
    ("text", "version", "why"),
    [
        ('{"item":5}', 3, "its part item does not fit the type (Input should be a valid array)."),
        ("{", 3, "it does not fit the type (Invalid JSON: EOF while parsing an object at line 1 column 1)."),
        ("{", 1, "it cannot be upgraded from version 1 (JSONDecodeError("),
        ('{"wrong":1}', 1, "it cannot be upgraded from version 1 (KeyError('thing'))."),
        ('{"item":null}', 2, "its part item[0] does not fit the type (Input should be a valid string)."),
    ],
)
def test_what_does_not_fit_any_more_is_refused_and_named(text: str, version: int, why: str) -> None:
    declared = SessionData(Third, version=3, upgrades={1: renamed, 2: wrapped})
    with pytest.raises(DataRefused) as refused:
        declared.value_of(StoredData(text, version, NOW))
    told = str(refused.value)
    assert told.startswith(f"What is stored as Third was refused: {why}")
    assert told.endswith(
        " It stays as it is. Raise the version of its SessionData and give an upgrade, or write another value."
    )


def test_an_upgrade_that_forgets_to_return_is_told_so() -> None:
    declared: SessionData[dict[str, Any]] = SessionData(
        dict[str, Any], name="it", version=2, upgrades={1: lambda value: value.update(b=1)}
    )
    with pytest.raises(DataRefused) as refused:
        declared.value_of(StoredData('{"a":1}', 1, NOW))
    assert refused.value.why == (
        "cannot be upgraded from version 1 (TypeError('it returned None: let it return the value'))"
    )


def test_data_of_a_newer_version_is_refused() -> None:
    with pytest.raises(DataTooNew) as refused:
        SessionData(Item).value_of(StoredData("{}", 2, NOW))
    assert (refused.value.stored, refused.value.known) == (2, 1)


@given(st.lists(st.sampled_from(["add", "rename", "wrap"]), max_size=6), st.data())
def test_random_upgrades_do_what_a_plain_loop_does(steps: list[str], data: st.DataObject) -> None:
    functions: dict[str, Callable[[Any], Any]] = {
        "add": lambda value: {**value, str(len(value)): len(value)},
        "rename": lambda value: {f"{key}x": part for key, part in value.items()},
        "wrap": lambda value: {"w": value},
    }
    upgrades = {number: functions[name] for number, name in enumerate(steps, 1)}
    declared: SessionData[dict[str, Any]] = SessionData(
        dict[str, Any], name="it", version=len(steps) + 1, upgrades=upgrades
    )
    begin = data.draw(st.integers(1, len(steps) + 1))
    expected: Any = {"a": 1}
    for name in steps[begin - 1 :]:
        expected = functions[name](expected)
    assert declared.value_of(StoredData('{"a":1}', begin, NOW)) == expected
