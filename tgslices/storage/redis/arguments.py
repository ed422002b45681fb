"""What a storage may be made with, checked where types cannot, or where nobody checks types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tgslices.errors import StorageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments of a storage but for its URL.

    Raises:
        StorageError: one of them cannot be used.
    """

    prefix: str
    timeout: timedelta

    def __post_init__(self) -> None:
        """Refuse what types would refuse."""
        if not isinstance(self.prefix, str):
            raise StorageError(
                f"prefix of a storage is no {type(self.prefix).__name__} but a text.",
                "Leave it out, or pass one like 'my_bot'.",
            )
        if not self.prefix or {"{", "}"} & {*self.prefix}:
            raise StorageError(
                f"The prefix of a storage is {self.prefix!r}, which makes no hash tag.",
                "Pass a prefix without braces that is not empty.",
            )
        if not isinstance(self.timeout, timedelta) or self.timeout <= timedelta(0):
            raise StorageError(
                f"The timeout of a storage is {self.timeout!r}, which is no length of time.",
                "Pass timedelta(seconds=5).",
            )
