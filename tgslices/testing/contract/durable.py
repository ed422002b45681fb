"""The whole durable protocol as tests, those of the four methods included."""

from __future__ import annotations

from typing import ClassVar

from tgslices.testing.contract.buttons import ButtonsContract
from tgslices.testing.contract.data import DurableDataContract
from tgslices.testing.contract.discards import DiscardContract
from tgslices.testing.contract.erasing import ErasingContract
from tgslices.testing.contract.holding import HoldingContract
from tgslices.testing.contract.lifetime_machine import LifetimeMachine
from tgslices.testing.contract.lifetimes import LifetimeContract
from tgslices.testing.contract.listing import ListingContract
from tgslices.testing.contract.machine import EntriesMachine
from tgslices.testing.contract.migration import MigrationContract
from tgslices.testing.contract.opening import OpeningContract
from tgslices.testing.contract.pending import PendingDeletionContract
from tgslices.testing.contract.pending_pages import PendingPagesContract
from tgslices.testing.contract.recording import RecordingContract
from tgslices.testing.contract.repeats import RepeatsContract
from tgslices.testing.contract.sharing import SharingContract


class DurableStorageContract(
    OpeningContract,
    RecordingContract,
    RepeatsContract,
    DiscardContract,
    HoldingContract,
    ButtonsContract,
    MigrationContract,
    PendingDeletionContract,
    PendingPagesContract,
    LifetimeContract,
    ListingContract,
    ErasingContract,
    SharingContract,
    DurableDataContract,
):
    """Tests of the whole durable protocol."""

    machine: ClassVar[type[EntriesMachine]] = LifetimeMachine
