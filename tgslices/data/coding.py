"""Values to JSON text and back, by pydantic. What would come back as something else is refused, with the path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from tgslices.data.comparing import difference, spelled, without_json
from tgslices.data.strays import Look
from tgslices.errors import DataRefused, DataTooNew
from tgslices.storage.data_protocol import StoredData

T = TypeVar("T")

Upgrade = Callable[[Any], Any]
"""From the plain JSON value of one version to that of the next."""


@dataclass(frozen=True, slots=True)
class Coding(Generic[T]):
    """How the values of one fragment are written and read."""

    name: str
    adapter: TypeAdapter[T]
    version: int
    upgrades: Mapping[int, Upgrade]
    may_have_stray: Look

    def encode(self, value: T) -> str:
        """Return the JSON text of a value; equal texts mean that nothing has changed.

        Raises:
            DataRefused: a part of the value has no JSON.
        """
        try:
            return self.adapter.dump_json(value, by_alias=True, round_trip=True, warnings=False).decode()
        except (PydanticSerializationError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise DataRefused(self.name, spelled(without_json(value)), f"has no JSON ({error})") from error

    def encode_surely(self, value: T) -> str:
        """Return the JSON text of a value that comes back as it is. Raises what its two parts raise."""
        text = self.encode(value)
        self.require_return(value, text)
        return text

    def require_return(self, value: T, text: str) -> T:
        """Read a text that was written, compare, and return what was read.

        Raises:
            DataRefused: a part of the value would come back as something else.
        """
        back = self._read(text, is_stored=False)
        found = difference(value, back)
        if found is not None:
            raise DataRefused(self.name, spelled(found.path), found.why)
        return back

    def require_unchanged(self, value: T, text: str) -> None:
        """Refuse a change that an equal text hides: an attribute that is no field, or a NaN where None was.

        It costs next to nothing where the text has no null.

        Raises:
            DataRefused: a part of the value would come back as something else.
        """
        if self.may_have_stray(value) or ("null" in text and self._read(text, is_stored=False) != value):
            self.require_return(value, text)

    def decode(self, stored: StoredData) -> T:
        """Return the value of what is stored, upgraded to the present version.

        Raises:
            DataTooNew: a newer version of the code has written it.
            DataRefused: it does not fit the type, or an upgrade failed.
        """
        if stored.version == self.version:
            return self._read(stored.text)
        if stored.version > self.version:
            raise DataTooNew(self.name, stored.version, self.version)
        return self._read(self._upgraded(stored))

    def copy(self, value: T) -> T:
        """Return a value that equals another one and shares nothing with it. Raises what its two parts raise."""
        return self.require_return(value, self.encode(value))

    def _read(self, text: str, *, is_stored: bool = True) -> T:
        try:
            return self.adapter.validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            why = f"does not fit the type ({first['msg']})"
            raise DataRefused(self.name, spelled(first["loc"]), why, is_stored=is_stored) from error

    def _upgraded(self, stored: StoredData) -> str:
        step = stored.version
        try:
            value = json.loads(stored.text)
            for step in range(stored.version, self.version):
                value = self.upgrades[step](value)
                if value is None:
                    raise TypeError("it returned None: let it return the value")  # noqa: TRY301  # as what it raises
            return json.dumps(value, allow_nan=False)
        except Exception as error:
            why = f"cannot be upgraded from version {step} ({error!r})"
            raise DataRefused(self.name, "", why, is_stored=True) from error
