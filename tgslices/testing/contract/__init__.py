"""The contract of a storage as tests: subclass, say how to open one and how to look behind it, and run pytest.

.. code-block:: python

    class TestMyStorage(SessionStorageContract):
        async def open_storage(self, place: Path) -> MyStorage:
            return MyStorage(place / "slices")

        async def raw_list(self, storage: MyStorage, key: SessionKey) -> list[TrackedMessage]:
            return [...]  # what lies in the file

        async def raw_count(self, storage: MyStorage) -> int:
            return ...  # how many keys, entries and pending deletions lie there
"""

import pytest

pytest.register_assert_rewrite(
    "tgslices.testing.contract.durable",
    "tgslices.testing.contract.durable_machine",
    "tgslices.testing.contract.entries",
    "tgslices.testing.contract.machine",
    "tgslices.testing.contract.pending",
)

from tgslices.testing.contract.durable import DurableStorageContract  # noqa: E402 - pytest must be told before
from tgslices.testing.contract.entries import SessionStorageContract  # noqa: E402

__all__ = ("DurableStorageContract", "SessionStorageContract")
