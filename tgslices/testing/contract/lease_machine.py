"""Leases against the plain model, under random calls of few methods and a clock that steps."""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.contract.lifetime_machine import LifetimeMachine

_LEFT_OUT: Final = (
    *("add", "remove", "clear", "list_one", "close", "unsubscribe", "record", "record_for_an_open_key", "is_held"),
    *("claim", "discard", "settle", "sweep", "lease_ends", "postpone_end", "settle_end"),
)


class LeaseMachine(LifetimeMachine):
    """Makes the calls after which something is due at another time, and no others, so that they come often."""


for _name in _LEFT_OUT:
    _no_rule: Any = None
    setattr(LeaseMachine, _name, _no_rule)
