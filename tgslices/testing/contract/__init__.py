"""The contract of a storage as tests: subclass, say how to open one and how to look behind it, and run pytest.

.. code-block:: python

    class TestMyStorage(SessionStorageContract):
        async def open_storage(self, place: Path) -> MyStorage:
            return MyStorage(place / "slices")

        async def raw_list(self, storage: MyStorage, key: SessionKey) -> list[TrackedMessage]:
            return [...]  # what lies in the file

        async def raw_count(self, storage: MyStorage) -> int:
            return ...  # how many keys, entries, pending deletions and known messages lie there

Session data is a contract of its own, :class:`DataStorageContract`. :class:`DurableStorageContract` has all of them.
"""

import pytest

pytest.register_assert_rewrite(
    "tgslices.testing.contract.buttons",
    "tgslices.testing.contract.data",
    "tgslices.testing.contract.data_holds",
    "tgslices.testing.contract.data_machine",
    "tgslices.testing.contract.data_upkeep",
    "tgslices.testing.contract.data_writes",
    "tgslices.testing.contract.discards",
    "tgslices.testing.contract.durable",
    "tgslices.testing.contract.durable_machine",
    "tgslices.testing.contract.durable_model",
    "tgslices.testing.contract.entries",
    "tgslices.testing.contract.machine",
    "tgslices.testing.contract.migration",
    "tgslices.testing.contract.opening",
    "tgslices.testing.contract.pending",
    "tgslices.testing.contract.recording",
    "tgslices.testing.contract.repeats",
    "tgslices.testing.contract.sharing",
    "tgslices.testing.contract.upkeep",
)

from tgslices.testing.contract.data import DataStorageContract  # noqa: E402 - pytest must be told before
from tgslices.testing.contract.durable import DurableStorageContract  # noqa: E402 - pytest must be told before
from tgslices.testing.contract.entries import SessionStorageContract  # noqa: E402

__all__ = ("DataStorageContract", "DurableStorageContract", "SessionStorageContract")
