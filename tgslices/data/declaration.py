"""How a bot's author declares a fragment of session data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError

from tgslices.data.coding import Coding, Upgrade
from tgslices.data.comparing import share
from tgslices.data.shapes import has_own_name, maker_of, named, require_changeable, whole_name_of
from tgslices.data.strays import looking_for_strays
from tgslices.errors import ConfigurationError, DataRefused, quoted
from tgslices.event_loop.async_callables import is_async
from tgslices.storage.data_protocol import StoredData

T = TypeVar("T")

RESERVED: Final = "tgslices:"
"""How the names of what the library itself keeps as data of a session begin."""


class SessionData(Generic[T]):
    """One declared piece of data, kept under the key of each session that uses it.

    Declare it once, in a module; then annotate a handler's parameter with it, or pass it to
    :meth:`Session.data <tgslices.Session.data>`.
    """

    def __init__(
        self,
        type: type[T],  # noqa: A002  # what it is called everywhere else
        *,
        name: str | None = None,
        initial: Callable[[], T] | None = None,
        version: int = 1,
        upgrades: Mapping[int, Upgrade] | None = None,
        expires: timedelta | None = None,
        outlives_close: bool = False,
    ) -> None:
        """Declare a fragment.

        ``type``: a pydantic model, dataclass, TypedDict, list or dict. ``name``: tells the fragments of a session from
        each other; by default the type's name. ``initial``: makes a new value where none is stored; by default the type
        called without arguments. ``version`` and ``upgrades``: ``upgrades[n]`` takes a plain JSON value of version
        ``n`` and returns one of version ``n + 1``. ``expires``: how long after the last write the data is forgotten.
        ``outlives_close``: whether the data stays when its session is closed.

        Raises:
            ConfigurationError: an argument is none of what it must be, or the type cannot be kept.
        """
        require_changeable(type)
        self.name = _name_of(type) if name is None else name
        if not isinstance(self.name, str) or not self.name:
            raise ConfigurationError(f"The name of session data is {name!r}.", 'Give a text: name="orders".')
        self.type = type
        self.initial: Callable[[], T] = maker_of(type) if initial is None else initial
        self._makes_new = False
        self.version = version
        self.expires = expires
        self.outlives_close = outlives_close
        self._require_kinds()
        steps = _checked(self.name, version, upgrades)
        self.coding: Coding[T] = Coding(self.name, _adapter_of(type), version, steps, looking_for_strays(type))
        if initial is None:
            self._try_initial()
            self._makes_new = not share(self.initial(), self.initial())

    def __repr__(self) -> str:
        return f"SessionData({named(self.type)}, name={self.name!r})"

    def stored(self, text: str, at: datetime) -> StoredData:
        """Return what a storage keeps of a value that is written now."""
        expires_at = None if self.expires is None else at + self.expires
        return StoredData(text, self.version, at, expires_at, self.outlives_close)

    def value_of(self, stored: StoredData | None) -> T:
        """Return the value of what is stored; a new one, which nobody else has, where nothing is.

        Raises:
            DataRefused: what is stored does not fit the type, or a new value cannot be kept.
        """
        if stored is not None:
            return self.coding.decode(stored)
        return self.initial() if self._makes_new else self.coding.copy(self.initial())

    def _require_kinds(self) -> None:
        if not callable(self.initial):
            raise ConfigurationError(
                f"The initial value of {self.name} is one object for all sessions.",
                "Pass a function that makes a new one each time, like initial=lambda: Form(...).",
            )
        _require_plain(self.initial, f"initial of {self.name}", "a new value")
        if self.expires is not None and (not isinstance(self.expires, timedelta) or self.expires <= timedelta()):
            raise ConfigurationError(f"{self.name} expires after {self.expires!r}.", "Pass a positive timedelta.")
        if not isinstance(self.outlives_close, bool):
            raise ConfigurationError(f"outlives_close of {self.name} is no bool.", "Pass True or False.")

    def _try_initial(self) -> None:
        way_out = f"or pass initial=lambda: {named(self.type)}(...)."
        try:
            self.coding.encode_surely(self.initial())
        except DataRefused as error:
            raise ConfigurationError(
                f"{named(self.type)} as it is made anew cannot be kept: {error}",
                f"Give that part another default, {way_out}",
            ) from error
        except Exception as error:
            raise ConfigurationError(
                f"{named(self.type)} cannot be made without arguments: {error!r}.",
                f"Give every field a default, {way_out}",
            ) from error


def require_one_type(one: SessionData[Any], other: SessionData[Any]) -> None:
    """Refuse two types under one name of one session: each would take the other's data for its own.

    Raises:
        ConfigurationError: it names both types.
    """
    if one.type != other.type:
        raise ConfigurationError(
            f"Two types of session data have one name, {one.name!r}, in one session: "
            f"{whole_name_of(one.type)} and {whole_name_of(other.type)}.",
            'Give one of them another name, SessionData(Form, name="..."), or another SessionQualifier.',
        )


def require_declared(fragment: SessionData[T]) -> SessionData[T]:
    """Return a fragment if it is one.

    Raises:
        ConfigurationError: it is a type, or something else that is not declared.
    """
    if not isinstance(fragment, SessionData):
        raise ConfigurationError(
            f"session.data(...) got {quoted(fragment)}.", "Declare it once, FORM = SessionData(Form), and pass FORM."
        )
    if fragment.name.startswith(RESERVED):
        raise ConfigurationError(
            f"Session data is called {fragment.name!r}; names that begin so are the library's.", "Give another name."
        )
    return fragment


def _name_of(annotation: Any) -> str:
    if not has_own_name(annotation):
        raise ConfigurationError(
            f"SessionData({named(annotation)}) has no name of its own.", 'Give one: name="pizzas", for example.'
        )
    name: str = annotation.__name__
    return name


def _adapter_of(annotation: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(annotation)
    except PydanticUserError as error:
        remedy = "Use types that pydantic can write as JSON and read again."
        if error.code == "typed-dict-version":
            remedy = "Import TypedDict from typing_extensions, which Python 3.11 needs here."
        raise ConfigurationError(f"{named(annotation)} cannot be session data: {error.message}.", remedy) from error
    except (NameError, TypeError) as error:
        raise ConfigurationError(
            f"{named(annotation)} cannot be session data: {error}.", "Define what it names before SessionData(...)."
        ) from error


def _checked(name: str, version: object, upgrades: Mapping[int, Upgrade] | None) -> Mapping[int, Upgrade]:
    """Return the upgrades if there is one for each step from the first version to the present one."""
    if type(version) is not int or version < 1:
        raise ConfigurationError(f"The version of {name} is {version!r}.", "Count versions from 1: version=2.")
    given = dict(upgrades or {})
    if missing := [step for step in range(1, version) if step not in given]:
        raise ConfigurationError(
            f"{name} has no upgrade from version {missing[0]} to {missing[0] + 1}.",
            f"Add one to upgrades: {{{missing[0]}: function}}.",
        )
    for step, upgrade in given.items():
        if type(step) is not int or not 1 <= step < version:
            raise ConfigurationError(
                f"{name} has an upgrade from version {step!r}, but its version is {version}.",
                "Each upgrade leads from its number to the next; raise version=, or take it out.",
            )
        if not callable(upgrade):
            raise ConfigurationError(
                f"The upgrade of {name} from version {step} is {upgrade!r}.",
                "Pass a function from the plain JSON value of one version to that of the next.",
            )
        _require_plain(upgrade, f"upgrade of {name} from version {step}", "the JSON value of the next one")
    return given


def _require_plain(function: object, what: str, returned: str) -> None:
    if is_async(function):
        raise ConfigurationError(
            f"The {what} is an asynchronous function, and is not awaited.", f"Pass a plain one that returns {returned}."
        )
